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
    /// Ports by number; `None` where a port was removed.
    pub ports: Vec<Option<PortInfo>>,
    /// Counts changes, so that the pipeline knows when what it remembers of these tables is old.
    version: u64,
}

impl Tables {
    /// Tables without ports.
    pub fn new(
        ipv4: Fib<Ipv4Addr>,
        ipv6: Fib<Ipv6Addr>,
        next_hops: NextHops,
        neighbours: Neighbours,
    ) -> Self {
        Self { ipv4, ipv6, next_hops, neighbours, ports: Vec::new(), version: 1 }
    }

    /// Puts a port in its place, or with `None` takes it away.
    pub fn set_port(&mut self, port: PortId, info: Option<PortInfo>) {
        let place = usize::from(port.0);
        if place >= self.ports.len() {
            self.ports.resize(place + 1, None);
        }
        self.ports[place] = info;
        self.changed();
    }

    /// Says whom the errors of a port come from; nothing happens when there is no such port.
    pub fn set_sources(&mut self, port: PortId, ipv4: Option<Ipv4Addr>, ipv6: Option<Ipv6Addr>) {
        if let Some(Some(info)) = self.ports.get_mut(usize::from(port.0)) {
            (info.ipv4, info.ipv6) = (ipv4, ipv6);
        }
        self.changed();
    }

    /// Must be called after a field was changed directly; the worker does it after every request.
    pub fn changed(&mut self) {
        self.version += 1;
    }

    /// Changes so far.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// The port with a number.
    #[inline]
    pub(super) fn port(&self, port: PortId) -> Option<&PortInfo> {
        self.ports.get(usize::from(port.0))?.as_ref()
    }
}
