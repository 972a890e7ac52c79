//! The accept loops and the handle that stops them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::{Admission, Full};
use crate::connection::{Shared, serve};
use crate::events::{Event, EventSink};
use crate::wire::Wire;
use crate::{Artifacts, HttpError, Limits};

/// Pause after a failed accept, which mostly means that the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Counters of a running server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Connections open now.
    pub connections: usize,
    /// Connections refused since the start because a limit was reached.
    pub refused: u64,
    /// Events dropped because their reader was too slow.
    pub events_dropped: u64,
}

/// A running server. Dropping it stops it at once, without waiting for transfers.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    admission: Arc<Admission>,
    refused: Arc<AtomicU64>,
    events: EventSink,
    tasks: TaskTracker,
    /// No new connection, no new request.
    stop: CancellationToken,
    /// No transfer either.
    kill: CancellationToken,
}

/// Starts serving on bound listeners: artefacts by sendfile, everything else by `router`, whose handlers find the peer
/// as `ConnectInfo<SocketAddr>`. Must be called on a tokio runtime with time and I/O enabled.
///
/// # Errors
/// When a listener has no address or cannot be polled.
pub fn start(
    listeners: Vec<std::net::TcpListener>,
    limits: Limits,
    artifacts: Arc<dyn Artifacts>,
    router: axum::Router,
    events: EventSink,
) -> Result<Server, HttpError> {
    let mut bound = Vec::with_capacity(listeners.len());
    for (index, listener) in listeners.into_iter().enumerate() {
        let address = listener.local_addr().map_err(|source| HttpError::Listener { index, source })?;
        let register = |source| HttpError::Register { address, source };
        listener.set_nonblocking(true).map_err(register)?;
        bound.push((address, TcpListener::from_std(listener).map_err(register)?));
    }
    let server = Server {
        addresses: bound.iter().map(|(address, _)| *address).collect(),
        admission: Admission::new(limits.connections, limits.connections_per_peer),
        refused: Arc::default(),
        events: events.clone(),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        kill: CancellationToken::new(),
    };
    let shared = Arc::new(Shared { limits, artifacts, router, events, transfers: AtomicU64::new(0) });
    for (_, listener) in bound {
        let door = Door {
            admission: Arc::clone(&server.admission),
            refused: Arc::clone(&server.refused),
            shared: Arc::clone(&shared),
            tasks: server.tasks.clone(),
            stop: server.stop.clone(),
            kill: server.kill.clone(),
        };
        server.tasks.spawn(door.run(listener));
    }
    Ok(server)
}

impl Server {
    /// The addresses it listens on, in the order of the listeners.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Its counters.
    pub fn stats(&self) -> Stats {
        Stats {
            connections: self.admission.open(),
            refused: self.refused.load(Ordering::Relaxed),
            events_dropped: self.events.dropped(),
        }
    }

    /// Stops accepting, lets answers under way finish for at most `grace`, then cuts them. Returns when no task is left.
    pub async fn shutdown(self, grace: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            self.kill.cancel();
            self.tasks.wait().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        self.kill.cancel();
        self.tasks.close();
    }
}

/// One accept loop.
struct Door {
    admission: Arc<Admission>,
    refused: Arc<AtomicU64>,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    stop: CancellationToken,
    kill: CancellationToken,
}

impl Door {
    async fn run(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) => {
                    tracing::warn!(%error, "HTTP accept failed; if it goes on, raise the limit of open files");
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                    }
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        match self.admission.enter(peer.ip()) {
            Ok(place) => {
                let (shared, stop, kill) = (Arc::clone(&self.shared), self.stop.clone(), self.kill.clone());
                self.tasks.spawn(async move {
                    tokio::select! {
                        biased;
                        () = kill.cancelled() => {}
                        () = serve(stream, peer, shared, stop) => {}
                    }
                    drop(place);
                });
            }
            Err(full) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                self.shared.events.emit(Event::ConnectionRefused { peer, per_peer: full == Full::PerPeer });
                Wire::new(stream).turn_away();
            }
        }
    }
}
