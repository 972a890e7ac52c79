//! Static routes of ietf-routing.

use super::{IntentError, place::Place};
use daybreak_appliers::intent::{NextHop, Special, StaticRoute, Target};
use ipnet::IpNet;
use std::net::IpAddr;

/// An entry of the list `route` of either family.
pub(super) fn route(entry: &Place<'_>) -> Result<StaticRoute, IntentError> {
    let prefix: IpNet = entry.need_parsed("destination-prefix", "a prefix")?;
    let next_hop = entry.always("next-hop")?;
    let next_hops = match next_hop.leaf("special-next-hop")? {
        Some(special) => {
            let target = Target::Special(match special {
                "blackhole" => Special::Blackhole,
                "unreachable" => Special::Reject,
                other => return Err(next_hop.wrong("special-next-hop", other, "blackhole or unreachable")),
            });
            vec![NextHop { at: next_hop.at_child("special-next-hop"), target }]
        }
        None => match target(&next_hop)? {
            Some(target) => vec![NextHop { at: next_hop.at(), target }],
            None => several(&next_hop)?,
        },
    };
    Ok(StaticRoute { at: entry.at(), prefix: prefix.trunc(), next_hops, distance: None })
}

/// The entries of the list of next hops.
fn several(next_hop: &Place<'_>) -> Result<Vec<NextHop>, IntentError> {
    let hop = |entry: Place<'_>| {
        let target = target(&entry)?;
        let target = target.ok_or(IntentError::Missing { path: entry.at().leaf("next-hop-address") })?;
        Ok(NextHop { at: entry.at(), target })
    };
    next_hop.always("next-hop-list")?.entries("next-hop")?.map(hop).collect()
}

/// Address and interface of one next hop; `None` if it has neither.
fn target(hop: &Place<'_>) -> Result<Option<Target>, IntentError> {
    let address: Option<IpAddr> = hop.parse("next-hop-address", "an IP address")?;
    let interface = hop.text("outgoing-interface")?;
    Ok(match (address, interface) {
        (Some(address), Some(interface)) => Some(Target::Via { address, interface }),
        (Some(address), None) => Some(Target::Address(address)),
        (None, Some(interface)) => Some(Target::Interface(interface)),
        (None, None) => None,
    })
}
