//! The thread that moves packets: receive, run the pipeline, send. It owns the tables; others send it changes.

mod idle;
mod ports;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use thiserror::Error;

use crate::dpdk::{Burst, MbufPool};
use crate::fib::PortId;
use crate::forward::{Outcome, Pipeline, Tables};
use idle::Idle;
pub use ports::DataPort;
use ports::Outputs;

/// Changes that may wait for the worker.
const WAITING: usize = 1024;
/// Changes that are made between two bursts, so that a flood of routes does not stop packets.
const CHANGES_PER_ROUND: usize = 64;

/// A change or a question. It runs between two bursts and must be short.
pub type Request = Box<dyn FnOnce(&mut Tables, &Pipeline) + Send>;

/// Why a request was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RequestError {
    /// Too many are waiting.
    #[error("{WAITING} requests wait for the packet thread already; try again when it has caught up")]
    Busy,
    /// The worker has ended.
    #[error("the packet thread has ended")]
    Ended,
}

/// A running worker. Dropping it ends the thread, and with it the ports.
#[derive(Debug)]
pub struct Worker {
    requests: SyncSender<Request>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread owns.
struct State {
    ports: Vec<DataPort>,
    pool: MbufPool,
    tables: Tables,
    pipeline: Pipeline,
    outputs: Outputs,
    /// Outcomes of the burst under way, kept for its memory only.
    outcomes: Vec<Outcome>,
    start: Instant,
}

/// Starts the thread. It runs on the processors of the calling thread. Ports have the numbers of their places, here as
/// in the tables.
///
/// # Errors
/// When there can be no further thread.
pub fn spawn_worker(
    ports: Vec<DataPort>,
    pool: MbufPool,
    tables: Tables,
    pipeline: Pipeline,
) -> std::io::Result<Worker> {
    let (requests, inbox) = sync_channel(WAITING);
    let stop = Arc::new(AtomicBool::new(false));
    let outputs = Outputs::new(ports.len());
    let start = Instant::now();
    let state = State { ports, pool, tables, pipeline, outputs, outcomes: Vec::new(), start };
    let stopped = Arc::clone(&stop);
    let thread = thread::Builder::new().name("packets".into()).spawn(move || state.run(&inbox, &stopped))?;
    Ok(Worker { requests, stop, thread: Some(thread) })
}

impl Worker {
    /// Hands a request over and wakes the thread if it rests.
    ///
    /// # Errors
    /// When too many wait already, or the thread has ended.
    pub fn request(&self, request: Request) -> Result<(), RequestError> {
        self.requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => RequestError::Busy,
            TrySendError::Disconnected(_) => RequestError::Ended,
        })?;
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
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

impl State {
    fn run(mut self, inbox: &Receiver<Request>, stop: &AtomicBool) {
        let mut idle = Idle::default();
        let mut burst = Burst::new();
        while !stop.load(Ordering::Acquire) {
            let mut work = 0;
            for request in inbox.try_iter().take(CHANGES_PER_ROUND) {
                request(&mut self.tables, &self.pipeline);
                work += 1;
            }
            for port in 0..self.ports.len() {
                work += self.forward_port(port, &mut burst);
                work += self.relay_twin(port, &mut burst);
            }
            self.outputs.flush(&mut self.ports, &mut self.pipeline);
            if let Some(rest) = idle.after(work) {
                thread::park_timeout(rest);
            }
        }
    }

    /// Receives from a port and forwards; says how many frames there were.
    fn forward_port(&mut self, port: usize, burst: &mut Burst) -> usize {
        let received = self.ports[port].rx.receive(burst);
        let Ok(id) = u16::try_from(port).map(PortId) else { return 0 };
        if received == 0 {
            return 0;
        }
        let outcomes = &mut self.outcomes;
        outcomes.clear();
        self.pipeline.run(&self.tables, id, burst, self.start.elapsed(), |_, outcome| outcomes.push(outcome));
        for (packet, outcome) in burst.drain().zip(self.outcomes.drain(..)) {
            match outcome {
                Outcome::Send(to) => {
                    self.outputs.wire(usize::from(to.0), packet, &mut self.ports, &mut self.pipeline);
                }
                Outcome::Punt => self.outputs.twin(port, packet, &mut self.ports, &mut self.pipeline),
                Outcome::Drop => {}
                Outcome::Reply(bytes) => {
                    // An error that finds no buffer is not sent: errors are a courtesy.
                    let reply = self.pool.alloc().and_then(|mut reply| {
                        reply.append(u16::try_from(bytes.len()).ok()?)?.copy_from_slice(&bytes);
                        Some(reply)
                    });
                    if let Some(reply) = reply {
                        self.outputs.wire(port, reply, &mut self.ports, &mut self.pipeline);
                    }
                }
            }
        }
        received
    }

    /// Sends what Linux wrote to a port's twin; says how many frames there were.
    fn relay_twin(&mut self, port: usize, burst: &mut Burst) -> usize {
        let Some((twin, _)) = &mut self.ports[port].twin else { return 0 };
        let received = twin.receive(burst);
        for packet in burst.drain() {
            self.outputs.wire(port, packet, &mut self.ports, &mut self.pipeline);
        }
        received
    }
}
