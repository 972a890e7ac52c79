//! What the daemon is told to do, wherever it is told so: the readers fill these types and share their checks.

mod values;
pub mod yaml;

pub use values::{Endpoint, OutputName, Period, ProcessName, SetName, Size, TagName};

use crate::catalogue::{CATALOGUE, OUTPUT, PROCESS};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Tags that an operator may add.
const MOST_TAGS: usize = 16;

/// What does not go together in a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct Fault {
    /// The key: names from the root, with dots between them, and the name of an entry of a list behind a blank.
    pub key: String,
    /// What is wrong with it, and what is accepted.
    pub message: String,
}

impl Fault {
    fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Value of the tag `host`; the name of the machine if absent.
    pub host: Option<String>,
    /// Tags of every point.
    pub tags: BTreeMap<TagName, String>,
    /// Where queues are kept.
    pub state_dir: PathBuf,
    /// Programs of the set `system_process`.
    pub processes: Vec<ProcessName>,
    /// What differs from the catalogue.
    pub sets: BTreeMap<SetName, SetConfig>,
    /// Where the daemons are that are asked.
    pub sources: Sources,
    /// Databases that take line protocol.
    pub influxdb: Vec<Influxdb>,
    /// The Prometheus endpoint; none if absent.
    pub prometheus: Option<Prometheus>,
}

/// What differs from the catalogue in one set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetConfig {
    /// Whether it is read.
    pub enabled: bool,
    /// How often, if not as the catalogue says.
    pub period: Option<Period>,
}

/// Where the daemons are that are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// Control socket of `vrouterd`.
    pub vrouterd: PathBuf,
    /// Vty socket of FRR's bgpd.
    pub bgpd: PathBuf,
}

/// A database that takes line protocol at `/write`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Influxdb {
    /// Name, unique: folder of the queue and tag of its KPIs.
    pub name: OutputName,
    /// Where it is.
    pub url: Endpoint,
    /// Its database.
    pub database: String,
    /// Its retention policy; the database's default if absent.
    pub retention_policy: Option<String>,
    /// User and file with the password.
    pub login: Option<(String, PathBuf)>,
    /// Largest size of the queue.
    pub queue_limit: Size,
}

/// The Prometheus endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prometheus {
    /// Where it listens.
    pub listen: SocketAddr,
}

impl Config {
    /// Checks what no single value shows.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        if self.host.as_deref().is_some_and(str::is_empty) {
            return Err(Fault::new("host", "is empty; leave it out for the name of the machine"));
        }
        if self.tags.len() > MOST_TAGS {
            let message = format!("{} of them; at most {MOST_TAGS} are accepted", self.tags.len());
            return Err(Fault::new("tags", message));
        }
        for (tag, value) in &self.tags {
            let fault = |message| Err(Fault::new(format!("tags.{tag}"), message));
            if value.is_empty() {
                return fault("is empty; the line protocol cannot say that");
            }
            if taken(tag.as_str()) {
                return fault("the catalogue uses this name (telemetryd kpis); take another");
            }
        }
        distinct("processes", self.processes.iter().map(ProcessName::as_str), PROCESS.tags[0].budget)?;
        distinct("outputs.influxdb", self.influxdb.iter().map(|o| o.name.as_str()), OUTPUT.tags[0].budget)?;
        for output in &self.influxdb {
            if output.database.is_empty() {
                return Err(Fault::new(format!("outputs.influxdb {}", output.name), "database is empty"));
            }
        }
        if self.influxdb.is_empty() && self.prometheus.is_none() {
            return Err(Fault::new("outputs", "none; name an influxdb or a prometheus output"));
        }
        Ok(())
    }
}

/// Whether the catalogue or the protocol already means something by the name.
fn taken(name: &str) -> bool {
    let used = CATALOGUE
        .iter()
        .flat_map(|set| set.tags.iter().map(|tag| tag.name).chain(set.kpis.iter().map(|kpi| kpi.name)));
    ["host", "time"].into_iter().chain(used).any(|used| used == name)
}

fn distinct<'a>(key: &str, names: impl Iterator<Item = &'a str>, most: usize) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Fault::new(format!("{key} {name}"), "is there twice"));
        }
    }
    if seen.len() > most {
        return Err(Fault::new(key, format!("{} of them; at most {most} are accepted", seen.len())));
    }
    Ok(())
}
