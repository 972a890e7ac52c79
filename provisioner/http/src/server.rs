//! The accept loops and the handle that stops them.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::net::SendFlags;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::{Admission, Full};
use crate::connection::{Shared, serve};
use crate::events::{Event, EventSink};
use crate::worker::Worker;
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
    workers: Arc<[Worker]>,
    tasks: TaskTracker,
    /// No new connection, no new request.
    stop: CancellationToken,
    /// No transfer either.
    kill: CancellationToken,
}

/// Starts serving on bound listeners: artefacts by sendfile on threads of the server's own, everything else by `router`,
/// whose handlers run on the tokio runtime of the caller and find the peer as `ConnectInfo<SocketAddr>`. Must be called
/// on such a runtime.
///
/// # Errors
/// When a listener has no address or cannot be polled, or a thread cannot be started.
pub fn start(
    listeners: Vec<std::net::TcpListener>,
    limits: Limits,
    artifacts: Arc<dyn Artifacts>,
    router: axum::Router,
    events: EventSink,
) -> Result<Server, HttpError> {
    let tasks = TaskTracker::new();
    let workers = (0..limits.workers.max(1))
        .map(|number| Worker::start(number, tasks.clone()))
        .collect::<Result<Arc<[Worker]>, _>>()
        .map_err(|source| HttpError::Worker { source })?;
    let mut server = Server {
        addresses: Vec::with_capacity(listeners.len()),
        admission: Admission::new(limits.connections, limits.connections_per_peer),
        refused: Arc::default(),
        events: events.clone(),
        workers,
        tasks,
        stop: CancellationToken::new(),
        kill: CancellationToken::new(),
    };
    let runtime = Handle::current();
    let shared =
        Arc::new(Shared { limits, artifacts, router, runtime, events, transfers: AtomicU64::new(0) });
    for (index, listener) in listeners.into_iter().enumerate() {
        let address = listener.local_addr().map_err(|source| HttpError::Listener { index, source })?;
        server.addresses.push(address);
        let door = Door {
            admission: Arc::clone(&server.admission),
            refused: Arc::clone(&server.refused),
            workers: Arc::clone(&server.workers),
            shared: Arc::clone(&shared),
            tasks: server.tasks.clone(),
            stop: server.stop.clone(),
            kill: server.kill.clone(),
        };
        // Each listener's loop has a worker; the connections go to the worker that has the fewest.
        let Some(worker) = server.workers.iter().cycle().nth(index) else { continue };
        let register = |source| HttpError::Register { address, source };
        listener.set_nonblocking(true).map_err(register)?;
        let listener = worker.with(|| TcpListener::from_std(listener)).map_err(register)?;
        worker.spawn(server.tasks.track_future(door.run(listener)));
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
        // No task waits for anything any more, so the threads end at once.
        for worker in &*self.workers {
            worker.join();
        }
    }
}

/// One accept loop.
struct Door {
    admission: Arc<Admission>,
    refused: Arc<AtomicU64>,
    workers: Arc<[Worker]>,
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
                // Its worker takes it into an event loop of its own.
                Ok((stream, peer)) => match stream.into_std() {
                    Ok(stream) => self.admit(stream, peer),
                    Err(error) => tracing::warn!(%peer, %error, "an HTTP connection cannot be moved"),
                },
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
        let place = match self.admission.enter(peer.ip()) {
            Ok(place) => place,
            Err(full) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                self.shared.events.emit(Event::ConnectionRefused { peer, per_peer: full == Full::PerPeer });
                return turn_away(&stream);
            }
        };
        let Some(worker) = self.workers.iter().min_by_key(|worker| worker.load()) else { return };
        let burden = worker.burden();
        let (shared, stop, kill) = (Arc::clone(&self.shared), self.stop.clone(), self.kill.clone());
        worker.spawn(self.tasks.track_future(async move {
            match tokio::net::TcpStream::from_std(stream) {
                Ok(stream) => tokio::select! {
                    biased;
                    () = kill.cancelled() => {}
                    () = serve(stream, peer, shared, stop) => {}
                },
                Err(error) => tracing::warn!(%peer, %error, "an HTTP connection cannot be polled"),
            }
            drop((place, burden));
        }));
    }
}

/// Answers a connection over a limit without waiting for anything: what does not fit the socket's buffer is lost.
fn turn_away(stream: &TcpStream) {
    const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 2\r\n\
        Content-Type: text/plain; charset=utf-8\r\nContent-Length: 32\r\n\r\ntoo many connections; try again\n";
    // Lost or not, the connection is closed.
    let _ = rustix::net::send(stream, FULL, SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
}
