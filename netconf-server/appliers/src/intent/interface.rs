//! Interfaces (RFC 8343) and their addresses (RFC 8344).

use super::At;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// An interface that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// The list entry `interface`; leafs used: `name`, `type`, `description`, `enabled`.
    #[serde(default)]
    pub at: At,
    /// Name, as Linux and the data plane know it.
    pub name: String,
    /// What it is.
    pub kind: InterfaceKind,
    /// Free text; becomes the alias in Linux.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it is up.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// None: its IPv4 addresses are somebody else's, as those of Day-1 on the management port.
    #[serde(default)]
    pub ipv4: Option<IpConfig>,
    /// None: its IPv6 addresses are somebody else's.
    #[serde(default)]
    pub ipv6: Option<IpConfig>,
}

/// What an interface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterfaceKind {
    /// A port: of the data plane with its twin in Linux, or of Linux alone.
    Ethernet,
    /// `lo`.
    Loopback,
}

/// One IP family of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IpConfig {
    /// The container `ipv4` or `ipv6`; leafs used: `enabled`, `forwarding`, `mtu`.
    #[serde(default)]
    pub at: At,
    /// False: no address of the family is on the interface.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether Linux forwards what comes in here; None leaves it as it is. The data plane always forwards.
    #[serde(default)]
    pub forwarding: Option<bool>,
    /// Largest packet in bytes; None: as the interface has it.
    #[serde(default)]
    pub mtu: Option<u32>,
    /// Exactly these, beside link-local ones and those that DHCP or router advertisements gave.
    #[serde(default)]
    pub addresses: Vec<Address>,
}

/// An address with the length of its subnet's prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The list entry `address`; leafs used: `ip`, `prefix-length`.
    #[serde(default)]
    pub at: At,
    /// The address and the length; host bits stay.
    pub net: IpNet,
}

impl Address {
    /// The address alone.
    pub fn ip(&self) -> IpAddr {
        self.net.addr()
    }
}

impl Interface {
    /// Both families, where they are configured.
    pub fn families(&self) -> impl Iterator<Item = &IpConfig> {
        self.ipv4.iter().chain(&self.ipv6)
    }

    /// The one MTU that link and data plane know, with the leaf that asks for it.
    pub fn mtu(&self) -> Option<(u32, &At)> {
        self.families().find_map(|family| family.mtu.map(|mtu| (mtu, &family.at)))
    }
}

fn yes() -> bool {
    true
}
