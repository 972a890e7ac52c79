//! Static routes (RFC 8349).

use super::At;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A static route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticRoute {
    /// The list entry `route`; leafs used: `destination-prefix`.
    #[serde(default)]
    pub at: At,
    /// Destination; host bits are zero.
    pub prefix: IpNet,
    /// At least one; traffic is shared between several.
    pub next_hops: Vec<NextHop>,
    /// Administrative distance, 1 to 255; 1 if absent.
    #[serde(default)]
    pub distance: Option<u8>,
}

/// One next hop of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextHop {
    /// The leaf or list entry that gives it.
    #[serde(default)]
    pub at: At,
    /// Where to.
    pub target: Target,
}

/// Where packets go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Target {
    /// To a router, found by its address.
    Address(IpAddr),
    /// To whoever answers on the link.
    Interface(String),
    /// To a router on a link, as a link-local address needs it.
    Via {
        /// The router.
        address: IpAddr,
        /// Name of the interface.
        interface: String,
    },
    /// Nowhere.
    Special(Special),
}

/// What becomes of packets that go nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Special {
    /// Dropped in silence.
    Blackhole,
    /// Dropped, and the sender gets an ICMP error.
    Reject,
}
