//! Starting: datastores from disk, the router brought to them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use daybreak_appliers::transaction::Appliers;
use daybreak_datastore::constraint::{ConstraintError, Constraints};
use daybreak_datastore::diff::Change;
use daybreak_datastore::schema::Schema;
use daybreak_datastore::store::{BootTime, Datastore, Paths, Store, StoreError};
use daybreak_datastore::tree::Tree;
use daybreak_netconf::error::{ErrorTag, RpcError};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::history::Past;
use super::{DeniedCounters, Engine, State};
use crate::intent::{self, IntentError};
use crate::nacm::{Nacm, NacmError};

/// What an engine needs.
pub struct Settings {
    /// Where datastores are kept.
    pub paths: Paths,
    /// Folder of what was running before.
    pub past: PathBuf,
    /// Tells boots apart, as `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// What carries configurations out.
    pub appliers: Appliers,
    /// The time since the machine was started.
    pub clock: fn() -> BootTime,
}

/// An engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A constraint of the schema makes no sense.
    #[error("the schema: {0}")]
    Schema(#[from] ConstraintError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Running cannot be understood, though it is valid.
    #[error("running: {0}")]
    Intent(#[from] IntentError),
    /// Access control cannot be understood, and without it nobody is let in.
    #[error("running: {0}")]
    Nacm(#[from] NacmError),
}

impl Engine {
    /// Opens the datastores and brings the router to running, as far as that goes: a router that cannot be all of what it
    /// should be must still be reachable for whoever mends it. A confirmed commit whose session went with the last process
    /// is taken back.
    ///
    /// # Errors
    /// [`OpenError`]; the files are as they were.
    pub async fn open(schema: Arc<Schema>, settings: Settings) -> Result<Arc<Self>, OpenError> {
        let constraints = Constraints::new(&schema)?;
        let check = |_: &Tree, new: &Tree, changes: &[Change]| {
            let found = constraints.validate(None, new, changes);
            let mut errors: Vec<RpcError> = found.into_iter().map(RpcError::from).collect();
            if errors.is_empty()
                && let Err(error) = Nacm::read(new)
            {
                errors.push(RpcError::application(ErrorTag::InvalidValue, error.to_string()));
            }
            if errors.is_empty() { Ok(()) } else { Err(errors) }
        };
        let (store, report) = Store::open(Arc::clone(&schema), settings.paths, &settings.boot_id, &check)?;
        for problem in &report.problems {
            tracing::error!(%problem, "while opening the datastores");
        }
        tracing::info!(origin = ?report.origin, interrupted = report.interrupted, "datastores opened");
        let running = store.tree(Datastore::Running);
        let intent = intent::extract(running)?;
        let nacm = Arc::new(Nacm::read(running)?);
        let past = Past::open(&settings.past, &schema, running);
        let problems = report.problems.iter().map(ToString::to_string).collect();
        let engine = Arc::new(Self {
            schema,
            constraints,
            appliers: settings.appliers,
            state: Mutex::new(State {
                store,
                intent: intent.clone(),
                nacm,
                past,
                problems,
                locked: [SystemTime::UNIX_EPOCH; 3],
            }),
            turn: tokio::sync::Mutex::default(),
            confirm_changed: Notify::new(),
            journal_grown: Notify::new(),
            past_grown: Notify::new(),
            saving: tokio::sync::Mutex::default(),
            repair: Notify::new(),
            clock: settings.clock,
            denied: DeniedCounters::default(),
        });
        let outcome = engine.appliers.reconcile(&intent).await;
        engine.remember(&outcome);
        if engine.waiting().is_some_and(|confirm| confirm.persist.is_none()) {
            let done = engine.roll_back(None, "the server was restarted before it was confirmed").await;
            for error in done.err().into_iter().flatten() {
                tracing::error!(%error, "cannot go back");
            }
        }
        Ok(engine)
    }
}
