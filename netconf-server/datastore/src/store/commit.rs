//! Changing running: prepare, begin, finish or abort.

use super::due::{Compaction, Due, Work};
use super::journal::{ConfirmStep, Record};
use super::{BootTime, Confirm, Datastore, SessionId, Store, StoreError};
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
    pub(super) session: SessionId,
    pub(super) step: ConfirmStep,
    pub(super) sequence: u64,
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

    /// Begins a change of running; what is due writes its intent down, and nothing may be carried out before that is done.
    /// From here on [`Self::finish`] or [`Self::abort`] must follow; after a crash the intent counts as aborted.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another transaction was begun, or running has changed since `prepared` was made.
    pub fn begin(&mut self, prepared: &mut Prepared) -> Result<Due, StoreError> {
        if self.begun.is_some() || !prepared.old.ptr_eq(&self.running) {
            return Err(StoreError::Busy);
        }
        let compaction = self.compaction();
        self.sequence += 1;
        (self.begun, prepared.sequence) = (Some(self.sequence), self.sequence);
        let work = Work::Intent { compaction, prepared: Box::new(prepared.clone()) };
        Ok(Due::new(&self.journal, work))
    }

    /// What makes a change durable that was carried out, to be done before [`Self::finish`] lets it be seen.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if it was not begun.
    pub fn conclude(&self, prepared: &Prepared) -> Result<Due, StoreError> {
        self.check_begun(prepared)?;
        Ok(Due::new(
            &self.journal,
            Work::Append { record: Record::Commit { sequence: prepared.sequence }, durable: true },
        ))
    }

    /// Makes the change that was begun, and concluded, the running configuration.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if it was not begun.
    pub fn finish(&mut self, prepared: Prepared) -> Result<(), StoreError> {
        self.check_begun(&prepared)?;
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
        Ok(())
    }

    /// Makes the change that was begun the running configuration although its intent could not be written down: for a way
    /// back that must not wait for the disk. The journal knows nothing of it and leads to where running was, until the next
    /// transaction or [`Self::compact`] starts it anew.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if it was not begun.
    pub fn finish_unwritten(&mut self, prepared: Prepared) -> Result<(), StoreError> {
        self.finish(prepared)?;
        self.journal.lock().outdate();
        Ok(())
    }

    /// Leaves running as it is. What is due tells the journal; if that fails nothing has changed, and a crash would not
    /// change that.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if it was not begun.
    pub fn abort(&mut self, prepared: &Prepared) -> Result<Due, StoreError> {
        self.check_begun(prepared)?;
        self.begun = None;
        let record = Record::Abort { sequence: prepared.sequence };
        Ok(Due::new(&self.journal, Work::Append { record, durable: false }))
    }

    /// Whether the journal has grown so far that it should start anew at a quiet moment.
    pub fn wants_compaction(&self) -> bool {
        self.journal.lock().wants_compaction()
    }

    /// What starts the journal anew; it costs what running holds. [`Self::begin`] does it only with a journal that is
    /// damaged, or four times as large as it should be.
    ///
    /// # Errors
    /// [`StoreError::Busy`] inside a transaction.
    pub fn compact(&self) -> Result<Due, StoreError> {
        if self.begun.is_some() {
            return Err(StoreError::Busy);
        }
        Ok(Due::new(&self.journal, Work::Compact(self.compaction())))
    }

    fn compaction(&self) -> Compaction {
        Compaction {
            boot_id: self.boot_id.clone(),
            sequence: self.sequence,
            running: self.running.clone(),
            waiting: self.waiting.clone(),
        }
    }

    fn check_begun(&self, prepared: &Prepared) -> Result<(), StoreError> {
        if self.begun == Some(prepared.sequence) { Ok(()) } else { Err(StoreError::Busy) }
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
