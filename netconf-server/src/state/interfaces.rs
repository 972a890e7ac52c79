//! State of ietf-interfaces (RFC 8343) with the addresses of ietf-ip (RFC 8344).

use super::lenient::Lenient;
use super::time::date_and_time;
use daybreak_appliers::observe::{AddressState, InterfaceState, Interfaces, OperState};
use daybreak_datastore::tree::{BuildError, Builder, Entries, Key, Node, Tree};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

/// Bits per second in a megabit.
const MEGA: u64 = 1_000_000;

/// Since when counters count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedSince {
    /// Those of Linux: the start of the machine.
    pub linux: SystemTime,
    /// Those of ports: the start of the data plane.
    pub dataplane: SystemTime,
}

pub(super) fn fill(
    top: &mut Builder<'_>,
    configuration: &Tree,
    now: &Interfaces,
    since: CountedSince,
) -> Result<(), BuildError> {
    let configured = configured(configuration);
    top.container("interfaces", |list| {
        for (name, state) in &now.interfaces {
            let known = configured.is_some_and(|entries| entries.contains(&Key::new([&**name])));
            let kind = kind(state);
            if known || kind.is_some() {
                list.try_entry("interface", |entry| {
                    entry.leaf("name", name)?.optional("type", kind.filter(|_| !known))?;
                    interface(entry, state, since)
                })?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// The entries of the configuration, which say themselves what type they are of.
fn configured(configuration: &Tree) -> Option<&Entries<Arc<Node>>> {
    let schema = configuration.schema();
    let interfaces = schema.find("/ietf-interfaces:interfaces")?;
    let list = schema.find("/ietf-interfaces:interfaces/interface")?;
    configuration.root_node().container(interfaces)?.list(list)
}

/// The type of an interface that the configuration does not have; `None` for kinds that it could not have either.
fn kind(state: &InterfaceState) -> Option<&'static str> {
    match state.mac.len() {
        _ if state.loopback => Some("iana-if-type:softwareLoopback"),
        6 => Some("iana-if-type:ethernetCsmacd"),
        _ => None,
    }
}

fn interface(entry: &mut Builder<'_>, state: &InterfaceState, since: CountedSince) -> Result<(), BuildError> {
    let speed = state.port.as_ref().and_then(|port| port.speed_mbps);
    entry
        .leaf("admin-status", if state.admin_up { "up" } else { "down" })?
        .leaf("oper-status", oper_status(state.oper))?
        .optional("if-index", Some(state.index).filter(|index| *index > 0))?
        .optional("phys-address", hardware_address(&state.mac))?
        .optional("speed", speed.map(|speed| u64::from(speed) * MEGA))?
        .container("statistics", |counters| statistics(counters, state, since))?;
    addresses(entry, "ietf-ip:ipv4", state.addresses.iter().filter(|address| address.net.addr().is_ipv4()))?;
    addresses(entry, "ietf-ip:ipv6", state.addresses.iter().filter(|address| address.net.addr().is_ipv6()))
}

/// The addresses of a family, whoever gave them. Linux takes one twice, with prefixes of two lengths; the model does not.
fn addresses<'s>(
    entry: &mut Builder<'_>,
    family: &str,
    list: impl Iterator<Item = &'s AddressState>,
) -> Result<(), BuildError> {
    let mut seen = BTreeSet::new();
    let list: Vec<_> = list.filter(|address| seen.insert(address.net.addr())).collect();
    if list.is_empty() {
        return Ok(());
    }
    entry.container(family, |inside| {
        list.into_iter().try_for_each(|address| {
            inside.try_entry("address", |entry| {
                entry
                    .leaf("ip", address.net.addr())?
                    .leaf("prefix-length", address.net.prefix_len())?
                    .leaf("origin", origin(address))?;
                Ok(())
            })
        })
    })?;
    Ok(())
}

/// Where an address comes from (RFC 8344, `ip-address-origin`). The kernel does not tell DHCP from a router's
/// advertisement, but by the length: the first gives single addresses.
fn origin(address: &AddressState) -> &'static str {
    match address.net.addr() {
        IpAddr::V4(_) if address.dynamic => "dhcp",
        IpAddr::V6(_) if address.dynamic && address.net.prefix_len() == 128 => "dhcp",
        IpAddr::V6(ip) if address.dynamic || ip.is_unicast_link_local() => "link-layer",
        _ => "static",
    }
}

/// On a port the wire is counted, not the twin.
fn statistics(into: &mut Builder<'_>, state: &InterfaceState, since: CountedSince) -> Result<(), BuildError> {
    if let Some(port) = &state.port {
        let counters = &port.counters;
        into.leaf("discontinuity-time", date_and_time(since.dataplane))?
            .leaf("in-octets", counters.rx_bytes)?
            .leaf("in-discards", counter32(counters.rx_missed.wrapping_add(counters.rx_no_buffer)))?
            .leaf("in-errors", counter32(counters.rx_errors))?
            .leaf("out-octets", counters.tx_bytes)?
            .leaf("out-errors", counter32(counters.tx_errors))?;
    } else {
        let counters = &state.counters;
        into.leaf("discontinuity-time", date_and_time(since.linux))?
            .leaf("in-octets", counters.rx_bytes)?
            .leaf("in-multicast-pkts", counters.rx_multicast)?
            .leaf("in-discards", counter32(counters.rx_dropped))?
            .leaf("in-errors", counter32(counters.rx_errors))?
            .leaf("out-octets", counters.tx_bytes)?
            .leaf("out-discards", counter32(counters.tx_dropped))?
            .leaf("out-errors", counter32(counters.tx_errors))?;
    }
    Ok(())
}

/// A `counter32` (RFC 9911 §3): it wraps.
pub(super) fn counter32(value: u64) -> u64 {
    value & u64::from(u32::MAX)
}

fn oper_status(state: OperState) -> &'static str {
    match state {
        OperState::Up => "up",
        OperState::Down => "down",
        OperState::Dormant => "dormant",
        OperState::Testing => "testing",
        OperState::NotPresent => "not-present",
        OperState::LowerLayerDown => "lower-layer-down",
        OperState::Unknown => "unknown",
    }
}

/// `02:00:5e:00:53:01`; none for interfaces without an address.
fn hardware_address(mac: &[u8]) -> Option<String> {
    let mut text = String::new();
    for (at, byte) in mac.iter().enumerate() {
        let colon = if at > 0 { ":" } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{colon}{byte:02x}");
    }
    Some(text).filter(|text| !text.is_empty())
}
