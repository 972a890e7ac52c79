//! Takes batches from the queue and sends them, one at a time and in order.

use super::backoff::Backoff;
use super::request::Target;
use super::verdict::{Verdict, verdict};
use crate::config::Influxdb;
use crate::queue::{LARGEST_BATCH, Queue, QueueError, Taken};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// For the whole of a request.
const TIMEOUT: Duration = Duration::from_secs(15);

/// What is read of an answer.
const LARGEST_ANSWER: usize = 64 * 1024;

/// An output and its queue; the pipeline fills it, [`Output::run`] empties it.
#[derive(Debug)]
pub struct Output {
    name: String,
    target: Mutex<Aim>,
    queue: Mutex<Queue>,
    filled: Notify,
    changed: Notify,
    delivered: AtomicU64,
    rejected: AtomicU64,
    failures: AtomicU64,
}

/// Where an output sends to.
#[derive(Debug)]
enum Aim {
    Ready(Target),
    /// What it needs could not be read yet; that is tried again before each delivery.
    Later(Box<Influxdb>),
}

/// An output's queue failed.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Reading or marking.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The task that did it was ended.
    #[error("the queue's task ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Figures of an output, for its KPIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Points that the database took.
    pub delivered: u64,
    /// Points that it refused for good.
    pub rejected: u64,
    /// Requests that failed and are tried again.
    pub failures: u64,
    /// Points lost.
    pub gap: u64,
    /// Segments of the queue with a damaged end.
    pub damaged: u64,
    /// Points that wait.
    pub waiting: u64,
    /// Bytes on disk.
    pub size: u64,
}

impl Output {
    /// An output that sends what is in the queue to the target.
    pub fn new(name: String, target: Target, queue: Queue) -> Self {
        Self::aiming(name, Aim::Ready(target), queue)
    }

    /// An output whose password cannot be read yet. The queue keeps the points until it can.
    pub fn later(output: &Influxdb, queue: Queue) -> Self {
        Self::aiming(output.name.to_string(), Aim::Later(Box::new(output.clone())), queue)
    }

    fn aiming(name: String, aim: Aim, queue: Queue) -> Self {
        Self {
            name,
            target: Mutex::new(aim),
            queue: Mutex::new(queue),
            filled: Notify::new(),
            changed: Notify::new(),
            delivered: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a batch of lines.
    ///
    /// # Errors
    /// When the queue does not take it.
    pub fn append(&self, batch: &[u8], points: u32) -> Result<(), QueueError> {
        let outcome = self.queue.lock().append(batch, points);
        self.filled.notify_one();
        outcome
    }

    /// Sends to this target from now on, and keeps at most so many bytes. What waits goes to the new target.
    ///
    /// # Errors
    /// When the queue could not be made smaller.
    pub fn change(&self, target: Target, limit: u64) -> Result<(), QueueError> {
        let mut current = self.target.lock();
        if !matches!(&*current, Aim::Ready(current) if *current == target) {
            *current = Aim::Ready(target);
            self.changed.notify_one();
        }
        drop(current);
        self.queue.lock().set_limit(limit)
    }

    /// How delivery goes.
    pub fn figures(&self) -> Figures {
        let queue = self.queue.lock();
        Figures {
            delivered: self.delivered.load(Ordering::Relaxed),
            rejected: self.rejected.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            gap: queue.gap(),
            damaged: queue.damaged(),
            waiting: queue.points(),
            size: queue.size(),
        }
    }

    /// Sends until told to stop. What is not delivered then stays in the queue for the next run.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1).build(connector);
        let mut backoff = Backoff::default();
        let mut failing = false;
        while !stop.is_cancelled() {
            let once = async {
                let Some(taken) = self.take().await.map_err(|error| error.to_string())? else {
                    self.filled.notified().await;
                    return Ok(());
                };
                self.deliver(&client, taken).await?;
                Ok::<(), String>(())
            };
            let outcome = tokio::select! {
                () = stop.cancelled() => break,
                outcome = once => outcome,
            };
            match outcome {
                Ok(()) => {
                    if std::mem::take(&mut failing) {
                        tracing::info!(output = self.name, "delivery works again");
                    }
                    backoff.succeeded();
                }
                Err(reason) => {
                    self.failures.fetch_add(1, Ordering::Relaxed);
                    // Once for each outage: a database that is down for a day must not fill the log.
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(
                            output = self.name,
                            reason,
                            "delivery failed; the queue keeps the points"
                        );
                    }
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = self.changed.notified() => backoff.succeeded(),
                        () = tokio::time::sleep(backoff.failed(chance())) => {}
                    }
                }
            }
        }
    }

    async fn take(self: &Arc<Self>) -> Result<Option<Taken>, OutputError> {
        let output = Arc::clone(self);
        Ok(tokio::task::spawn_blocking(move || output.queue.lock().take(LARGEST_BATCH)).await??)
    }

    async fn deliver(
        self: &Arc<Self>,
        client: &Client<HttpConnector, Full<Bytes>>,
        taken: Taken,
    ) -> Result<(), String> {
        let verdict = tokio::time::timeout(TIMEOUT, self.send(client, &taken))
            .await
            .map_err(|_| format!("no answer within {} s", TIMEOUT.as_secs()))??;
        let rejected = match verdict {
            Verdict::Delivered => 0,
            Verdict::Rejected { points, reason } => {
                tracing::error!(output = self.name, points, reason, "the database refused points for good");
                points
            }
            Verdict::Retry { reason } => return Err(reason),
        };
        self.delivered.fetch_add(taken.points.saturating_sub(rejected), Ordering::Relaxed);
        self.rejected.fetch_add(rejected, Ordering::Relaxed);
        let output = Arc::clone(self);
        let marked = tokio::task::spawn_blocking(move || output.queue.lock().delivered(&taken)).await;
        marked.map_err(OutputError::from).and_then(|done| Ok(done?)).map_err(|error| error.to_string())
    }

    async fn send(
        &self,
        client: &Client<HttpConnector, Full<Bytes>>,
        taken: &Taken,
    ) -> Result<Verdict, String> {
        let request = {
            let mut aim = self.target.lock();
            let target = match &*aim {
                Aim::Ready(target) => target.clone(),
                Aim::Later(output) => Target::read(output).map_err(|error| error.to_string())?,
            };
            let request = target.request(taken.bytes.clone().into()).map_err(|error| error.to_string())?;
            if matches!(*aim, Aim::Later(_)) {
                *aim = Aim::Ready(target);
            }
            request
        };
        let answer = client.request(request).await.map_err(|error| chain(&error))?;
        let status = answer.status();
        // The connection is used again only when the answer was read; one that is too long is not worth that.
        let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await;
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok(verdict(status, &body, taken.points))
    }
}

/// An error with what caused it: hyper's own text is only `client error (Connect)`.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// A random byte; without a source of them, the longest wait.
fn chance() -> u8 {
    let mut byte = [u8::MAX];
    getrandom::fill(&mut byte).map_or(u8::MAX, |()| byte[0])
}
