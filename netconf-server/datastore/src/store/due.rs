//! Writes to the journal, apart from the datastores: whoever waits for the disk keeps nobody from reading them.

use super::commit::Prepared;
use super::files::{snapshot_name, write_tree};
use super::journal::{self, Journal, MAX_PAYLOAD, Record};
use super::{Confirm, StoreError};
use crate::codec::write_edit_xml;
use crate::tree::Tree;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The journal, shared by the datastores and what is due.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Mutex<Journal>>);

/// A write that is due. It waits for the disk: run it where waiting is allowed, before anything else is asked of the
/// [`super::Store`] that would change running.
#[derive(Debug)]
#[must_use = "nothing is written unless it is run"]
pub struct Due {
    journal: Shared,
    work: Work,
}

#[derive(Debug)]
pub(super) enum Work {
    /// The intent of a transaction, in a new journal if the old one is of no use.
    Intent {
        compaction: Compaction,
        prepared: Box<Prepared>,
    },
    Append {
        record: Record,
        durable: bool,
    },
    Compact(Compaction),
}

/// All that a new journal builds on.
#[derive(Debug)]
pub(super) struct Compaction {
    pub(super) boot_id: String,
    pub(super) sequence: u64,
    pub(super) running: Tree,
    pub(super) waiting: Option<(Confirm, Tree)>,
}

impl Shared {
    pub(super) fn new(journal: Journal) -> Self {
        Self(Arc::new(Mutex::new(journal)))
    }

    /// A write that panicked is one that failed, of which the journal knows itself.
    pub(super) fn lock(&self) -> MutexGuard<'_, Journal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Due {
    pub(super) fn new(journal: &Shared, work: Work) -> Self {
        Self { journal: journal.clone(), work }
    }

    /// Writes it.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the journal cannot be written; what it held before holds on.
    pub fn run(self) -> Result<(), StoreError> {
        let mut journal = self.journal.lock();
        match self.work {
            Work::Intent { compaction, prepared } => {
                if journal.needs_compaction() {
                    *journal = compaction.run(journal.folder())?;
                }
                let record = intent(journal.folder(), &prepared)?;
                journal.append(&record, false)
            }
            Work::Append { record, durable } => journal.append(&record, durable),
            Work::Compact(compaction) => {
                *journal = compaction.run(journal.folder())?;
                Ok(())
            }
        }
    }
}

fn intent(folder: &Path, prepared: &Prepared) -> Result<Record, StoreError> {
    let mut edit = String::new();
    let written = write_edit_xml(&mut edit, &prepared.old, &prepared.new, &prepared.changes, None);
    // Writing to a string does not fail; an edit that cannot be written goes into a snapshot like one that is too large.
    let change = if written.is_ok() && edit.len() <= MAX_PAYLOAD {
        journal::Change::Edit(edit)
    } else {
        let name = snapshot_name(prepared.sequence, "new");
        write_tree(&folder.join(&name), &prepared.new, None)?;
        journal::Change::Snapshot(name)
    };
    let (sequence, session) = (prepared.sequence, prepared.session);
    Ok(Record::Intent { sequence, session, change, confirm: prepared.step.clone() })
}

impl Compaction {
    /// Writes snapshots and a journal that builds on them.
    pub(super) fn run(&self, folder: &Path) -> Result<Journal, StoreError> {
        // The old journal names other files: a name is never used for two contents.
        let fresh = |what: &str| {
            let mut names = (0_u32..).map(|number| snapshot_name(self.sequence, &format!("{what}-{number}")));
            names.find(|name| !folder.join(name).exists()).unwrap_or_default()
        };
        let running = fresh("running");
        write_tree(&folder.join(&running), &self.running, None)?;
        let waiting = match &self.waiting {
            None => None,
            Some((confirm, backup)) => {
                let name = fresh("backup");
                write_tree(&folder.join(&name), backup, None)?;
                Some((confirm.clone(), name))
            }
        };
        let base = Record::Base {
            boot_id: self.boot_id.clone(),
            sequence: self.sequence,
            running: running.clone(),
            waiting: waiting.clone(),
        };
        let journal = Journal::create(folder, &base)?;
        let mut keep = vec![running.as_str()];
        keep.extend(waiting.iter().map(|(_, name)| name.as_str()));
        Journal::remove_other_snapshots(folder, &keep);
        Ok(journal)
    }
}
