//! The Prometheus endpoint that runs, and how another configuration moves it.

use super::ServiceError;
use crate::endpoint;
use crate::influx::Backoff;
use crate::snapshot::Snapshot;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The endpoint, if there is one.
#[derive(Debug)]
pub(super) struct Scrapes {
    snapshot: Arc<Snapshot>,
    refused: Arc<AtomicU64>,
    listening: Option<Listening>,
    // Connections of endpoints that were moved or ended.
    ending: TaskTracker,
}

#[derive(Debug)]
struct Listening {
    address: SocketAddr,
    /// Whether the address is had.
    serves: Arc<AtomicBool>,
    stop: CancellationToken,
    task: JoinHandle<TaskTracker>,
}

impl Scrapes {
    /// No endpoint yet.
    pub(super) fn new(snapshot: Arc<Snapshot>, refused: Arc<AtomicU64>) -> Self {
        Self { snapshot, refused, listening: None, ending: TaskTracker::new() }
    }

    /// Listens there, or nowhere. The old address is given up when the new one works.
    ///
    /// # Errors
    /// When the address cannot be had; the endpoint stays where it was.
    pub(super) async fn listen(&mut self, wanted: Option<SocketAddr>) -> Result<(), ServiceError> {
        let before = self.listening.as_ref().map(|listening| listening.address);
        let serves = self.listening.as_ref().is_none_or(|listening| listening.serves.load(Ordering::Relaxed));
        if before == wanted && serves {
            return Ok(());
        }
        let Some(wanted) = wanted else {
            self.end().await;
            return Ok(());
        };
        // 127.0.0.1:9273 and 0.0.0.0:9273 exclude each other.
        let excluded = before.filter(|before| before.port() == wanted.port());
        if excluded.is_some() {
            self.end().await;
        }
        match TcpListener::bind(wanted).await {
            Ok(listener) => {
                self.end().await;
                self.start(wanted, listener);
                Ok(())
            }
            Err(source) => {
                if let Some(before) = excluded {
                    match TcpListener::bind(before).await {
                        Ok(listener) => self.start(before, listener),
                        Err(error) => self.listen_later(before, &error),
                    }
                }
                Err(ServiceError::Listen { listen: wanted, source })
            }
        }
    }

    /// Ends the endpoint and waits for scrapes under way.
    pub(super) async fn stop(&mut self) {
        self.end().await;
        self.ending.close();
        self.ending.wait().await;
    }

    fn start(&mut self, address: SocketAddr, listener: TcpListener) {
        tracing::info!(listen = %address, "metrics are served at /metrics");
        let stop = CancellationToken::new();
        let (snapshot, refused) = (Arc::clone(&self.snapshot), Arc::clone(&self.refused));
        let task = tokio::spawn(endpoint::run(listener, snapshot, refused, stop.clone()));
        let serves = Arc::new(AtomicBool::new(true));
        self.listening = Some(Listening { address, serves, stop, task });
    }

    /// Listens there as soon as the address can be had.
    pub(super) fn listen_later(&mut self, address: SocketAddr, error: &std::io::Error) {
        tracing::error!(listen = %address, %error, "metrics are not served yet: the address cannot be had");
        let (stop, serves) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
        let (snapshot, refused) = (Arc::clone(&self.snapshot), Arc::clone(&self.refused));
        let (told, had) = (stop.clone(), Arc::clone(&serves));
        let task = tokio::spawn(async move {
            let mut backoff = Backoff::default();
            let listener = loop {
                // Nobody else comes back to this address: no chance is needed.
                let wait = tokio::time::sleep(backoff.failed(u8::MAX));
                if told.run_until_cancelled(wait).await.is_none() {
                    // There were no connections, and one that is not closed is waited for.
                    let none = TaskTracker::new();
                    none.close();
                    return none;
                }
                if let Ok(listener) = TcpListener::bind(address).await {
                    break listener;
                }
            };
            had.store(true, Ordering::Relaxed);
            tracing::info!(listen = %address, "metrics are served at /metrics");
            endpoint::run(listener, snapshot, refused, told).await
        });
        self.listening = Some(Listening { address, serves, stop, task });
    }

    async fn end(&mut self) {
        let Some(listening) = self.listening.take() else { return };
        listening.stop.cancel();
        match listening.task.await {
            Ok(connections) => {
                self.ending.spawn(async move { connections.wait().await });
            }
            Err(error) => tracing::error!(%error, "the endpoint ended early"),
        }
    }
}
