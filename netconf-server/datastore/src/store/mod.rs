//! The three datastores: candidate, running, startup.
//!
//! One owner holds a [`Store`] and asks it in turn. Running changes in three steps, so that what it means can be carried
//! out in between: [`Store::prepare_commit`] checks and says what would change, [`Store::begin`] writes the intent down,
//! and [`Store::finish`] or [`Store::abort`] ends it. What is written to disk on the way is a [`Due`], to be run where
//! waiting is allowed. Nothing here reads a clock or an id; both are given.

mod commit;
mod due;
mod error;
mod files;
mod history;
mod journal;
mod locks;
mod open;
mod startup;

pub use commit::{CommitRequest, ConfirmRequest, Prepared, Validate};
pub use due::Due;
pub use error::StoreError;
pub use history::{History, Kept};
pub use open::{Origin, Problem, Report};
pub use startup::StartupFiles;

use crate::schema::Schema;
use crate::tree::Tree;
use due::Shared;
use locks::Locks;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A NETCONF session; 0 is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u32);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A point in time, in milliseconds since the machine was started (`CLOCK_BOOTTIME`): it goes on while the daemon is
/// restarted, and nobody sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootTime(pub u64);

/// A configuration datastore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Datastore {
    /// What is in effect.
    Running,
    /// What is being prepared; all sessions share it.
    Candidate,
    /// What is loaded at the next boot.
    Startup,
}

impl Datastore {
    /// Its name as an element.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Candidate => "candidate",
            Self::Startup => "startup",
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Datastore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A confirmed commit that waits to be confirmed (RFC 6241 §8.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// When running goes back.
    pub deadline: BootTime,
    /// The session that must confirm, unless there is a persist id.
    pub session: SessionId,
    /// What whoever confirms must give.
    pub persist: Option<String>,
}

/// Where things are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Folder of the journal; made if it is not there.
    pub state: PathBuf,
    /// The startup configuration in XML; what is saved goes here.
    pub startup_xml: PathBuf,
    /// The startup configuration in JSON, read if there is none in XML.
    pub startup_json: PathBuf,
}

/// The datastores.
#[derive(Debug)]
pub struct Store {
    schema: Arc<Schema>,
    paths: Paths,
    boot_id: String,
    running: Tree,
    candidate: Tree,
    startup: Tree,
    locks: Locks,
    journal: Shared,
    /// Number of the last transaction that was begun.
    sequence: u64,
    /// The transaction between begin and end.
    begun: Option<u64>,
    /// A confirmed commit that waits, and what running goes back to.
    waiting: Option<(Confirm, Tree)>,
}

impl Store {
    /// The schema of all three.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The content of a datastore; costs nothing.
    pub fn tree(&self, datastore: Datastore) -> &Tree {
        match datastore {
            Datastore::Running => &self.running,
            Datastore::Candidate => &self.candidate,
            Datastore::Startup => &self.startup,
        }
    }

    /// Whether the candidate differs from running.
    pub fn is_candidate_modified(&self) -> bool {
        self.candidate != self.running
    }

    /// The confirmed commit that waits.
    pub fn waiting(&self) -> Option<&Confirm> {
        self.waiting.as_ref().map(|(confirm, _)| confirm)
    }

    /// Who has locked a datastore.
    pub fn lock_holder(&self, datastore: Datastore) -> Option<SessionId> {
        self.locks.holder(datastore)
    }

    /// Locks a datastore (RFC 6241 §7.5).
    ///
    /// # Errors
    /// `lock-denied`: another session has it, the candidate is modified, or running waits for a confirmation that is not
    /// this session's.
    pub fn lock(&mut self, datastore: Datastore, session: SessionId) -> Result<(), StoreError> {
        if let Some(holder) = self.locks.holder(datastore) {
            return Err(StoreError::LockDenied { datastore, holder });
        }
        match datastore {
            Datastore::Candidate if self.is_candidate_modified() => {
                return Err(StoreError::CandidateModified);
            }
            // §7.5: "the target configuration is <running>, and another NETCONF session has an ongoing confirmed commit".
            Datastore::Running if self.waiting().is_some_and(|confirm| confirm.session != session) => {
                return Err(StoreError::ConfirmPending);
            }
            _ => {}
        }
        self.locks.lock(datastore, session)
    }

    /// Unlocks a datastore. What a candidate holds uncommitted is discarded with its lock (RFC 6241 §8.3.5.2).
    ///
    /// # Errors
    /// [`StoreError::NotLocked`] if this session does not have the lock.
    pub fn unlock(&mut self, datastore: Datastore, session: SessionId) -> Result<(), StoreError> {
        self.locks.unlock(datastore, session)?;
        if datastore == Datastore::Candidate {
            self.discard();
        }
        Ok(())
    }

    /// Ends a session: its locks go, and with a lock on the candidate its changes. True if a confirmed commit waited for
    /// this session, so that running now has to go back: see [`Store::prepare_rollback`].
    pub fn end_session(&mut self, session: SessionId) -> bool {
        for datastore in [Datastore::Running, Datastore::Candidate, Datastore::Startup] {
            if self.locks.holder(datastore) == Some(session) {
                let unlocked = self.unlock(datastore, session);
                debug_assert!(unlocked.is_ok());
            }
        }
        self.waiting().is_some_and(|confirm| confirm.persist.is_none() && confirm.session == session)
    }

    /// Puts what an edit made into the candidate.
    ///
    /// # Errors
    /// `in-use` if another session has the lock.
    pub fn set_candidate(&mut self, session: SessionId, tree: Tree) -> Result<(), StoreError> {
        self.locks.check(Datastore::Candidate, session)?;
        self.candidate = tree;
        Ok(())
    }

    /// Makes the candidate what running is (RFC 6241 §8.3.4.2).
    ///
    /// # Errors
    /// `in-use` if another session has the lock.
    pub fn discard_changes(&mut self, session: SessionId) -> Result<(), StoreError> {
        self.locks.check(Datastore::Candidate, session)?;
        self.discard();
        Ok(())
    }

    fn discard(&mut self) {
        self.candidate = self.running.clone();
    }
}

#[cfg(test)]
mod tests;
