//! State of ietf-bgp: its neighbors.

use super::interfaces::counter32;
use super::time::date_and_time;
use daybreak_appliers::intent::Family;
use daybreak_appliers::observe::{BgpState, NeighborState, PrefixCounts, SessionState};
use daybreak_datastore::tree::{BuildError, Builder, Key, Node, Tree};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const BGP: &str = "ietf-bgp:bgp";
const NEIGHBOR: &str =
    "/ietf-routing:routing/control-plane-protocols/control-plane-protocol/ietf-bgp:bgp/neighbors/neighbor";

/// The sessions, under the protocol of the configuration; none when that has no BGP.
pub(super) fn fill(
    top: &mut Builder<'_>,
    configuration: &Tree,
    now: &BgpState,
    at: SystemTime,
) -> Result<(), BuildError> {
    let Some((name, neighbors)) = configured(configuration) else { return Ok(()) };
    let list = configuration.schema().find(NEIGHBOR);
    let configured = neighbors.zip(list).and_then(|(neighbors, list)| neighbors.list(list));
    top.container("routing", |routing| {
        routing.container("control-plane-protocols", |list| {
            list.entry("control-plane-protocol", |protocol| {
                protocol.leaf("type", BGP)?.leaf("name", name)?.container("bgp", |bgp| {
                    bgp.container("neighbors", |list| {
                        for (address, state) in &now.neighbors {
                            let key = Key::new([&*address.to_string()]);
                            let known = configured.is_some_and(|entries| entries.contains(&key));
                            list.entry("neighbor", |entry| neighbor(entry, *address, known, state, at))?;
                        }
                        Ok(())
                    })?;
                    Ok(())
                })?;
                Ok(())
            })?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

/// Name of the protocol in the configuration, and what `neighbors` has in it.
fn configured(configuration: &Tree) -> Option<(&str, Option<&Arc<Node>>)> {
    let schema = configuration.schema();
    let find = |below: &str| schema.find(&format!("/ietf-routing:routing{below}"));
    let protocols = "/control-plane-protocols/control-plane-protocol";
    let around =
        configuration.root_node().container(find("")?)?.container(find("/control-plane-protocols")?)?;
    let mut entries = around.list(find(protocols)?)?.iter();
    let (key, protocol) = entries.find(|(key, _)| key.values().next() == Some(BGP))?;
    let bgp = protocol.container(find(&format!("{protocols}/ietf-bgp:bgp"))?);
    let neighbors = find(&format!("{protocols}/ietf-bgp:bgp/neighbors"))?;
    Some((key.values().nth(1)?, bgp.and_then(|bgp| bgp.container(neighbors))))
}

fn neighbor(
    entry: &mut Builder<'_>,
    address: IpAddr,
    configured: bool,
    state: &NeighborState,
    at: SystemTime,
) -> Result<(), BuildError> {
    let established = state.state == SessionState::Established;
    let since = state.up_seconds.and_then(|up| at.checked_sub(Duration::from_secs(up)));
    entry
        .leaf("remote-address", address)?
        .optional("peer-as", (!configured).then_some(state.peer_as))?
        .optional("local-address", state.local.map(|(address, _)| address))?
        .optional("local-port", state.local.map(|(_, port)| port))?
        .optional("remote-port", state.remote.map(|(_, port)| port))?
        .leaf("peer-type", if state.peer_as == state.local_as { "internal" } else { "external" })?
        .optional("identifier", state.router_id)?
        .leaf("session-state", session_state(state.state))?
        .optional("last-established", since.map(date_and_time))?
        .container("timers", |timers| {
            let hold = Some(state.hold_seconds.min(u64::from(u16::MAX))).filter(|_| established);
            timers.optional("negotiated-hold-time", hold)?;
            Ok(())
        })?
        .container("afi-safis", |list| {
            state
                .prefixes
                .iter()
                .try_for_each(|(family, counts)| afi_safi(list, *family, *counts, established))
        })?
        .container("statistics", |statistics| {
            statistics.leaf("established-transitions", counter32(state.transitions.0))?;
            statistics.container("messages", |messages| {
                messages
                    .leaf("total-received", counter32(state.received))?
                    .leaf("total-sent", counter32(state.sent))?
                    .leaf("updates-received", counter32(state.updates.0))?
                    .leaf("updates-sent", counter32(state.updates.1))?
                    .leaf("notifications-received", counter32(state.notifications.0))?
                    .leaf("notifications-sent", counter32(state.notifications.1))?;
                Ok(())
            })?;
            Ok(())
        })?;
    Ok(())
}

fn afi_safi(
    list: &mut Builder<'_>,
    family: Family,
    counts: PrefixCounts,
    established: bool,
) -> Result<(), BuildError> {
    let name = match family {
        Family::Ipv4Unicast => "iana-bgp-types:ipv4-unicast",
        Family::Ipv6Unicast => "iana-bgp-types:ipv6-unicast",
    };
    list.entry("afi-safi", |entry| {
        entry.leaf("name", name)?.leaf("active", established)?.container("prefixes", |prefixes| {
            prefixes.leaf("received", counter32(counts.accepted))?.leaf("sent", counter32(counts.sent))?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn session_state(state: SessionState) -> &'static str {
    match state {
        SessionState::Idle => "idle",
        SessionState::Connect => "connect",
        SessionState::Active => "active",
        SessionState::OpenSent => "opensent",
        SessionState::OpenConfirm => "openconfirm",
        SessionState::Established => "established",
    }
}
