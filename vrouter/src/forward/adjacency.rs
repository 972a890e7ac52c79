//! Third node: from the next hop to a port and a hardware address.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use super::classify::Packet;
use super::drops::DropReason;
use super::pipeline::Verdict;
use super::tables::Tables;
use crate::fib::{NextHop, NextHopId, NextHopPath};
use crate::packet::{Ipv4, Ipv6};

/// What forwarding asks of either header.
struct Header {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    lifetime: u8,
    length: usize,
}

/// Decides about a packet that was looked up.
pub(super) fn resolve(tables: &Tables, packet: &Packet, found: Option<NextHopId>) -> Verdict {
    let header = match packet {
        Packet::Done(verdict) => return *verdict,
        Packet::Ipv4(header) => of_ipv4(header),
        Packet::Ipv6(header) => of_ipv6(header),
    };
    let Some(next_hop) = found.and_then(|id| tables.next_hops.get(id)) else {
        return Verdict::Drop(DropReason::NoRoute);
    };
    let path = match next_hop {
        NextHop::Local => return Verdict::Punt,
        NextHop::Blackhole => return Verdict::Drop(DropReason::Blackhole),
        NextHop::Unreachable => return Verdict::Drop(DropReason::Unreachable),
        NextHop::Prohibit => return Verdict::Drop(DropReason::Prohibited),
        NextHop::Path(path) => path,
        NextHop::Paths(paths) => {
            let Some(path) = choose(paths, &header) else { return Verdict::Drop(DropReason::NoRoute) };
            path
        }
    };
    // Only now: a packet for us may arrive with its last breath.
    if header.lifetime <= 1 {
        return Verdict::Drop(DropReason::Expired);
    }
    let Some(port) = tables.port(path.port) else { return Verdict::Drop(DropReason::NoPort) };
    if header.length > usize::from(port.mtu) {
        return Verdict::TooBig { mtu: port.mtu };
    }
    match tables.neighbours.get(path.port, path.gateway.unwrap_or(header.destination)) {
        Some(destination) => Verdict::Send { port: path.port, destination },
        None => Verdict::Drop(DropReason::NoNeighbour),
    }
}

/// One of several paths, the same for all packets between two addresses, so that a flow keeps its order.
fn choose<'a>(paths: &'a [NextHopPath], header: &Header) -> Option<&'a NextHopPath> {
    let mut hasher = DefaultHasher::new();
    (header.source, header.destination, header.protocol).hash(&mut hasher);
    let count = u64::try_from(paths.len()).ok().filter(|count| *count > 0)?;
    paths.get(usize::try_from(hasher.finish() % count).ok()?)
}

fn of_ipv4(header: &Ipv4) -> Header {
    Header {
        source: header.source.into(),
        destination: header.destination.into(),
        protocol: header.protocol,
        lifetime: header.ttl,
        length: header.total_length.into(),
    }
}

fn of_ipv6(header: &Ipv6) -> Header {
    Header {
        source: header.source.into(),
        destination: header.destination.into(),
        protocol: header.next_header,
        lifetime: header.hop_limit,
        length: Ipv6::HEADER + usize::from(header.payload_length),
    }
}
