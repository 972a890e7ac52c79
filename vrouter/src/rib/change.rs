//! What the RIB decides, to be made so in the tables of the packet thread.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use thiserror::Error;

use crate::fib::{FibError, NeighboursFull, NextHop, NextHopId, NextHopsFull, PortId};
use crate::forward::Tables;
use crate::packet::MacAddr;

/// One change of the tables. Made in order, no route ever holds the number of a next hop that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Put a next hop under a number, or empty it.
    NextHop(NextHopId, Option<NextHop>),
    /// Have a route lead to the next hop with a number, or take it away.
    Route(IpNet, Option<NextHopId>),
    /// Remember the hardware address of a neighbour, or forget it.
    Neighbour {
        /// Where it is.
        port: PortId,
        /// Who it is.
        address: IpAddr,
        /// How it is reached.
        mac: Option<MacAddr>,
    },
    /// Whom ICMP errors of a port come from.
    Sources {
        /// The port.
        port: PortId,
        /// Of IPv4 errors.
        ipv4: Option<Ipv4Addr>,
        /// Of IPv6 errors.
        ipv6: Option<Ipv6Addr>,
    },
    /// The twin of a port has other properties now.
    Link {
        /// The port.
        port: PortId,
        /// Its hardware address.
        mac: MacAddr,
        /// Largest IP packet in bytes.
        mtu: u16,
    },
}

/// A change that could not be made, for want of room. Those after it are made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// A route.
    #[error(transparent)]
    Route(#[from] FibError),
    /// A next hop.
    #[error(transparent)]
    NextHop(#[from] NextHopsFull),
    /// A neighbour.
    #[error(transparent)]
    Neighbour(#[from] NeighboursFull),
}

/// Makes a change.
///
/// # Errors
/// When a table has no room for it.
pub fn apply(tables: &mut Tables, change: Change) -> Result<(), Refused> {
    match change {
        Change::NextHop(id, Some(next_hop)) => tables.next_hops.set(id, next_hop)?,
        Change::NextHop(id, None) => tables.next_hops.clear(id),
        Change::Route(IpNet::V4(prefix), Some(id)) => drop(tables.ipv4.insert(prefix, id)?),
        Change::Route(IpNet::V6(prefix), Some(id)) => drop(tables.ipv6.insert(prefix, id)?),
        Change::Route(IpNet::V4(prefix), None) => drop(tables.ipv4.remove(prefix)),
        Change::Route(IpNet::V6(prefix), None) => drop(tables.ipv6.remove(prefix)),
        Change::Neighbour { port, address, mac: Some(mac) } => tables.neighbours.set(port, address, mac)?,
        Change::Neighbour { port, address, mac: None } => drop(tables.neighbours.remove(port, address)),
        Change::Sources { port, ipv4, ipv6 } => tables.set_sources(port, ipv4, ipv6),
        Change::Link { port, mac, mtu } => {
            let info = tables.ports.get(usize::from(port.0)).copied().flatten();
            if let Some(mut info) = info {
                (info.mac, info.mtu) = (mac, mtu);
                tables.set_port(port, Some(info));
            }
        }
    }
    Ok(())
}
