//! How much of what comes for the router itself Linux is given (RFC 6192, "Protecting the Router Control Plane").
//!
//! Linux takes from a twin what it can, and what it cannot is lost without a choice: a flood of pings would end the router's
//! BGP sessions. So each kind of packet has a share of its own, on each port.

use std::time::Duration;

use serde::Deserialize;

use super::rate::Rate;
use crate::fib::PortId;
use crate::packet::{Ethernet, Ipv4, Ipv6, ether_type, protocol};

/// Packets for the router itself by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// ARP and neighbour discovery.
    Neighbours,
    /// Routing protocols, BFD, VRRP, LLDP and IS-IS.
    Routing,
    /// TCP but for BGP, without what opens connections: its senders slow down by themselves.
    Tcp,
    /// All else: pings, datagrams, new connections.
    Other,
}

/// Packets per second and port, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PuntLimits {
    /// ARP and neighbour discovery.
    pub neighbours: u32,
    /// Routing protocols, BFD, VRRP, LLDP and IS-IS.
    pub routing: u32,
    /// TCP of connections that are open, but for BGP.
    pub tcp: u32,
    /// All else.
    pub other: u32,
}

impl PuntLimits {
    /// As good as none.
    pub const NONE: Self = Self { neighbours: u32::MAX, routing: u32::MAX, tcp: u32::MAX, other: u32::MAX };
}

impl Default for PuntLimits {
    /// In packets of 1,460 bytes BGP may come at 230 Mbit/s and other TCP at 580.
    fn default() -> Self {
        Self { neighbours: 2000, routing: 20_000, tcp: 50_000, other: 5000 }
    }
}

/// The limits at work.
#[derive(Debug)]
pub(super) struct Police {
    limits: PuntLimits,
    /// By port, and there by [`Kind`].
    rates: Vec<[Rate; 4]>,
}

impl Police {
    pub(super) fn new(limits: PuntLimits) -> Self {
        Self { limits, rates: Vec::new() }
    }

    /// Whether a frame that came in on `port` goes to Linux at `now`, a time that never goes back.
    pub(super) fn take(&mut self, port: PortId, frame: &[u8], now: Duration) -> bool {
        let (place, limits) = (usize::from(port.0), self.limits);
        if place >= self.rates.len() {
            let PuntLimits { neighbours, routing, tcp, other } = limits;
            self.rates.resize_with(place + 1, || [neighbours, routing, tcp, other].map(Rate::new));
        }
        self.rates[place][kind(frame) as usize].take(now)
    }
}

/// Ports of BGP (RFC 4271), and of BFD over one hop, echoed, and over several (RFC 5881, 5883).
const BGP: u16 = 179;
const BFD: [u16; 3] = [3784, 3785, 4784];

/// What a frame that has passed the first node is for.
fn kind(frame: &[u8]) -> Kind {
    let Ok(ethernet) = Ethernet::read(frame) else { return Kind::Other };
    let packet = &frame[ethernet.length..];
    let (protocol, payload) = match ethernet.ether_type {
        ether_type::ARP => return Kind::Neighbours,
        ether_type::IPV4 => match Ipv4::read(packet) {
            // Another fragment than the first has no ports.
            Ok(header) if header.fragment_offset == 0 => {
                (header.protocol, &packet[usize::from(header.header_length)..])
            }
            _ => return Kind::Other,
        },
        ether_type::IPV6 => match Ipv6::read(packet) {
            Ok(header) => (header.next_header, &packet[Ipv6::HEADER..]),
            Err(_) => return Kind::Other,
        },
        _ => return Kind::Routing,
    };
    let port_at = |at: usize| payload.get(at..at + 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
    match protocol {
        protocol::IGMP | protocol::OSPF | protocol::PIM | protocol::VRRP => Kind::Routing,
        // Router and neighbour solicitations and advertisements, redirects (RFC 4861 section 4).
        protocol::ICMP6 if payload.first().is_some_and(|kind| (133..=137).contains(kind)) => Kind::Neighbours,
        protocol::UDP if port_at(2).is_some_and(|port| BFD.contains(&port)) => Kind::Routing,
        protocol::TCP => {
            // SYN without ACK (RFC 9293 section 3.1): floods are made of these.
            let opens = payload.get(13).is_none_or(|flags| flags & 0x12 == 0x02);
            match (opens, port_at(0), port_at(2)) {
                (true, ..) => Kind::Other,
                (false, Some(BGP), _) | (false, _, Some(BGP)) => Kind::Routing,
                _ => Kind::Tcp,
            }
        }
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::packet::MacAddr;

    fn frame(ether_type: u16, packet: &[u8]) -> Vec<u8> {
        [&Ethernet::untagged(MacAddr([2; 6]), MacAddr([4; 6]), ether_type)[..], packet].concat()
    }

    fn v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let (from, to) = (Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 1));
        let total = u16::try_from(Ipv4::HEADER + payload.len()).unwrap();
        frame(ether_type::IPV4, &[&Ipv4::header(from, to, protocol, total)[..], payload].concat())
    }

    fn v6(next_header: u8, payload: &[u8]) -> Vec<u8> {
        let of = |last| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last);
        let length = u16::try_from(payload.len()).unwrap();
        frame(ether_type::IPV6, &[&Ipv6::header(of(2), of(1), next_header, length)[..], payload].concat())
    }

    fn tcp(from: u16, to: u16, flags: u8) -> Vec<u8> {
        let mut header = [&from.to_be_bytes()[..], &to.to_be_bytes(), &[0; 16]].concat();
        header[13] = flags;
        header
    }

    fn udp(to: u16) -> Vec<u8> {
        [&[0x40, 0][..], &to.to_be_bytes(), &[0, 8, 0, 0]].concat()
    }

    #[test]
    fn every_packet_is_of_its_kind() {
        const SYN: u8 = 2;
        const ACK: u8 = 16;
        let first_fragment = |mut frame: Vec<u8>, offset: u8| {
            frame[21] = offset;
            frame[24..26].fill(0);
            let sum = crate::packet::checksum(&frame[14..34]);
            frame[24..26].copy_from_slice(&sum.to_be_bytes());
            frame
        };
        for (frame, expected) in [
            (frame(ether_type::ARP, &[0; 28]), Kind::Neighbours),
            (v6(58, &[135, 0]), Kind::Neighbours),
            (v6(58, &[128, 0]), Kind::Other),
            (v4(1, &[8, 0]), Kind::Other),
            (v4(6, &tcp(40_000, 179, ACK)), Kind::Routing),
            (v6(6, &tcp(179, 40_000, SYN | ACK)), Kind::Routing),
            (v4(6, &tcp(40_000, 179, SYN)), Kind::Other),
            (v4(6, &tcp(40_000, 22, ACK)), Kind::Tcp),
            (v4(6, &tcp(40_000, 22, SYN)), Kind::Other),
            (v4(6, &[0, 22]), Kind::Other),
            (v4(17, &udp(3784)), Kind::Routing),
            (v6(17, &udp(4784)), Kind::Routing),
            (v4(17, &udp(53)), Kind::Other),
            (v4(89, &[]), Kind::Routing),
            (v4(112, &[]), Kind::Routing),
            (first_fragment(v4(17, &udp(3784)), 0), Kind::Routing),
            (first_fragment(v4(17, &udp(3784)), 9), Kind::Other),
            (frame(0x88cc, &[0; 40]), Kind::Routing),
            (vec![0; 5], Kind::Other),
        ] {
            assert_eq!(kind(&frame), expected, "{frame:02x?}");
        }
    }

    #[test]
    fn a_flood_takes_the_share_of_its_kind_on_its_port_and_no_other() {
        let mut police = Police::new(PuntLimits { neighbours: 1, routing: 2, tcp: 3, other: 4 });
        let mut passed = |port, frame: &[u8]| {
            (0..100).filter(|_| police.take(PortId(port), frame, Duration::ZERO)).count()
        };
        assert_eq!(passed(1, &v4(1, &[8, 0])), 4);
        assert_eq!(passed(1, &v4(17, &udp(53))), 0, "the share of pings");
        assert_eq!(passed(1, &v4(6, &tcp(40_000, 179, 16))), 2);
        assert_eq!(passed(1, &v4(6, &tcp(40_000, 22, 16))), 3);
        assert_eq!(passed(1, &frame(ether_type::ARP, &[0; 28])), 1);
        assert_eq!(passed(0, &v4(1, &[8, 0])), 4, "another port");
    }
}
