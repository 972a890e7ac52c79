//! Reads the configuration from a YAML file (docs/telemetry.md).

use super::{
    Config, Endpoint, Influxdb, OutputName, Period, ProcessName, Prometheus, SetConfig, SetName, Size,
    TagName,
};
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;
use std::fmt::Display;
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
    /// It is not what a configuration looks like; the text has line and column.
    #[error("{path}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column, what is wrong and what is accepted.
        message: String,
    },
    /// Values that do not go together.
    #[error("{path}: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Which key, what is wrong and what is accepted.
        message: String,
    },
}

/// Reads and checks a file. Paths in it count from its folder.
///
/// # Errors
/// When it cannot be read, does not parse, or its values do not go together.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let file: File = serde_saphyr::from_str(&text)
        .map_err(|error| ConfigError::Syntax { path: path.to_owned(), message: error.to_string() })?;
    let invalid = |message| ConfigError::Invalid { path: path.to_owned(), message };
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
    host: Option<String>,
    #[serde(default)]
    tags: BTreeMap<Parsed<TagName>, String>,
    #[serde(default = "state_dir")]
    state_dir: PathBuf,
    #[serde(default = "processes")]
    processes: Vec<Parsed<ProcessName>>,
    #[serde(default)]
    sets: BTreeMap<Parsed<SetName>, SetFile>,
    outputs: OutputsFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFile {
    #[serde(default = "yes")]
    enabled: bool,
    period: Option<Parsed<Period>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutputsFile {
    #[serde(default)]
    influxdb: Vec<InfluxdbFile>,
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

fn processes() -> Vec<Parsed<ProcessName>> {
    let names = ["vrouterd", "netconfd", "telemetryd", "zebra", "bgpd"];
    names.iter().filter_map(|name| name.parse().ok().map(Parsed)).collect()
}

fn yes() -> bool {
    true
}

fn listen() -> Parsed<SocketAddr> {
    Parsed((Ipv4Addr::LOCALHOST, 9273).into())
}

impl File {
    fn into_config(self, folder: &Path) -> Result<Config, String> {
        let output = |output: InfluxdbFile| output.into_config(folder);
        Ok(Config {
            host: self.host,
            tags: self.tags.into_iter().map(|(name, value)| (name.0, value)).collect(),
            state_dir: folder.join(self.state_dir),
            processes: self.processes.into_iter().map(|name| name.0).collect(),
            sets: self.sets.into_iter().map(|(name, set)| (name.0, set.into_config())).collect(),
            influxdb: self.outputs.influxdb.into_iter().map(output).collect::<Result<_, _>>()?,
            prometheus: self.outputs.prometheus.map(|file| Prometheus { listen: file.listen.0 }),
        })
    }
}

impl SetFile {
    fn into_config(self) -> SetConfig {
        SetConfig { enabled: self.enabled, period: self.period.map(|period| period.0) }
    }
}

impl InfluxdbFile {
    fn into_config(self, folder: &Path) -> Result<Influxdb, String> {
        let login = match (self.username, self.password_file) {
            (Some(user), Some(file)) => Some((user, folder.join(file))),
            (None, None) => None,
            _ => {
                let name = self.name.0;
                return Err(format!("outputs.influxdb {name}: username and password_file go together"));
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
mod tests {
    use super::load;
    use std::path::Path;
    use std::time::Duration;

    fn error(text: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("telemetry.yaml");
        std::fs::write(&path, text).unwrap();
        load(&path).unwrap_err().to_string()
    }

    const OUTPUTS: &str = "outputs: {prometheus: {}}\n";

    #[test]
    fn the_sample_of_the_manual_reads() {
        let config = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("telemetryd.yaml")).unwrap();
        assert_eq!(config.influxdb[0].name.as_str(), "main");
        assert_eq!(config.influxdb[0].queue_limit.bytes(), 64 << 20);
        assert_eq!(config.prometheus.unwrap().listen.to_string(), "127.0.0.1:9273");
        let periods: Vec<_> = config.sets.values().filter_map(|set| set.period).collect();
        assert_eq!(periods[0].as_duration(), Duration::from_secs(5));
        let manual = include_str!("../../../docs/telemetry.md");
        assert!(
            manual.contains(include_str!("../../telemetryd.yaml")),
            "docs/telemetry.md shows another sample"
        );
    }

    #[test]
    fn an_error_names_file_line_column_and_what_is_accepted() {
        for (text, place, accepted) in [
            (format!("{OUTPUTS}output: 3\n"), "line 2", "outputs"),
            (format!("{OUTPUTS}sets:\n  system_cpu: {{period: 10}}\n"), "line 3", "1s to 1h"),
            (format!("{OUTPUTS}sets:\n  cpu: {{period: 10s}}\n"), "line 3", "system_cpu"),
            (
                "outputs:\n  influxdb:\n  - {name: a, url: 'https://db', database: x}\n".to_owned(),
                "line 3",
                "TLS",
            ),
            ("outputs:\n  prometheus: {listen: here}\n".to_owned(), "line 2", "socket address"),
            ("outputs: {\n".to_owned(), "line", ""),
        ] {
            let message = error(&text);
            for part in ["telemetry.yaml", place, "column", accepted] {
                assert!(message.contains(part), "{part:?} is not in {message}");
            }
        }
    }

    #[test]
    fn values_that_do_not_go_together_are_refused() {
        let influx =
            |rest: &str| format!("outputs: {{influxdb: [{{name: a, url: 'http://db', database: x{rest}}}]}}");
        for (text, expected) in [
            ("outputs: {}".to_owned(), "outputs"),
            (format!("{OUTPUTS}host: ''"), "host"),
            (format!("{OUTPUTS}tags: {{interface: x}}"), "tags.interface"),
            (format!("{OUTPUTS}tags: {{host: x}}"), "tags.host"),
            (format!("{OUTPUTS}tags: {{site: ''}}"), "tags.site"),
            (format!("{OUTPUTS}processes: [a, a]"), "twice"),
            (influx(", username: u"), "password_file"),
            (influx("}, {name: a, url: 'http://db', database: y"), "twice"),
            (influx(", database: ''").replace("database: x, ", ""), "database"),
        ] {
            let message = error(&text);
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn paths_count_from_the_files_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("telemetry.yaml");
        std::fs::write(&path, format!("{OUTPUTS}state_dir: state\n")).unwrap();
        assert_eq!(load(&path).unwrap().state_dir, dir.path().join("state"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = load(Path::new("/nonexistent/telemetry.yaml")).unwrap_err().to_string();
        assert!(message.contains("/nonexistent/telemetry.yaml"), "{message}");
    }
}
