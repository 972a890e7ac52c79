//! Starting and stopping the workers.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::admission::Admission;
use crate::events::EventSink;
use crate::listener::Listener;
use crate::worker::{Shared, Worker};
use crate::{Files, Limits, TftpError};

/// Counters of a running server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Sessions open now.
    pub sessions: usize,
    /// Requests refused since the start, those over a limit included.
    pub refused: u64,
    /// Events dropped because their reader was too slow.
    pub events_dropped: u64,
}

/// A running server. Dropping it stops it at once, without waiting for transfers.
pub struct Server {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

/// Starts serving `files` on these addresses. A port of 0 takes a free one; see [`Server::addresses`].
///
/// # Errors
/// When an address cannot be bound or a worker cannot be started; then nothing is left running.
pub fn start(
    addresses: &[SocketAddr],
    limits: Limits,
    files: Arc<dyn Files>,
    events: EventSink,
) -> Result<Server, TftpError> {
    let bind = |&address| Listener::bind(address).map_err(|source| TftpError::Listen { address, source });
    let worker_error = |source| TftpError::Worker { source };
    let shared = Arc::new(Shared {
        files,
        listeners: addresses.iter().map(bind).collect::<Result<_, _>>()?,
        admission: Admission::new(limits.sessions, limits.sessions_per_client),
        events,
        refused: AtomicU64::new(0),
        stop: Shared::stop_signal().map_err(worker_error)?,
        stop_at: Mutex::new(None),
        limits,
    });
    let mut server = Server { shared: Arc::clone(&shared), workers: Vec::new() };
    for number in 0..shared.limits.workers.max(1) {
        let worker = Worker::new(Arc::clone(&shared)).map_err(worker_error)?;
        let run = move || {
            if let Err(error) = worker.run() {
                tracing::error!(%error, "a TFTP worker ended");
            }
        };
        let handle =
            thread::Builder::new().name(format!("tftp-{number}")).spawn(run).map_err(worker_error)?;
        server.workers.push(handle);
    }
    Ok(server)
}

impl Server {
    /// The addresses it listens on, in the order they were given.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.shared.listeners.iter().map(Listener::address).collect()
    }

    /// Its counters.
    pub fn stats(&self) -> Stats {
        Stats {
            sessions: self.shared.admission.open(),
            refused: self.shared.refused.load(Ordering::Relaxed),
            events_dropped: self.shared.events.dropped(),
        }
    }

    /// Takes no more requests, lets transfers finish for at most `grace`, then cuts them. Blocks until all workers have
    /// ended.
    pub fn stop(mut self, grace: Duration) {
        self.stop_within(grace);
    }

    fn stop_within(&mut self, grace: Duration) {
        *self.shared.stop_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + grace);
        if let Err(error) = self.shared.stop.write(1) {
            tracing::error!(%error, "the TFTP workers cannot be told to stop");
            return;
        }
        for worker in self.workers.drain(..) {
            if worker.join().is_err() {
                tracing::error!("a TFTP worker panicked");
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.workers.is_empty() {
            self.stop_within(Duration::ZERO);
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Server").field("addresses", &self.addresses()).finish_non_exhaustive()
    }
}
