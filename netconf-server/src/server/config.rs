//! `netconfd.yaml`. Everything has a default, which is the appliance.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use daybreak_appliers::transaction::{Applier, Appliers};
use daybreak_appliers::{Settings, frr, linux, telemetryd, vrouterd};
use daybreak_netconf::ssh::SshLimits;
use serde::Deserialize;

use crate::login::KEYS_FILE;

/// Where the configuration is unless another file is named.
pub const FILE: &str = "/etc/daybreak/netconfd.yaml";

/// NETCONF over SSH (RFC 6242 §3).
const PORT: u16 = 830;

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where NETCONF over SSH is served.
    pub listen: Vec<SocketAddr>,
    /// The UNIX socket for programs on this machine; none if empty.
    #[serde(deserialize_with = "maybe_path")]
    pub socket: Option<PathBuf>,
    /// Where the journal of running is kept.
    pub state_dir: PathBuf,
    /// Folder of `startup.xml` and `startup.json`.
    pub startup_dir: PathBuf,
    /// Private keys of the host, those of sshd; such as are not there are left out.
    pub host_keys: Vec<PathBuf>,
    /// Parts of the router that are carried out, in any order.
    pub appliers: Vec<Part>,
    /// Keys of a user, as sshd's `AuthorizedKeysFile`: `%h` is the home directory, `%u` the name.
    pub authorized_keys: String,
    /// Whether root may log in over SSH.
    pub permit_root: bool,
    /// How much there may be at once.
    pub limits: Limits,
}

/// A part of the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The data plane.
    Vrouterd,
    /// Interfaces, names, time, users.
    Linux,
    /// Routing.
    Frr,
    /// KPIs.
    Telemetryd,
}

/// How much there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections over SSH, and sessions on the UNIX socket.
    pub sessions: usize,
    /// Seconds between two requests of a session; 0 is for ever.
    pub idle_seconds: u64,
    /// MiB of one message.
    pub message_mib: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT))],
            socket: Some("/run/daybreak/netconfd.sock".into()),
            state_dir: "/var/lib/daybreak/netconf".into(),
            startup_dir: "/config".into(),
            host_keys: ["ed25519", "ecdsa", "rsa"]
                .map(|kind| PathBuf::from(format!("/etc/ssh/ssh_host_{kind}_key")))
                .into(),
            appliers: vec![Part::Vrouterd, Part::Linux, Part::Frr, Part::Telemetryd],
            authorized_keys: KEYS_FILE.to_owned(),
            permit_root: false,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { sessions: 128, idle_seconds: 0, message_mib: 64 }
    }
}

fn maybe_path<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::deserialize(from)?;
    Ok(if path.as_os_str().is_empty() { None } else { Some(path) })
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It says what is not known; the message has line, column and what is accepted.
    #[error("{path}: {message}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

impl Config {
    /// Reads a file. Without one the defaults hold if `path` is the usual one.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and column.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && path == Path::new(FILE) => {
                Ok(Self::default())
            }
            Err(source) => Err(ConfigError::Read { path: path.to_owned(), source }),
        }
    }

    /// Reads the text of a file; `path` is only named in errors.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let wrong = |message: String| ConfigError::Wrong { path: path.to_owned(), message };
        // A file of comments says nothing, which is the defaults.
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        let config: Self = serde_saphyr::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if config.listen.is_empty() && config.socket.is_none() {
            return Err(wrong("listen: and socket: are empty; nobody could reach the server".to_owned()));
        }
        if config.limits.sessions == 0 || config.limits.message_mib == 0 {
            return Err(wrong("limits: sessions and message_mib must be at least 1".to_owned()));
        }
        Ok(config)
    }

    /// The appliers that are asked for, in their order.
    pub(super) fn choose(&self, settings: Settings) -> Appliers {
        let has = |part| self.appliers.contains(&part);
        let mut list: Vec<Arc<dyn Applier>> = Vec::new();
        if has(Part::Vrouterd) {
            list.push(Arc::new(vrouterd::Vrouterd::new(settings.vrouterd)));
        }
        if has(Part::Linux) {
            list.push(Arc::new(linux::Linux::new(settings.linux)));
        }
        if has(Part::Frr) {
            list.push(Arc::new(frr::Frr::new(settings.frr)));
        }
        if has(Part::Telemetryd) {
            list.push(Arc::new(telemetryd::Telemetryd::new(settings.telemetryd)));
        }
        Appliers::new(list, settings.deadlines)
    }
}

impl Limits {
    pub(super) fn ssh(&self) -> SshLimits {
        SshLimits { connections: self.sessions, ..SshLimits::default() }
    }

    pub(super) fn idle(&self) -> Option<Duration> {
        (self.idle_seconds > 0).then(|| Duration::from_secs(self.idle_seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("n.yaml"))
    }

    #[test]
    fn nothing_is_the_defaults() {
        assert_eq!(parse("# nothing\n\n").unwrap(), Config::default());
        assert_eq!(Config::load(Path::new(FILE)).unwrap_or_default().listen[0].port(), PORT);
    }

    #[test]
    fn what_is_said_replaces_a_default() {
        let config =
            parse("listen: ['127.0.0.1:8300']\nsocket: ''\nappliers: [frr]\nlimits: {sessions: 3}\n")
                .unwrap();
        assert_eq!((config.listen[0].port(), &config.socket), (8300, &None));
        assert_eq!((config.appliers, config.limits.sessions), (vec![Part::Frr], 3));
        assert_eq!(config.state_dir, Config::default().state_dir);
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, parts) in [
            ("lisen: []\n", &["n.yaml", "lisen", "listen"][..]),
            ("listen: ['127.0.0.1:8300']\nappliers: [bird]\n", &["line 2", "bird", "frr"]),
            ("listen: []\nsocket: ''\n", &["nobody could reach"]),
            ("limits: {sessions: 0}\n", &["at least 1"]),
            ("listen: [localhost]\n", &["n.yaml", "line 1"]),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
        }
        let missing = Config::load(Path::new("/nowhere/n.yaml")).unwrap_err().to_string();
        assert!(missing.contains("/nowhere/n.yaml"), "{missing}");
    }
}
