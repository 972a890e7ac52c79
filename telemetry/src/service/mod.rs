//! The daemon: what runs, for how long, and what it is told to do.

mod pipeline;
mod schedule;

pub use pipeline::Pipeline;

use crate::catalogue::{CATALOGUE, Set};
use crate::collect::Machine;
use crate::config::{Config, Influxdb, Period, ProcessName, TagName};
use crate::endpoint;
use crate::influx::{Output, Target};
use crate::line::CommonTags;
use crate::queue::{Queue, QueueError};
use crate::snapshot::Snapshot;
use jiff::Timestamp;
use schedule::Schedule;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The daemon cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A queue cannot be opened.
    #[error("output {output}: {source}")]
    Queue {
        /// The output.
        output: String,
        /// Why.
        source: QueueError,
    },
    /// A password cannot be read.
    #[error("output {output}: cannot read password_file {path}: {source}")]
    Password {
        /// The output.
        output: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database's address makes no header.
    #[error("output {output}: url or login make no HTTP header: {source}")]
    Header {
        /// The output.
        output: String,
        /// Why.
        source: hyper::header::InvalidHeaderValue,
    },
    /// The Prometheus endpoint cannot listen.
    #[error("outputs.prometheus: cannot listen on {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A reading ended the thread that did it.
    #[error("a reading ended early: {0}")]
    Round(#[from] tokio::task::JoinError),
}

/// Runs until `stop`; `host` is the tag of that name and `clock` gives the times of points.
///
/// Queues are opened and addresses are bound before the first reading, so what cannot work is told at once.
///
/// # Errors
/// When it cannot start, or a reading panics.
pub async fn run(
    config: Config,
    machine: Machine,
    host: String,
    clock: fn() -> Timestamp,
    stop: CancellationToken,
) -> Result<(), ServiceError> {
    let outputs: Vec<Arc<Output>> = config
        .influxdb
        .iter()
        .map(|output| open(output, &config.state_dir.join("queue").join(output.name.as_str())))
        .collect::<Result<_, _>>()?;
    let snapshot = Arc::new(Snapshot::default());
    let refused_scrapes = Arc::new(AtomicU64::new(0));
    let tasks = TaskTracker::new();
    // Ends the tasks however this function ends.
    let stop = stop.child_token();
    let _guard = stop.clone().drop_guard();
    if let Some(prometheus) = config.prometheus {
        let listen = prometheus.listen;
        let listener =
            TcpListener::bind(listen).await.map_err(|source| ServiceError::Listen { listen, source })?;
        tracing::info!(%listen, "metrics are served at /metrics");
        tasks.spawn(endpoint::run(
            listener,
            Arc::clone(&snapshot),
            Arc::clone(&refused_scrapes),
            stop.clone(),
        ));
    }
    for output in &outputs {
        tasks.spawn(Arc::clone(output).run(stop.clone()));
    }
    tasks.close();
    let pipeline = Pipeline::new(machine, common(&config, host), snapshot, outputs, refused_scrapes);
    let outcome = read(pipeline, Schedule::new(periods(&config)), clock, &stop).await;
    stop.cancel();
    tasks.wait().await;
    outcome
}

/// The machine as the configuration wants it read.
pub fn machine(config: &Config) -> Machine {
    Machine::this(config.processes.iter().map(ProcessName::to_string).collect())
}

fn open(output: &Influxdb, folder: &std::path::Path) -> Result<Arc<Output>, ServiceError> {
    let name = output.name.to_string();
    let password =
        match &output.login {
            None => None,
            Some((_, path)) => Some(std::fs::read_to_string(path).map_err(|source| {
                ServiceError::Password { output: name.clone(), path: path.clone(), source }
            })?),
        };
    let password = password.as_deref().map(|text| text.trim_end_matches(['\r', '\n']));
    let target = Target::new(output, password)
        .map_err(|source| ServiceError::Header { output: name.clone(), source })?;
    let queue = Queue::open(folder, output.queue_limit.bytes())
        .map_err(|source| ServiceError::Queue { output: name.clone(), source })?;
    tracing::info!(output = name, waiting = queue.points(), damaged = queue.damaged(), "queue opened");
    Ok(Arc::new(Output::new(name, target, queue)))
}

fn common(config: &Config, host: String) -> CommonTags {
    let tags = config.tags.iter().map(|(name, value): (&TagName, &String)| (name.to_string(), value.clone()));
    CommonTags::new(tags.chain([("host".to_owned(), host)]))
}

/// The sets that are read, with their periods.
fn periods(config: &Config) -> Vec<(&'static Set, Duration)> {
    let chosen = |set: &&'static Set| {
        let own = config.sets.iter().find(|(name, _)| name.set() == *set).map(|(_, own)| own);
        let period = own.and_then(|own| own.period).map_or(set.period, Period::as_duration);
        own.is_none_or(|own| own.enabled).then_some((*set, period))
    };
    CATALOGUE.iter().filter_map(chosen).collect()
}

async fn read(
    mut pipeline: Pipeline,
    mut schedule: Schedule,
    clock: fn() -> Timestamp,
    stop: &CancellationToken,
) -> Result<(), ServiceError> {
    let start = Instant::now();
    while let Some(next) = schedule.next() {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep_until(start + next) => {}
        }
        let (due, missed) = schedule.due(start.elapsed());
        pipeline = tokio::task::spawn_blocking(move || {
            pipeline.round(&due, missed, clock());
            pipeline
        })
        .await?;
    }
    stop.cancelled().await;
    Ok(())
}
