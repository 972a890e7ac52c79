//! The control side of the data plane: keeps the forwarding tables of the packet thread true to what FRR and Linux say.
//!
//! [`ControlPlane::spawn`] starts it; the [`Handle`] is told of ports ([`crate::daemon::ports::PortListener`]) and
//! answers the control service ([`crate::control::Routing`]). Inside, FPM listener and netlink watcher feed one task that
//! owns the [`crate::rib::Rib`]; what the RIB decides goes to the packet thread in small batches.

mod answers;
mod batches;
mod handle;
mod keep_alive;
mod stale;
mod task;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::fpm::FpmListener;
use crate::netlink::{self, Prober, Watched};
use crate::worker::WorkerHandle;
use task::{Inputs, Task};

pub use handle::{Handle, State};

/// Questions and changes of ports that may wait.
const WAITING: usize = 64;
/// Bytes for changes of Linux that are not read yet: some thousand.
const NETLINK_BUFFER: usize = 4 << 20;

/// Where routes beyond those of our own interfaces come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// FRR, by FPM.
    #[default]
    Fpm,
    /// The main table of Linux.
    Netlink,
}

/// What the control side is told at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Where routes come from.
    pub source: Source,
    /// Where FRR connects to; not used with [`Source::Netlink`].
    pub fpm_listen: SocketAddr,
    /// How long after FRR has come back the routes stay that it has not sent again.
    pub stale_time: Duration,
    /// Next hops at most, as the packet thread's table has room for.
    pub next_hops: u32,
    /// Neighbours at most.
    pub neighbours: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            source: Source::Fpm,
            fpm_listen: SocketAddr::from(([127, 0, 0, 1], 2620)),
            stale_time: Duration::from_mins(2),
            next_hops: 65_536,
            neighbours: 65_536,
        }
    }
}

/// Why the control side does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address of the FPM listener is not to be had.
    #[error("cannot listen for FRR (FPM) on {address}: {source}")]
    Fpm {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// No netlink.
    #[error("cannot follow Linux's interfaces by netlink: {0}")]
    Netlink(#[source] std::io::Error),
}

/// The running control side. Dropping it ends it; forwarding goes on with the tables as they are.
#[derive(Debug)]
pub struct ControlPlane {
    handle: Handle,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl ControlPlane {
    /// Starts it, in the network namespace of the calling thread, which must be that of the twins. To be called in a
    /// runtime.
    ///
    /// # Errors
    /// When the FPM address cannot be listened on or netlink not be opened.
    pub fn spawn(config: Config, worker: WorkerHandle) -> Result<Self, StartError> {
        let stop = CancellationToken::new();
        let mut tasks = Vec::new();
        let routes = config.source == Source::Netlink;
        let (follower, linux) =
            netlink::watch(Watched { routes, buffer: NETLINK_BUFFER }).map_err(StartError::Netlink)?;
        let prober = Prober::open().map_err(StartError::Netlink)?;
        let (mut frr, mut statistics) = (None, Arc::default());
        if config.source == Source::Fpm {
            let address = config.fpm_listen;
            let bound = FpmListener::bind(address).map_err(|source| StartError::Fpm { address, source });
            let (listener, events) = bound?;
            (frr, statistics) = (Some(events), listener.statistics());
            tracing::info!(address = %listener.address(), "waiting for FRR");
            tasks.push(tokio::spawn(listener.run(stop.clone())));
        }
        tasks.push(tokio::spawn(follower.run(stop.clone())));
        let (commands, waiting) = mpsc::channel(WAITING);
        let handle = Handle { commands, worker: worker.clone(), fpm: statistics };
        let inputs = Inputs { commands: waiting, frr, linux };
        tasks.push(tokio::spawn(Task::new(config, worker, prober).run(inputs, stop.clone())));
        Ok(Self { handle, stop, tasks })
    }

    /// The way to it, for as many as want it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Ends it and waits for its tasks.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for task in self.tasks.drain(..) {
            // A panic of a task was printed where it happened; there is nothing to add.
            let _ = task.await;
        }
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
