//! The daemon: what runs, for how long, and what it is told to do.

mod meter;
mod outputs;
mod pipeline;
mod readers;
mod schedule;
mod scrapes;
mod tallies;

pub use meter::Cost;
pub use pipeline::Pipeline;

use crate::catalogue::{CATALOGUE, Set};
use crate::collect::{Clock, Machine};
use crate::config::{Config, Period, ProcessName, TagName};
use crate::influx::TargetError;
use crate::line::CommonTags;
use crate::queue::QueueError;
use crate::snapshot::Snapshot;
use outputs::Outputs;
use parking_lot::Mutex;
use readers::Readers;
use scrapes::Scrapes;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

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
    /// A password cannot be read, or makes no header.
    #[error("output {output}: {source}")]
    Target {
        /// The output.
        output: String,
        /// Why.
        source: TargetError,
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

/// The running daemon.
#[derive(Debug)]
pub struct Daemon {
    machine_name: String,
    clock: Clock,
    pipeline: Arc<Mutex<Pipeline>>,
    outputs: Outputs,
    scrapes: Scrapes,
    readers: Readers,
}

impl Daemon {
    /// Starts it. `machine_name` is the tag `host` where the configuration has none, and `clock` gives the times of points.
    ///
    /// Queues are opened and addresses are bound before the first reading, so what cannot work is told at once. A password
    /// that cannot be read and an address that cannot be had are that output's own trouble: it tries again, and the others
    /// work.
    ///
    /// # Errors
    /// When it cannot do what the configuration wants.
    pub async fn start(config: &Config, machine_name: String, clock: Clock) -> Result<Self, ServiceError> {
        let (snapshot, refused_scrapes) = (Arc::new(Snapshot::default()), Arc::new(AtomicU64::new(0)));
        let pipeline = Pipeline::new(machine(config), Arc::clone(&snapshot), Arc::clone(&refused_scrapes));
        let mut daemon = Self {
            machine_name,
            clock,
            pipeline: Arc::new(Mutex::new(pipeline)),
            outputs: Outputs::default(),
            scrapes: Scrapes::new(snapshot, refused_scrapes),
            readers: Readers::default(),
        };
        daemon.apply(config, true).await?;
        Ok(daemon)
    }

    /// Does what another configuration wants. Queues, connections and counters of what is in both go on.
    ///
    /// # Errors
    /// When it cannot; the daemon goes on as before then. After [`ServiceError::Round`] it is of no use any more.
    pub async fn reload(&mut self, config: &Config) -> Result<(), ServiceError> {
        let outcome = self.apply(config, false).await;
        self.pipeline.lock().reloaded(outcome.is_ok());
        outcome
    }

    /// Counts a configuration that could not even be read.
    pub fn refused_reload(&self) {
        self.pipeline.lock().reloaded(false);
    }

    /// Waits until the daemon cannot go on.
    pub async fn failed(&mut self) -> ServiceError {
        self.readers.failed().await.into()
    }

    /// Ends it. What is not delivered stays in the queues.
    ///
    /// # Errors
    /// When a reading panicked.
    pub async fn stop(mut self) -> Result<(), ServiceError> {
        let outcome = self.readers.stop().await;
        self.scrapes.stop().await;
        self.outputs.stop().await;
        Ok(outcome?)
    }

    async fn apply(&mut self, config: &Config, start: bool) -> Result<(), ServiceError> {
        let plan = self.outputs.plan(config, start)?;
        let listen = config.prometheus.map(|prometheus| prometheus.listen);
        match self.scrapes.listen(listen).await {
            Err(ServiceError::Listen { listen, source }) if start => {
                self.scrapes.listen_later(listen, &source);
            }
            outcome => outcome?,
        }
        // From here on nothing can be refused.
        self.readers.stop().await?;
        self.outputs.apply(plan).await;
        let sets = periods(config);
        let read: Vec<&Set> = sets.iter().map(|(set, _)| *set).collect();
        let host = config.host.clone().unwrap_or_else(|| self.machine_name.clone());
        self.pipeline.lock().configure(machine(config), common(config, host), self.outputs.all(), &read);
        self.readers = Readers::start(&sets, &config.sources, self.clock, &self.pipeline);
        Ok(())
    }
}

/// The machine as the configuration wants it read.
fn machine(config: &Config) -> Machine {
    Machine::this(config.processes.iter().map(ProcessName::to_string).collect())
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
