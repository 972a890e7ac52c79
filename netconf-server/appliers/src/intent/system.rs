//! Names, time and users (RFC 7317).

use super::At;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct System {
    /// The container `system`; leafs used: `contact`, `hostname`, `location`.
    pub at: At,
    /// Who answers for the machine.
    pub contact: Option<String>,
    /// Name of the machine.
    pub hostname: Option<String>,
    /// Where it stands.
    pub location: Option<String>,
    /// Timezone.
    pub timezone: Option<Timezone>,
    /// Resolver.
    pub dns: Dns,
    /// Clock.
    pub ntp: Ntp,
    /// Users, sorted by name. Users that are not here and were never made from here are left alone.
    pub users: Vec<User>,
}

/// A timezone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timezone {
    /// The leaf `clock/timezone-name` or `clock/timezone-utc-offset`.
    #[serde(default)]
    pub at: At,
    /// Name in the database of IANA, as `Europe/Vienna`; an offset from UTC is `Etc/GMT-2`, whose sign is turned round.
    pub name: String,
}

/// The resolver.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dns {
    /// Domains in which a short name is looked up, in order.
    pub search: Vec<SearchDomain>,
    /// Servers, in order.
    pub servers: Vec<DnsServer>,
}

/// A domain in which a short name is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchDomain {
    /// The leaf-list entry.
    #[serde(default)]
    pub at: At,
    /// Its name.
    pub name: String,
}

/// A name server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnsServer {
    /// The list entry `server`; leafs used: `udp-and-tcp/address`, `udp-and-tcp/port`.
    #[serde(default)]
    pub at: At,
    /// Its address.
    pub address: IpAddr,
    /// Its port; 53 if absent.
    #[serde(default)]
    pub port: Option<u16>,
}

/// The clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ntp {
    /// The container `ntp`; leafs used: `enabled`.
    pub at: At,
    /// False: the clock runs by itself, or by what Day-1 set, and `servers` are kept unused.
    pub enabled: bool,
    /// Servers.
    pub servers: Vec<NtpServer>,
}

impl Default for Ntp {
    fn default() -> Self {
        Self { at: At::default(), enabled: true, servers: Vec::new() }
    }
}

/// A time server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NtpServer {
    /// The list entry `server`; leafs used: `udp/address`.
    #[serde(default)]
    pub at: At,
    /// Its address or name.
    pub address: String,
}

/// A user of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The list entry `user`; leafs used: `name`, `daybreak-…:admin`.
    #[serde(default)]
    pub at: At,
    /// Login.
    pub name: String,
    /// Keys that open a session.
    #[serde(default)]
    pub keys: Vec<AuthorizedKey>,
    /// Member of the group `sudo`, and so of NACM's group `admin`.
    #[serde(default)]
    pub admin: bool,
}

/// A public key of SSH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizedKey {
    /// The list entry `authorized-key`; leafs used: `name`, `algorithm`, `key-data`.
    #[serde(default)]
    pub at: At,
    /// Name, unique for the user; becomes the comment of the key.
    pub name: String,
    /// As `ssh-ed25519`.
    pub algorithm: String,
    /// The key in base64.
    pub data: String,
}
