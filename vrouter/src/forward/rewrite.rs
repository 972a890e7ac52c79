//! Fourth node: one hop less to live, and new hardware addresses.

use super::pipeline::Frame;
use crate::packet::{Ethernet, Ipv4, Ipv6, MacAddr, ether_type};

/// Makes an untagged frame that was decided to be sent ready for its next link.
pub(super) fn rewrite(frame: &mut impl Frame, destination: MacAddr, source: MacAddr) {
    let data = frame.data_mut();
    let ether_type = Ethernet::read(data).map(|ethernet| ethernet.ether_type);
    if let Some(packet) = data.get_mut(Ethernet::UNTAGGED..) {
        match ether_type {
            Ok(ether_type::IPV4) => Ipv4::decrement_ttl(packet),
            Ok(ether_type::IPV6) => Ipv6::decrement_hop_limit(packet),
            _ => false,
        };
    }
    Ethernet::rewrite_addresses(data, destination, source);
}
