//! BGP (RFC 4271).

use super::At;
use imbl::OrdMap;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The one BGP instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bgp {
    /// The container `global`; leafs used: `as`, `identifier`.
    #[serde(default)]
    pub at: At,
    /// Own AS number.
    pub as_number: u32,
    /// BGP identifier; FRR chooses the highest address of the router if absent.
    #[serde(default)]
    pub router_id: Option<Ipv4Addr>,
    /// What is originated, per family.
    #[serde(default)]
    pub families: Vec<BgpFamily>,
    /// By address.
    #[serde(default)]
    pub neighbors: OrdMap<IpAddr, Arc<BgpNeighbor>>,
}

/// An address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// IPv4 unicast.
    Ipv4Unicast,
    /// IPv6 unicast.
    Ipv6Unicast,
}

/// What is originated in a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BgpFamily {
    /// The list entry `afi-safi`.
    #[serde(default)]
    pub at: At,
    /// Which.
    pub family: Family,
    /// Prefixes that are announced while they are in the routing table.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// Routes of other protocols that are announced.
    #[serde(default)]
    pub redistribute: Vec<Redistribute>,
}

/// A prefix that is announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The leaf-list entry.
    #[serde(default)]
    pub at: At,
    /// Of the family; host bits are zero.
    pub prefix: IpNet,
}

/// A protocol whose routes are announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redistribute {
    /// The leaf-list entry.
    #[serde(default)]
    pub at: At,
    /// Which.
    pub source: Source,
}

/// Where a route comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Subnets of the router's interfaces.
    Connected,
    /// Routes that Linux has from elsewhere.
    Kernel,
    /// Static routes.
    Static,
}

/// A neighbor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BgpNeighbor {
    /// The list entry `neighbor`; leafs used: `remote-address`, `peer-as`, `description`, `enabled`.
    #[serde(default)]
    pub at: At,
    /// Its address.
    pub address: IpAddr,
    /// Its AS number.
    pub peer_as: u32,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
    /// False: no session.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Families of the session; none: nothing is exchanged.
    #[serde(default)]
    pub families: Vec<NeighborFamily>,
    /// What differs from FRR's timers.
    #[serde(default)]
    pub timers: BgpTimers,
    /// The neighbor of another AS is not on a link of ours.
    #[serde(default)]
    pub multihop: Option<Multihop>,
    /// Own address of the session, with the leaf that gives it.
    #[serde(default)]
    pub local_address: Option<IpAddr>,
    /// Wait for the neighbor's connection.
    #[serde(default)]
    pub passive: bool,
}

/// A family of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeighborFamily {
    /// The list entry `afi-safi`.
    #[serde(default)]
    pub at: At,
    /// Which.
    pub family: Family,
}

/// Timers of a session, in seconds. Leafs of the neighbor: `timers/keepalive`, `timers/hold-time`,
/// `timers/connect-retry-interval`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BgpTimers {
    /// Time between keepalives; a third of `hold` if absent.
    pub keepalive: Option<u16>,
    /// Time without a word after which the session ends: 0, or 3 and more (RFC 4271 §4.2); 180 if absent.
    pub hold: Option<u16>,
    /// Time between attempts to connect: 1 to 65535; 120 if absent.
    pub connect_retry: Option<u16>,
}

/// How far away a neighbor of another AS may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Multihop {
    /// The container `transport/ebgp-multihop`; leafs used: `multihop-ttl`.
    #[serde(default)]
    pub at: At,
    /// Hops, 1 to 255.
    pub ttl: u8,
}

fn yes() -> bool {
    true
}
