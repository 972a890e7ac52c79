//! First node: reads the headers and decides who a frame is for.

use super::drops::DropReason;
use super::pipeline::{Frame, Verdict};
use super::tables::PortInfo;
use crate::packet::{Arp, Ethernet, Ipv4, Ipv6, ether_type};

/// What is known of a frame after this node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Packet {
    /// To be looked up.
    Ipv4(Ipv4),
    /// To be looked up.
    Ipv6(Ipv6),
    /// Decided already.
    Done(Verdict),
}

/// Reads a frame that came in on `port`.
pub(super) fn classify(frame: &impl Frame, port: &PortInfo) -> Packet {
    read(frame, port).unwrap_or_else(|reason| Packet::Done(Verdict::Drop(reason)))
}

fn read(frame: &impl Frame, port: &PortInfo) -> Result<Packet, DropReason> {
    if !frame.is_contiguous() {
        return Err(DropReason::Segmented);
    }
    let data = frame.data();
    let ethernet = Ethernet::read(data).map_err(DropReason::Malformed)?;
    let group = ethernet.destination.is_group();
    if !group && ethernet.destination != port.mac {
        return Err(DropReason::OtherStation);
    }
    if ethernet.vlans[0].is_some() {
        return Err(DropReason::UnknownVlan);
    }
    let payload = &data[ethernet.length..];
    match ethernet.ether_type {
        ether_type::IPV4 => ipv4(Ipv4::read(payload).map_err(DropReason::Malformed)?, group),
        ether_type::IPV6 => ipv6(Ipv6::read(payload).map_err(DropReason::Malformed)?, group),
        ether_type::ARP => {
            Arp::read(payload).map_err(DropReason::Malformed)?;
            Ok(Packet::Done(Verdict::Punt))
        }
        // Such as LLDP and IS-IS, which Linux has programs for.
        _ if group => Ok(Packet::Done(Verdict::Punt)),
        _ => Err(DropReason::UnknownType),
    }
}

fn ipv4(header: Ipv4, group: bool) -> Result<Packet, DropReason> {
    let (source, destination) = (header.source, header.destination);
    // RFC 1812 section 5.3.7: sources that name no host, and loopback, never cross a router. An unspecified source is a
    // host that asks for its address: that is for Linux to answer, and never forwarded.
    if source.is_multicast() || source.is_broadcast() || source.is_loopback() || destination.is_loopback() {
        return Err(DropReason::Martian);
    }
    // "A router MUST NOT forward" a packet that came as a link-layer broadcast (RFC 1812 section 5.3.4). It may be a
    // directed broadcast to our own subnet, which Linux tells from one that it must drop.
    if group || destination.is_multicast() || destination.is_broadcast() {
        return Ok(Packet::Done(Verdict::Punt));
    }
    if source.octets()[0] == 0 || destination.octets()[0] == 0 {
        return Err(DropReason::Martian);
    }
    Ok(Packet::Ipv4(header))
}

fn ipv6(header: Ipv6, group: bool) -> Result<Packet, DropReason> {
    let (source, destination) = (header.source, header.destination);
    if source.is_multicast()
        || source.is_loopback()
        || destination.is_loopback()
        || destination.is_unspecified()
    {
        return Err(DropReason::Martian);
    }
    // Neighbour discovery and all else that stays on the link is for Linux.
    if destination.is_multicast() || destination.is_unicast_link_local() {
        return Ok(Packet::Done(Verdict::Punt));
    }
    if group || source.is_unspecified() {
        return Err(DropReason::Martian);
    }
    Ok(Packet::Ipv6(header))
}
