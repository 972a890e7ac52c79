//! ietf-bgp with what `daybreak-bgp` adds.

use super::{IntentError, place::Place};
use daybreak_appliers::intent::{
    Bgp, BgpFamily, BgpNeighbor, BgpTimers, Family, Multihop, NeighborFamily, Network, Redistribute, Source,
};
use imbl::OrdMap;
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;

/// Hops to a neighbor of another AS when only `enabled` is set, as FRR has it.
const ANY_DISTANCE: u8 = 255;

/// The container `global` with neighbors that are already known.
pub(super) fn global(
    container: &Place<'_>,
    neighbors: OrdMap<IpAddr, Arc<BgpNeighbor>>,
) -> Result<Option<Bgp>, IntentError> {
    let Some(global) = container.inner("global")? else { return Ok(None) };
    let mut families = Vec::new();
    for entry in global.always("afi-safis")?.entries("afi-safi")? {
        if entry.flag("enabled")? {
            families.push(family(&entry)?);
        }
    }
    Ok(Some(Bgp {
        at: global.at(),
        as_number: global.need_parsed("as", "an AS number")?,
        router_id: global.parse("identifier", "four numbers with dots")?,
        families,
        neighbors,
    }))
}

/// What is originated in a family.
fn family(entry: &Place<'_>) -> Result<BgpFamily, IntentError> {
    let network =
        |value: Place<'_>| Ok(Network { at: value.at(), prefix: value.parsed::<IpNet>("a prefix")?.trunc() });
    let redistribute = |value: Place<'_>| {
        let source = match value.value()? {
            "connected" => Source::Connected,
            "kernel" => Source::Kernel,
            "static" => Source::Static,
            _ => return Err(value.unexpected("connected, kernel or static")),
        };
        Ok(Redistribute { at: value.at(), source })
    };
    Ok(BgpFamily {
        at: entry.at(),
        family: name(entry)?,
        networks: entry.entries("network")?.map(network).collect::<Result<_, _>>()?,
        redistribute: entry.entries("redistribute")?.map(redistribute).collect::<Result<_, _>>()?,
    })
}

/// An entry of the list `neighbor`.
pub(super) fn neighbor(entry: &Place<'_>) -> Result<BgpNeighbor, IntentError> {
    let (timers, transport) = (entry.always("timers")?, entry.always("transport")?);
    let mut families = Vec::new();
    for family in entry.always("afi-safis")?.entries("afi-safi")? {
        if family.flag("enabled")? {
            families.push(NeighborFamily { at: family.at(), family: name(&family)? });
        }
    }
    Ok(BgpNeighbor {
        at: entry.at(),
        address: entry.need_parsed("remote-address", "an IP address")?,
        peer_as: entry.need_parsed("peer-as", "an AS number")?,
        description: entry.text("description")?,
        enabled: entry.flag("enabled")?,
        families,
        timers: BgpTimers {
            keepalive: timers.parse("keepalive", "a number of seconds")?,
            hold: timers.parse("hold-time", "a number of seconds")?,
            connect_retry: timers.parse("connect-retry-interval", "a number of seconds")?,
        },
        multihop: multihop(&transport.always("ebgp-multihop")?)?,
        local_address: transport.parse("local-address", "an IP address")?,
        passive: transport.flag("passive-mode")?,
    })
}

fn multihop(container: &Place<'_>) -> Result<Option<Multihop>, IntentError> {
    if !container.flag("enabled")? {
        return Ok(None);
    }
    let ttl = container.parse("multihop-ttl", "a number of hops")?.unwrap_or(ANY_DISTANCE);
    Ok(Some(Multihop { at: container.at(), ttl }))
}

/// The address family of an entry of `afi-safi`.
fn name(entry: &Place<'_>) -> Result<Family, IntentError> {
    match entry.need("name")? {
        "iana-bgp-types:ipv4-unicast" => Ok(Family::Ipv4Unicast),
        "iana-bgp-types:ipv6-unicast" => Ok(Family::Ipv6Unicast),
        other => Err(entry.wrong("name", other, "ipv4-unicast or ipv6-unicast")),
    }
}
