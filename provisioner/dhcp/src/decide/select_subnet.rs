//! Which subnet a packet belongs to.

use super::{Arrival, SubnetPlan};
use crate::{
    counters::Reason,
    wire::{Packet, code},
};
use std::net::Ipv4Addr;

/// Behind a relay: link selection (RFC 3527 §3) or `giaddr`, among the subnets that name this relay. On the link: the
/// subnet of `ciaddr`, which also finds a relayed client that renews by unicast, else the subnet on the link.
pub(super) fn select<'s>(
    subnets: &'s [SubnetPlan],
    packet: &Packet<'_>,
    arrival: Arrival,
) -> Result<&'s SubnetPlan, Reason> {
    let here = || subnets.iter().filter(|s| s.interface == arrival.interface);
    let relay = packet.giaddr();
    if relay.is_unspecified() {
        let ciaddr = packet.ciaddr();
        return here()
            .find(|s| !ciaddr.is_unspecified() && s.config.subnet.contains(&ciaddr))
            .or_else(|| here().find(|s| s.config.relays.is_empty()))
            .ok_or(Reason::NoSubnet);
    }
    let mut behind = here().filter(|s| s.config.relays.contains(&relay)).peekable();
    if behind.peek().is_none() {
        return Err(Reason::UnknownRelay);
    }
    let link = packet.relay_sub_option(code::RELAY_LINK_SELECTION).map(|bytes| {
        let octets: Result<[u8; 4], _> = bytes.as_slice().try_into();
        octets.map(Ipv4Addr::from)
    });
    match link {
        Some(Ok(link)) => behind.find(|s| s.config.subnet.contains(&link)).ok_or(Reason::NoSubnet),
        Some(Err(_)) => Err(Reason::Malformed),
        None => {
            let all: Vec<_> = behind.collect();
            match all.iter().find(|s| s.config.subnet.contains(&relay)) {
                Some(subnet) => Ok(subnet),
                // A relay whose own address is elsewhere: clear only when it stands for one subnet.
                None if all.len() == 1 => Ok(all[0]),
                None => Err(Reason::NoSubnet),
            }
        }
    }
}
