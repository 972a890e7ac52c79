//! Changing running: prepare, begin, finish or abort.

use super::files::{snapshot_name, write_tree};
use super::journal::{self, ConfirmStep, Journal, MAX_PAYLOAD, Record};
use super::{BootTime, Confirm, Datastore, SessionId, Store, StoreError};
use crate::codec::write_edit_xml;
use crate::diff::{Change, diff};
use crate::tree::Tree;
use daybreak_netconf::error::RpcError;

/// Checks a new configuration, given the old one and what is different.
pub type Validate<'a> = &'a dyn Fn(&Tree, &Tree, &[Change]) -> Result<(), Vec<RpcError>>;

/// A `<commit>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRequest {
    /// Who asks.
    pub session: SessionId,
    /// A confirmed commit.
    pub confirm: Option<ConfirmRequest>,
    /// `<persist-id>`.
    pub persist_id: Option<String>,
}

/// `<confirmed/>` with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmRequest {
    /// When running goes back unless the commit is confirmed.
    pub deadline: BootTime,
    /// `<persist>`.
    pub persist: Option<String>,
}

/// A change of running that was checked and not carried out.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Running as it is.
    pub old: Tree,
    /// Running as it will be.
    pub new: Tree,
    /// What is different.
    pub changes: Vec<Change>,
    session: SessionId,
    step: ConfirmStep,
    sequence: u64,
}

impl Store {
    /// Prepares to make running what the candidate is.
    ///
    /// # Errors
    /// `in-use` when another session has a lock or waits for a confirmation, `invalid-value` for a wrong persist id, and
    /// what `validate` finds.
    pub fn prepare_commit(
        &self,
        request: &CommitRequest,
        validate: Validate<'_>,
    ) -> Result<Prepared, StoreError> {
        self.locks.check(Datastore::Candidate, request.session)?;
        self.check_confirmation(request.session, request.persist_id.as_deref())?;
        let step = match &request.confirm {
            Some(confirm) => ConfirmStep::Wait(Confirm {
                deadline: confirm.deadline,
                session: request.session,
                persist: confirm.persist.clone(),
            }),
            None if self.waiting.is_some() => ConfirmStep::End,
            None => ConfirmStep::Keep,
        };
        self.prepare(request.session, self.candidate.clone(), step, validate)
    }

    /// Prepares to make running what was made by an edit of running or by `copy-config`.
    ///
    /// # Errors
    /// As [`Self::prepare_commit`].
    pub fn prepare_running(
        &self,
        session: SessionId,
        new: Tree,
        validate: Validate<'_>,
    ) -> Result<Prepared, StoreError> {
        self.check_confirmation(session, None)?;
        self.prepare(session, new, ConfirmStep::Keep, validate)
    }

    /// Prepares to go back to what running was before the confirmed commit: `<cancel-commit>` with a session, or without
    /// one the deadline has passed or the session has ended.
    ///
    /// # Errors
    /// [`StoreError::NothingToConfirm`], [`StoreError::WrongPersistId`], [`StoreError::ConfirmOfOther`]. What running was
    /// is valid.
    pub fn prepare_rollback(&self, by: Option<(SessionId, Option<&str>)>) -> Result<Prepared, StoreError> {
        let Some((_, backup)) = &self.waiting else { return Err(StoreError::NothingToConfirm) };
        let session = match by {
            Some((session, persist_id)) => {
                self.check_confirmation(session, persist_id)?;
                session
            }
            None => SessionId(0),
        };
        Ok(self.prepared(session, backup.clone(), ConfirmStep::End))
    }

    /// Writes down that running is about to change. From here on [`Self::finish`] or [`Self::abort`] must follow; after a
    /// crash the intent counts as aborted.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another transaction was begun, or running has changed since `prepared` was made;
    /// [`StoreError::Io`] if the journal cannot be written.
    pub fn begin(&mut self, prepared: &mut Prepared) -> Result<(), StoreError> {
        if self.begun.is_some() || !prepared.old.ptr_eq(&self.running) {
            return Err(StoreError::Busy);
        }
        if self.journal.wants_compaction() {
            self.compact()?;
        }
        let sequence = self.sequence + 1;
        let mut edit = String::new();
        let written = write_edit_xml(&mut edit, &prepared.old, &prepared.new, &prepared.changes, None);
        // Writing to a string does not fail; an edit that cannot be written goes into a snapshot like one that is too large.
        let change = if written.is_ok() && edit.len() <= MAX_PAYLOAD {
            journal::Change::Edit(edit)
        } else {
            let name = snapshot_name(sequence, "new");
            write_tree(&self.journal.folder().join(&name), &prepared.new, None)?;
            journal::Change::Snapshot(name)
        };
        let record =
            Record::Intent { sequence, session: prepared.session, change, confirm: prepared.step.clone() };
        self.journal.append(&record, false)?;
        (self.sequence, self.begun, prepared.sequence) = (sequence, Some(sequence), sequence);
        Ok(())
    }

    /// Makes the change that was begun the running configuration, durably.
    ///
    /// # Errors
    /// [`StoreError::Io`]: running has changed, but a crash of the daemon would take it back. Tell the operator.
    pub fn finish(&mut self, prepared: Prepared) -> Result<(), StoreError> {
        if self.begun != Some(prepared.sequence) {
            return Err(StoreError::Busy);
        }
        self.begun = None;
        match prepared.step {
            ConfirmStep::Keep => {}
            // An extension keeps what the first one goes back to.
            ConfirmStep::Wait(confirm) => match &mut self.waiting {
                Some((waiting, _)) => *waiting = confirm,
                none => *none = Some((confirm, prepared.old.clone())),
            },
            ConfirmStep::End => self.waiting = None,
        }
        if self.candidate == self.running || self.candidate == prepared.new {
            self.candidate = prepared.new.clone();
        }
        self.running = prepared.new;
        self.journal.append(&Record::Commit { sequence: prepared.sequence }, true)
    }

    /// Leaves running as it is.
    ///
    /// # Errors
    /// [`StoreError::Io`]: nothing has changed, and a crash would not change that.
    pub fn abort(&mut self, prepared: &Prepared) -> Result<(), StoreError> {
        if self.begun != Some(prepared.sequence) {
            return Err(StoreError::Busy);
        }
        self.begun = None;
        self.journal.append(&Record::Abort { sequence: prepared.sequence }, false)
    }

    /// Starts the journal anew; costs what running holds. Done by [`Self::begin`] when the journal has grown to 16 MiB, and
    /// may be done at any quiet moment before.
    ///
    /// # Errors
    /// [`StoreError::Busy`] inside a transaction, [`StoreError::Io`] if it cannot be written; the old journal holds on.
    pub fn compact(&mut self) -> Result<(), StoreError> {
        if self.begun.is_some() {
            return Err(StoreError::Busy);
        }
        self.journal = start_journal(
            &self.paths.state,
            &self.boot_id,
            self.sequence,
            &self.running,
            self.waiting.as_ref(),
        )?;
        Ok(())
    }

    /// Whether a session may change running while a confirmed commit waits (RFC 6241 §8.4.1).
    fn check_confirmation(&self, session: SessionId, persist_id: Option<&str>) -> Result<(), StoreError> {
        match (self.waiting(), persist_id) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(StoreError::NothingToConfirm),
            (Some(confirm), persist_id) => match (confirm.persist.as_deref(), persist_id) {
                (Some(expected), Some(given)) if expected == given => Ok(()),
                (_, Some(_)) => Err(StoreError::WrongPersistId),
                (None, None) if confirm.session == session => Ok(()),
                (_, None) => Err(StoreError::ConfirmOfOther),
            },
        }
    }

    fn prepare(
        &self,
        session: SessionId,
        new: Tree,
        step: ConfirmStep,
        validate: Validate<'_>,
    ) -> Result<Prepared, StoreError> {
        self.locks.check(Datastore::Running, session)?;
        let prepared = self.prepared(session, new, step);
        validate(&prepared.old, &prepared.new, &prepared.changes).map_err(StoreError::Invalid)?;
        Ok(prepared)
    }

    fn prepared(&self, session: SessionId, new: Tree, step: ConfirmStep) -> Prepared {
        let old = self.running.clone();
        let changes = diff(&old, &new);
        Prepared { old, new, changes, session, step, sequence: 0 }
    }
}

/// Writes snapshots and a journal that builds on them.
pub(super) fn start_journal(
    folder: &std::path::Path,
    boot_id: &str,
    sequence: u64,
    running: &Tree,
    waiting: Option<&(Confirm, Tree)>,
) -> Result<Journal, StoreError> {
    // The old journal names other files: a name is never used for two contents.
    let fresh = |what: &str| {
        let names = (0_u32..).map(|number| snapshot_name(sequence, &format!("{what}-{number}")));
        names.into_iter().find(|name| !folder.join(name).exists()).unwrap_or_default()
    };
    let running_name = fresh("running");
    write_tree(&folder.join(&running_name), running, None)?;
    let waiting = match waiting {
        None => None,
        Some((confirm, backup)) => {
            let name = fresh("backup");
            write_tree(&folder.join(&name), backup, None)?;
            Some((confirm.clone(), name))
        }
    };
    let base = Record::Base {
        boot_id: boot_id.to_owned(),
        sequence,
        running: running_name.clone(),
        waiting: waiting.clone(),
    };
    let journal = Journal::create(folder, &base)?;
    let mut keep = vec![running_name.as_str()];
    keep.extend(waiting.iter().map(|(_, name)| name.as_str()));
    Journal::remove_other_snapshots(folder, &keep);
    Ok(journal)
}
