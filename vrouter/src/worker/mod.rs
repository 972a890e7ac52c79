//! The thread that moves packets: receive, run the pipeline, send. It owns the tables and counts for itself, without
//! locks; others send it changes and questions, which it takes between two bursts.

mod idle;
mod ports;
mod round;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::dpdk::{Eal, MbufPool};
use crate::fib::PortId;
use crate::forward::{Drops, Nodes, Pipeline, PortInfo, Tables};
use ports::Slot;
pub use ports::{DataPort, TwinCount};
use round::State;

/// Changes that may wait for the worker.
const WAITING: usize = 1024;

/// A change or a question. It runs between two bursts and must be short.
pub type Request = Box<dyn FnOnce(&mut Tables, &Pipeline) + Send>;

/// How the worker behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerConfig {
    /// When nothing comes, a rest is a quarter of the silence so far, up to eight times this, and sixteen times after
    /// 200 ms: what an idle appliance adds to the latency of a first packet. Zero polls without rest and takes a whole
    /// processor.
    pub rest: Duration,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self { rest: Duration::from_millis(1) }
    }
}

/// Every counter of the worker at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// To and from Linux, by port number; `None` where there is no port.
    pub ports: Vec<Option<TwinCount>>,
    /// Work of each node.
    pub nodes: Nodes,
    /// Dropped frames by reason.
    pub drops: Drops,
    /// Time in rounds with packets or changes.
    pub busy: Duration,
    /// Time in rounds that found nothing.
    pub poll: Duration,
    /// Time at rest.
    pub rest: Duration,
}

/// Why a request was not taken or not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RequestError {
    /// Too many are waiting.
    #[error("{WAITING} requests wait for the packet thread already; try again when it has caught up")]
    Busy,
    /// The worker has ended.
    #[error("the packet thread has ended; restart vrouterd")]
    Ended,
}

/// What the thread is asked for.
enum Job {
    Tables(Request),
    SetPort(PortId, Option<Box<Slot>>, Option<PortInfo>, oneshot::Sender<Option<DataPort>>),
    SetEnabled(PortId, bool),
    SetMtu(PortId, u16),
    Counts(oneshot::Sender<Box<Counts>>),
}

/// A running worker. Dropping it ends the thread, and with it the ports.
#[derive(Debug)]
pub struct Worker {
    handle: WorkerHandle,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The way to a worker, for as many as want it.
#[derive(Debug, Clone)]
pub struct WorkerHandle {
    jobs: mpsc::Sender<Job>,
    thread: Thread,
}

/// Starts the thread, without ports. It runs on the processors of the calling thread.
///
/// # Errors
/// When there can be no further thread.
pub fn spawn_worker(
    eal: &'static Eal,
    pool: MbufPool,
    tables: Tables,
    pipeline: Pipeline,
    config: WorkerConfig,
) -> std::io::Result<Worker> {
    let (jobs, inbox) = mpsc::channel(WAITING);
    let stop = Arc::new(AtomicBool::new(false));
    let state = State::new(pool, tables, pipeline, config);
    let stopped = Arc::clone(&stop);
    let thread = thread::Builder::new().name("packets".into()).spawn(move || {
        if let Err(error) = eal.register_thread() {
            tracing::warn!(%error, "packet buffers will be taken one pool access at a time");
        }
        state.run(inbox, &stopped);
    })?;
    let handle = WorkerHandle { jobs, thread: thread.thread().clone() };
    Ok(Worker { handle, stop, thread: Some(thread) })
}

impl Worker {
    /// The way to it.
    pub fn handle(&self) -> WorkerHandle {
        self.handle.clone()
    }
}

impl WorkerHandle {
    /// Hands a request over at once and wakes the thread if it rests.
    ///
    /// # Errors
    /// When too many wait already, or the thread has ended.
    pub fn request(&self, request: Request) -> Result<(), RequestError> {
        self.jobs.try_send(Job::Tables(request)).map_err(|error| match error {
            TrySendError::Full(_) => RequestError::Busy,
            TrySendError::Closed(_) => RequestError::Ended,
        })?;
        self.thread.unpark();
        Ok(())
    }

    /// Hands a request over as soon as there is room. Requests are taken in order.
    ///
    /// # Errors
    /// When the thread has ended.
    pub async fn send(&self, request: Request) -> Result<(), RequestError> {
        self.job(Job::Tables(request)).await
    }

    /// Asks the tables.
    ///
    /// # Errors
    /// When the thread has ended.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Tables, &Pipeline) -> T + Send + 'static,
    ) -> Result<T, RequestError> {
        let (answer, answered) = oneshot::channel();
        let request: Request = Box::new(move |tables, pipeline| {
            let _ = answer.send(question(tables, pipeline));
        });
        self.send(request).await?;
        answered.await.map_err(|_| RequestError::Ended)
    }

    /// Gives the worker a port, between two rounds. What was in its place comes back, to be closed.
    ///
    /// # Errors
    /// When the thread has ended.
    pub async fn add_port(
        &self,
        port: PortId,
        data: DataPort,
        enabled: bool,
        info: PortInfo,
    ) -> Result<Option<DataPort>, RequestError> {
        self.set_port(port, Some(Box::new(Slot::new(data, enabled))), Some(info)).await
    }

    /// Takes a port from the worker, between two rounds. Routes that lead to it drop packets from then on.
    ///
    /// # Errors
    /// When the thread has ended.
    pub async fn remove_port(&self, port: PortId) -> Result<Option<DataPort>, RequestError> {
        self.set_port(port, None, None).await
    }

    async fn set_port(
        &self,
        port: PortId,
        slot: Option<Box<Slot>>,
        info: Option<PortInfo>,
    ) -> Result<Option<DataPort>, RequestError> {
        let (answer, answered) = oneshot::channel();
        self.job(Job::SetPort(port, slot, info, answer)).await?;
        answered.await.map_err(|_| RequestError::Ended)
    }

    /// Lets a port receive and send, or not.
    ///
    /// # Errors
    /// When the thread has ended.
    pub async fn set_enabled(&self, port: PortId, enabled: bool) -> Result<(), RequestError> {
        self.job(Job::SetEnabled(port, enabled)).await
    }

    /// Changes the largest IP packet that forwarding sends on a port, in bytes.
    ///
    /// # Errors
    /// When the thread has ended.
    pub async fn set_mtu(&self, port: PortId, mtu: u16) -> Result<(), RequestError> {
        self.job(Job::SetMtu(port, mtu)).await
    }

    /// Every counter at one moment.
    ///
    /// # Errors
    /// When the thread has ended.
    pub async fn counts(&self) -> Result<Counts, RequestError> {
        let (answer, answered) = oneshot::channel();
        self.job(Job::Counts(answer)).await?;
        answered.await.map(|counts| *counts).map_err(|_| RequestError::Ended)
    }

    /// Waits until the thread has ended.
    pub async fn ended(&self) {
        self.jobs.closed().await;
    }

    async fn job(&self, job: Job) -> Result<(), RequestError> {
        self.jobs.send(job).await.map_err(|_| RequestError::Ended)?;
        self.thread.unpark();
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic of the thread was printed where it happened; there is nothing to add.
            let _ = thread.join();
        }
    }
}
