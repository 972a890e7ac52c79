//! The datastores with what they do: edits, commits, and the way back.
//!
//! [`Engine`] owns the store and the appliers. Reads and edits take a lock for a moment and never wait for the router; a
//! change of running takes its turn, checks, writes its intent down, has the appliers carry it out, and only then counts.

mod change;
mod commit;
mod edit;
mod errors;
mod history;
mod open;
mod repair;

pub use commit::Confirmed;
pub use history::{Action, Made};
pub use open::{OpenError, Settings};

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::SystemTime;

use daybreak_appliers::intent::Intent;
use daybreak_appliers::transaction::Appliers;
use daybreak_datastore::constraint::Constraints;
use daybreak_datastore::schema::Schema;
use daybreak_datastore::store::{BootTime, Confirm, Datastore, SessionId, Store};
use daybreak_datastore::tree::Tree;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::nacm::{Nacm, User};
use history::Past;

/// Who asks for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The session.
    pub session: SessionId,
    /// Its user.
    pub user: User,
}

/// Denied requests since the start (RFC 8341, `denied-…`).
#[derive(Debug, Default)]
pub struct DeniedCounters {
    /// Operations.
    pub operations: AtomicU32,
    /// Edits.
    pub data_writes: AtomicU32,
}

/// Datastores, appliers and what holds them together.
pub struct Engine {
    schema: Arc<Schema>,
    constraints: Constraints,
    appliers: Appliers,
    state: Mutex<State>,
    /// One change of running at a time.
    turn: tokio::sync::Mutex<()>,
    /// Told whenever a confirmed commit begins to wait, or waits no longer.
    confirm_changed: Notify,
    /// Told when the journal should start anew.
    journal_grown: Notify,
    /// One change of the files of startup at a time.
    saving: tokio::sync::Mutex<()>,
    /// Told when there is more to keep of what was running.
    past_grown: Notify,
    /// Told when the router may not be what running says.
    repair: Notify,
    clock: fn() -> BootTime,
    denied: DeniedCounters,
}

/// What is looked at and changed in one moment.
struct State {
    store: Store,
    /// What running means.
    intent: Intent,
    nacm: Arc<Nacm>,
    /// What was running, up to now.
    past: Past,
    /// What keeps the router from being what running says, in words.
    problems: Vec<String>,
    /// When running, candidate and startup were locked last.
    locked: [SystemTime; 3],
}

impl Engine {
    /// The schema of every datastore.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The constraints of the schema.
    pub fn constraints(&self) -> &Constraints {
        &self.constraints
    }

    /// The content of a datastore as it is now.
    pub fn tree(&self, datastore: Datastore) -> Tree {
        self.lock().store.tree(datastore).clone()
    }

    /// Access control as running has it.
    pub fn nacm(&self) -> Arc<Nacm> {
        Arc::clone(&self.lock().nacm)
    }

    /// Who holds the lock of a datastore, and since when.
    pub fn lock_holder(&self, datastore: Datastore) -> Option<(SessionId, SystemTime)> {
        let state = self.lock();
        let holder = state.store.lock_holder(datastore)?;
        Some((holder, state.locked[datastore as usize]))
    }

    /// The confirmed commit that waits.
    pub fn waiting(&self) -> Option<Confirm> {
        self.lock().store.waiting().cloned()
    }

    /// What keeps the router from being what running says; empty when it is.
    pub fn problems(&self) -> Vec<String> {
        self.lock().problems.clone()
    }

    /// Denied requests.
    pub fn denied(&self) -> &DeniedCounters {
        &self.denied
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

#[cfg(test)]
mod tests;
