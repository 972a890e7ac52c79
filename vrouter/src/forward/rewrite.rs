//! Fourth node: one hop less to live, and new hardware addresses.

use super::adjacency::Station;
use super::classify::Packet;
use super::pipeline::Frame;
use crate::packet::{Ethernet, Ipv4, Ipv6};

/// Makes an untagged frame that was decided to be sent ready for its next link.
#[inline]
pub(super) fn rewrite(frame: &mut impl Frame, packet: &Packet, station: &Station) {
    let data = frame.data_mut();
    if let Some(header) = data.get_mut(Ethernet::UNTAGGED..) {
        match packet {
            Packet::Ipv4(_) => Ipv4::decrement_ttl(header),
            Packet::Ipv6(_) => Ipv6::decrement_hop_limit(header),
            Packet::Done(_) => false,
        };
    }
    Ethernet::rewrite_addresses(data, station.destination, station.source);
}
