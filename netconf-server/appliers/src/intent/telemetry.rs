//! KPIs and where they go: what `telemetryd` reads from its file (docs/telemetry.md).

use super::At;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The whole configuration of `telemetryd`; its folder for queues stays where the package puts it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// The container; leafs used: `host`, `tag`, `process`.
    pub at: At,
    /// Value of the tag `host`; the name of the machine if absent.
    pub host: Option<String>,
    /// More tags of every point.
    pub tags: BTreeMap<String, String>,
    /// Programs of the set `system_process`; telemetryd's own choice if absent.
    pub processes: Option<Vec<String>>,
    /// What differs from the catalogue, by the name of the set.
    pub sets: BTreeMap<String, TelemetrySet>,
    /// Databases that take line protocol.
    pub influxdb: Vec<Influxdb>,
    /// The Prometheus endpoint; none if absent.
    pub prometheus: Option<Prometheus>,
}

/// What differs from the catalogue in one set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySet {
    /// The list entry; leafs used: `enabled`, `period`.
    #[serde(default)]
    pub at: At,
    /// Whether it is read; as the catalogue says if absent.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Seconds between two readings, 1 to 3600; as the catalogue says if absent.
    #[serde(default)]
    pub period: Option<u32>,
}

/// A database that takes line protocol at `/write`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Influxdb {
    /// The list entry; leafs used: `name`, `url`, `database`, `retention-policy`, `username`, `password-file`,
    /// `queue-limit`.
    #[serde(default)]
    pub at: At,
    /// Name, unique.
    pub name: String,
    /// `http://HOST[:PORT][/PATH]`.
    pub url: String,
    /// Its database.
    pub database: String,
    /// Its retention policy; the database's default if absent.
    #[serde(default)]
    pub retention_policy: Option<String>,
    /// Who writes; anybody if absent.
    #[serde(default)]
    pub login: Option<Login>,
    /// Largest size of the queue on disk in MiB, 4 to 65536; 64 if absent.
    #[serde(default)]
    pub queue_limit: Option<u32>,
}

/// A user of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Name.
    pub username: String,
    /// File on this machine that holds the password; the password itself is nowhere in the configuration.
    pub password_file: String,
}

/// The Prometheus endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prometheus {
    /// The container; leafs used: `listen`.
    #[serde(default)]
    pub at: At,
    /// Where it listens; telemetryd's own choice if absent.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
}
