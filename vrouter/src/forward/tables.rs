//! What forwarding knows.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::fib::{Fib, Neighbours, NextHops, PortId};
use crate::packet::MacAddr;

/// A port as forwarding sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortInfo {
    /// Its hardware address.
    pub mac: MacAddr,
    /// Largest IP packet in bytes.
    pub mtu: u16,
    /// Whom IPv4 errors come from; without an address none are sent.
    pub ipv4: Option<Ipv4Addr>,
    /// Whom IPv6 errors come from; without an address none are sent.
    pub ipv6: Option<Ipv6Addr>,
}

/// Routes, next hops, neighbours and ports.
#[derive(Debug)]
pub struct Tables {
    /// IPv4 routes.
    pub ipv4: Fib<Ipv4Addr>,
    /// IPv6 routes.
    pub ipv6: Fib<Ipv6Addr>,
    /// What the routes lead to.
    pub next_hops: NextHops,
    /// Hardware addresses.
    pub neighbours: Neighbours,
    /// Ports by number.
    pub ports: Vec<PortInfo>,
}

impl Tables {
    /// The port with a number.
    #[inline]
    pub(super) fn port(&self, port: PortId) -> Option<&PortInfo> {
        self.ports.get(usize::from(port.0))
    }
}
