//! What is true now, for `get`.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use daybreak_appliers::observe::{Observer, Settings};
use daybreak_datastore::store::Datastore;
use daybreak_datastore::tree::{BuildError, Tree};

use super::sessions::Sessions;
use crate::engine::Engine;
use crate::operation::Surroundings;
use crate::state::{self, CountedSince, Denied, Lock, Machine, Monitoring};

/// How long `kill-session` waits until locks of the other session are free. It may be in the middle of a commit, which is
/// brought to its end.
const FAREWELL: Duration = Duration::from_secs(10);

/// The rest of the server, as operations see it.
pub(super) struct View {
    engine: Arc<Engine>,
    sessions: Arc<Sessions>,
    capabilities: Vec<String>,
    observer: Observer,
    /// It never changes while the server runs.
    library: Option<Tree>,
}

impl View {
    pub(super) fn new(engine: Arc<Engine>, sessions: Arc<Sessions>, capabilities: Vec<String>) -> Self {
        let library = kept(state::library(engine.schema()));
        Self { engine, sessions, capabilities, observer: Observer::new(Settings::default()), library }
    }

    async fn trees(&self) -> Vec<Tree> {
        let (schema, running) = (self.engine.schema(), self.engine.tree(Datastore::Running));
        let (machine, now) = (Machine::read(Path::new("/proc")), SystemTime::now());
        let mut trees: Vec<Option<Tree>> = vec![self.library.clone(), self.monitoring(), self.denied()];
        trees.push(kept(state::system(schema, &machine, now)));
        trees.push(kept(state::commits(schema, &self.engine.commits(), &self.engine.problems())));
        let dataplane = told(self.observer.dataplane().await);
        let since = CountedSince {
            linux: machine.booted.unwrap_or(SystemTime::UNIX_EPOCH),
            dataplane: dataplane
                .as_ref()
                .map_or(now, |plane| SystemTime::UNIX_EPOCH + Duration::from_secs(plane.info.started)),
        };
        if let Some(interfaces) = told(self.observer.interfaces().await) {
            trees.push(kept(state::interfaces(&running, &interfaces, since)));
        }
        if let Some(plane) = dataplane {
            trees.push(kept(state::dataplane(schema, &plane)));
        }
        if let Some(bgp) = told(self.observer.bgp().await) {
            trees.push(kept(state::bgp(&running, &bgp, now)));
        }
        let (ipv4, ipv6) = (told(self.observer.routes(true).await), told(self.observer.routes(false).await));
        trees.push(kept(state::routes(schema, ipv4.as_deref(), ipv6.as_deref())));
        trees.into_iter().flatten().collect()
    }

    fn monitoring(&self) -> Option<Tree> {
        let stores = [Datastore::Running, Datastore::Candidate, Datastore::Startup];
        let locks: Vec<Lock> = stores
            .into_iter()
            .filter_map(|store| {
                let (session, since) = self.engine.lock_holder(store)?;
                Some(Lock { datastore: store.name(), session: session.0, since })
            })
            .collect();
        let now = Monitoring {
            capabilities: &self.capabilities,
            locks: &locks,
            sessions: &self.sessions.list(),
            statistics: self.sessions.statistics(),
        };
        kept(state::monitoring(self.engine.schema(), &now))
    }

    fn denied(&self) -> Option<Tree> {
        let denied = self.engine.denied();
        let now = Denied {
            operations: denied.operations.load(Ordering::Relaxed),
            data_writes: denied.data_writes.load(Ordering::Relaxed),
            notifications: 0,
        };
        kept(state::denied(self.engine.schema(), now))
    }
}

impl Surroundings for View {
    fn state(&self) -> Pin<Box<dyn Future<Output = Vec<Tree>> + Send + '_>> {
        Box::pin(self.trees())
    }

    fn kill(&self, session: u32) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        let gone = self.sessions.kill(session);
        Box::pin(async move {
            let Some(gone) = gone else { return false };
            if tokio::time::timeout(FAREWELL, gone.cancelled()).await.is_err() {
                tracing::warn!(session, "the session was killed, but a change of its is still under way");
            }
            true
        })
    }
}

/// A part that does not answer is left out: a dead FRR must not make `get` fail.
fn told<T>(part: Result<Arc<T>, daybreak_appliers::observe::ObserveError>) -> Option<Arc<T>> {
    part.inspect_err(|error| tracing::debug!(%error, "left out of the state")).ok()
}

fn kept(tree: Result<Tree, BuildError>) -> Option<Tree> {
    tree.inspect_err(|error| tracing::error!(%error, "state that does not fit the schema is left out")).ok()
}
