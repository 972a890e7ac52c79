//! Third node: from the next hop to a port and a hardware address.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use super::classify::Packet;
use super::drops::DropReason;
use super::pipeline::Verdict;
use super::tables::Tables;
use crate::fib::{NextHop, NextHopId, NextHopPath, PortId};
use crate::packet::{Ipv4, Ipv6, MacAddr};

/// What forwarding asks of either header.
struct Header {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    lifetime: u8,
    length: usize,
}

impl Header {
    /// "Routers must not forward any packets with Link-Local source or destination addresses to other links" (RFC 4291
    /// section 2.5.6); the destinations never come this far.
    #[inline]
    fn is_of_its_link(&self) -> bool {
        matches!(self.source, IpAddr::V6(source) if source.is_unicast_link_local())
    }
}

/// What a next hop came to when it was last asked: valid as long as the tables are the same.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// [`Tables::version`] at that time; 0 is none.
    version: u64,
    station: Station,
}

/// Where a frame is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Station {
    /// The port.
    pub(super) port: PortId,
    /// Largest IP packet of its link.
    mtu: u16,
    /// The next station.
    pub(super) destination: MacAddr,
    /// The port's own address.
    pub(super) source: MacAddr,
}

impl Default for Station {
    fn default() -> Self {
        Self { port: PortId(0), mtu: 0, destination: MacAddr::default(), source: MacAddr::default() }
    }
}

/// Resolved next hops by number, so that a packet through a gateway costs one load instead of a search for the
/// neighbour.
#[derive(Debug, Default)]
pub(super) struct Memory(Vec<Known>);

/// Next hops beyond this number are resolved anew for every packet.
const REMEMBERED: usize = 1 << 16;

impl Memory {
    #[inline]
    fn get(&self, id: NextHopId, version: u64) -> Option<Station> {
        let known = self.0.get(id.get() as usize)?;
        (known.version == version).then_some(known.station)
    }

    fn set(&mut self, id: NextHopId, version: u64, station: Station) {
        let place = id.get() as usize;
        if place >= REMEMBERED {
            return;
        }
        if place >= self.0.len() {
            self.0.resize(place + 1, Known::default());
        }
        self.0[place] = Known { version, station };
    }
}

/// Decides about a packet that was looked up.
#[inline]
pub(super) fn resolve(
    tables: &Tables,
    memory: &mut Memory,
    packet: &Packet,
    found: Option<NextHopId>,
) -> Verdict {
    let header = match packet {
        Packet::Done(verdict) => return *verdict,
        Packet::Ipv4(header) => of_ipv4(header),
        Packet::Ipv6(header) => of_ipv6(header),
    };
    let Some(id) = found else { return Verdict::Drop(DropReason::NoRoute) };
    if let Some(station) = memory.get(id, tables.version()) {
        return send(&header, station);
    }
    let (path, single) = match tables.next_hops.get(id) {
        None => return Verdict::Drop(DropReason::NoRoute),
        Some(NextHop::Local) => return Verdict::Punt,
        Some(NextHop::Blackhole) => return Verdict::Drop(DropReason::Blackhole),
        Some(NextHop::Unreachable) => return Verdict::Drop(DropReason::Unreachable),
        Some(NextHop::Prohibit) => return Verdict::Drop(DropReason::Prohibited),
        Some(NextHop::Path(path)) => (path, true),
        Some(NextHop::Paths(paths)) => {
            let Some(path) = choose(paths, &header) else { return Verdict::Drop(DropReason::NoRoute) };
            (path, false)
        }
    };
    match station(tables, path, &header) {
        Ok(station) => {
            // Through a gateway every packet goes to the same station, on a link each to its own.
            if single && path.gateway.is_some() {
                memory.set(id, tables.version(), station);
            }
            send(&header, station)
        }
        // Only now: a packet for us may come from its link alone, and arrive with its last breath.
        Err(_) if header.is_of_its_link() => Verdict::Drop(DropReason::LinkLocalSource),
        Err(_) if header.lifetime <= 1 => Verdict::Drop(DropReason::Expired),
        Err(verdict) => verdict,
    }
}

/// The last checks of a packet whose next station is known.
#[inline]
fn send(header: &Header, station: Station) -> Verdict {
    if header.is_of_its_link() {
        return Verdict::Drop(DropReason::LinkLocalSource);
    }
    if header.lifetime <= 1 {
        return Verdict::Drop(DropReason::Expired);
    }
    if header.length > usize::from(station.mtu) {
        return Verdict::TooBig { mtu: station.mtu };
    }
    Verdict::Send(station)
}

/// The next station on a path.
fn station(tables: &Tables, path: &NextHopPath, header: &Header) -> Result<Station, Verdict> {
    let port = tables.port(path.port).ok_or(Verdict::Drop(DropReason::NoPort))?;
    let neighbour = tables.neighbours.get(path.port, path.gateway.unwrap_or(header.destination));
    let destination = neighbour.ok_or(Verdict::Resolve)?;
    Ok(Station { port: path.port, mtu: port.mtu, destination, source: port.mac })
}

/// One of several paths, the same for all packets of a flow between two addresses, so that the flow keeps its order.
fn choose<'a>(paths: &'a [NextHopPath], header: &Header) -> Option<&'a NextHopPath> {
    let mut hasher = DefaultHasher::new();
    (header.source, header.destination, header.protocol).hash(&mut hasher);
    let count = u64::try_from(paths.len()).ok().filter(|count| *count > 0)?;
    paths.get(usize::try_from(hasher.finish() % count).ok()?)
}

#[inline]
fn of_ipv4(header: &Ipv4) -> Header {
    Header {
        source: header.source.into(),
        destination: header.destination.into(),
        protocol: header.protocol,
        lifetime: header.ttl,
        length: header.total_length.into(),
    }
}

#[inline]
fn of_ipv6(header: &Ipv6) -> Header {
    Header {
        source: header.source.into(),
        destination: header.destination.into(),
        protocol: header.next_header,
        lifetime: header.hop_limit,
        length: Ipv6::HEADER + usize::from(header.payload_length),
    }
}
