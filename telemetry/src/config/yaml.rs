//! Reads the configuration from a YAML file (docs/telemetry.md).

use super::{
    Config, Endpoint, Fault, Influxdb, OutputName, Period, ProcessName, Prometheus, SetConfig, SetName, Size,
    Sources, TagName,
};
use crate::collect::{bgp, dataplane};
use serde::{Deserialize, Deserializer, de::Error};
use serde_saphyr::{Location, Spanned};
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The file is not usable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what a configuration looks like. The text shows the lines around the fault.
    #[error("{path}: {source}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, where, and what is accepted.
        source: Box<serde_saphyr::Error>,
    },
    /// Values that do not go together.
    #[error("{path}: {place}: {fault}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Where.
        place: Place,
        /// What is wrong and what is accepted.
        fault: Fault,
    },
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

impl Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {} column {}", self.line, self.column)
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

impl ConfigError {
    /// Where in the file, unless it could not be read.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Read { .. } => None,
            Self::Syntax { source, .. } => source.location().map(Place::from),
            Self::Invalid { place, .. } => Some(*place),
        }
    }

    /// In one line, for a log: file, line, column and what is wrong.
    pub fn brief(&self) -> String {
        match self {
            Self::Syntax { path, source } => {
                let (path, text) = (path.display(), source.without_snippet().to_string());
                let Some(place) = self.place() else { return format!("{path}: {text}") };
                // Said at the begin, as for other faults.
                let end = format!(" at line {}, column {}", place.line, place.column);
                format!("{path}: {place}: {}", text.strip_suffix(&end).unwrap_or(&text))
            }
            other => other.to_string(),
        }
    }
}

/// Reads and checks a file. Paths in it count from its folder.
///
/// # Errors
/// When it cannot be read, does not parse, or its values do not go together.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let file: File = serde_saphyr::from_str(&text)
        .map_err(|source| ConfigError::Syntax { path: path.to_owned(), source: source.into() })?;
    let places = file.places();
    let invalid = |fault: Fault| {
        // A fault of something that is not written down is at the begin.
        let place = places.get(&fault.key).copied().unwrap_or(Place { line: 1, column: 1 });
        ConfigError::Invalid { path: path.to_owned(), place, fault }
    };
    let config = file.into_config(path.parent().unwrap_or(Path::new(""))).map_err(invalid)?;
    config.check().map_err(invalid)?;
    Ok(config)
}

/// A value that is parsed while the file is, so that its error has line and column.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Parsed<T>(T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map(Self).map_err(D::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    host: Option<Spanned<String>>,
    #[serde(default)]
    tags: BTreeMap<Parsed<TagName>, Spanned<String>>,
    #[serde(default = "state_dir")]
    state_dir: PathBuf,
    processes: Option<Vec<Spanned<Parsed<ProcessName>>>>,
    #[serde(default)]
    sets: BTreeMap<Parsed<SetName>, SetFile>,
    #[serde(default)]
    sources: SourcesFile,
    outputs: Spanned<OutputsFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFile {
    #[serde(default = "yes")]
    enabled: bool,
    period: Option<Parsed<Period>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct SourcesFile {
    vrouterd: Option<PathBuf>,
    bgpd: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutputsFile {
    #[serde(default)]
    influxdb: Vec<Spanned<InfluxdbFile>>,
    prometheus: Option<PrometheusFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InfluxdbFile {
    name: Parsed<OutputName>,
    url: Parsed<Endpoint>,
    database: String,
    retention_policy: Option<String>,
    username: Option<String>,
    password_file: Option<PathBuf>,
    queue_limit: Option<Parsed<Size>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrometheusFile {
    #[serde(default = "listen")]
    listen: Parsed<SocketAddr>,
}

fn state_dir() -> PathBuf {
    "/var/lib/daybreak/telemetry".into()
}

fn processes() -> Vec<ProcessName> {
    let names = ["vrouterd", "netconfd", "telemetryd", "zebra", "bgpd"];
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

fn yes() -> bool {
    true
}

fn listen() -> Parsed<SocketAddr> {
    Parsed((Ipv4Addr::LOCALHOST, 9273).into())
}

impl File {
    /// Where what [`Fault::key`] may name is written; of what is there twice, the second.
    fn places(&self) -> BTreeMap<String, Place> {
        let host = self.host.iter().map(|host| ("host".to_owned(), host.referenced));
        let tags = self.tags.iter().flat_map(|(name, value)| {
            let key = format!("tags.{}", name.0);
            // The first of them stands for all where they are too many.
            [("tags".to_owned(), value.referenced), (key, value.referenced)]
        });
        let processes = self.processes.iter().flatten().flat_map(|name| {
            let key = format!("processes {}", name.value.0);
            [("processes".to_owned(), name.referenced), (key, name.referenced)]
        });
        let outputs = self.outputs.value.influxdb.iter().flat_map(|output| {
            let key = format!("outputs.influxdb {}", output.value.name.0);
            [("outputs.influxdb".to_owned(), output.referenced), (key, output.referenced)]
        });
        let all = std::iter::once(("outputs".to_owned(), self.outputs.referenced));
        all.chain(host)
            .chain(tags)
            .chain(processes)
            .chain(outputs)
            .map(|(key, location)| (key, location.into()))
            .collect()
    }

    fn into_config(self, folder: &Path) -> Result<Config, Fault> {
        let outputs = self.outputs.value;
        let output = |output: Spanned<InfluxdbFile>| output.value.into_config(folder);
        let socket = |named: Option<PathBuf>, usual: &str| {
            named.map_or_else(|| usual.into(), |path| folder.join(path))
        };
        let named =
            |names: Vec<Spanned<Parsed<ProcessName>>>| names.into_iter().map(|name| name.value.0).collect();
        Ok(Config {
            host: self.host.map(|host| host.value),
            tags: self.tags.into_iter().map(|(name, value)| (name.0, value.value)).collect(),
            state_dir: folder.join(self.state_dir),
            processes: self.processes.map_or_else(processes, named),
            sets: self.sets.into_iter().map(|(name, set)| (name.0, set.into_config())).collect(),
            sources: Sources {
                vrouterd: socket(self.sources.vrouterd, dataplane::DEFAULT_SOCKET),
                bgpd: socket(self.sources.bgpd, bgp::DEFAULT_SOCKET),
            },
            influxdb: outputs.influxdb.into_iter().map(output).collect::<Result<_, _>>()?,
            prometheus: outputs.prometheus.map(|file| Prometheus { listen: file.listen.0 }),
        })
    }
}

impl SetFile {
    fn into_config(self) -> SetConfig {
        SetConfig { enabled: self.enabled, period: self.period.map(|period| period.0) }
    }
}

impl InfluxdbFile {
    fn into_config(self, folder: &Path) -> Result<Influxdb, Fault> {
        let login = match (self.username, self.password_file) {
            (Some(user), Some(file)) => Some((user, folder.join(file))),
            (None, None) => None,
            _ => {
                let key = format!("outputs.influxdb {}", self.name.0);
                return Err(Fault::new(key, "username and password_file go together"));
            }
        };
        Ok(Influxdb {
            name: self.name.0,
            url: self.url.0,
            database: self.database,
            retention_policy: self.retention_policy,
            login,
            queue_limit: self.queue_limit.map_or(Size::DEFAULT, |size| size.0),
        })
    }
}

#[cfg(test)]
mod tests;
