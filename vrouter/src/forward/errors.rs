//! Fifth node: tells the source of a packet why it was dropped.

use super::classify::Packet;
use super::drops::DropReason;
use super::pipeline::Verdict;
use super::tables::PortInfo;
use crate::packet::{Ethernet, Icmp4Error, Icmp6Error, ether_type};

/// The frame that reports a verdict to the sender of `frame`, if there is anything to report. It goes back through the
/// port and the router that the packet came from.
pub(super) fn report(verdict: Verdict, packet: &Packet, frame: &[u8], port: &PortInfo) -> Option<Vec<u8>> {
    let ethernet = Ethernet::read(frame).ok()?;
    let offender = frame.get(ethernet.length..)?;
    let (ether_type, error) = match packet {
        Packet::Ipv4(header) => {
            // A packet that may be fragmented is an error of ours to drop, and the source could do nothing about it.
            let error = ipv4_error(verdict, header.dont_fragment)?;
            (ether_type::IPV4, error.packet(port.ipv4?, offender)?)
        }
        Packet::Ipv6(_) => (ether_type::IPV6, ipv6_error(verdict)?.packet(port.ipv6?, offender)?),
        Packet::Done(_) => return None,
    };
    let mut reply = Ethernet::untagged(ethernet.source, port.mac, ether_type).to_vec();
    reply.extend(error);
    Some(reply)
}

fn ipv4_error(verdict: Verdict, dont_fragment: bool) -> Option<Icmp4Error> {
    Some(match verdict {
        Verdict::Drop(DropReason::Expired) => Icmp4Error::TimeExceeded,
        Verdict::Drop(DropReason::NoRoute) => Icmp4Error::NetUnreachable,
        Verdict::Drop(DropReason::Unreachable) => Icmp4Error::HostUnreachable,
        Verdict::Drop(DropReason::Prohibited) => Icmp4Error::Prohibited,
        Verdict::TooBig { mtu } if dont_fragment => Icmp4Error::FragmentationNeeded { mtu },
        _ => return None,
    })
}

fn ipv6_error(verdict: Verdict) -> Option<Icmp6Error> {
    Some(match verdict {
        Verdict::Drop(DropReason::Expired) => Icmp6Error::TimeExceeded,
        Verdict::Drop(DropReason::NoRoute | DropReason::Unreachable) => Icmp6Error::NoRoute,
        Verdict::Drop(DropReason::Prohibited) => Icmp6Error::Prohibited,
        Verdict::Drop(DropReason::LinkLocalSource) => Icmp6Error::BeyondScope,
        Verdict::TooBig { mtu } => Icmp6Error::PacketTooBig { mtu },
        _ => return None,
    })
}
