//! BGP sessions, from `show bgp neighbors json`.

use super::vtysh::ask;
use super::{ObserveError, Settings};
use crate::intent::Family;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// Most that is read, in bytes: some 5,000 neighbors.
const LIMIT: u64 = 16 << 20;

/// All sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BgpState {
    /// By the neighbor's address.
    pub neighbors: BTreeMap<IpAddr, NeighborState>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighborState {
    /// The neighbor's AS number.
    pub peer_as: u32,
    /// Ours.
    pub local_as: u32,
    /// Where the session stands (RFC 4271 §8.2.2).
    pub state: SessionState,
    /// The neighbor's BGP identifier, once it has told it.
    pub router_id: Option<Ipv4Addr>,
    /// Time since it is established, in seconds.
    pub up_seconds: Option<u64>,
    /// Our end of the connection.
    pub local: Option<(IpAddr, u16)>,
    /// The neighbor's end.
    pub remote: Option<(IpAddr, u16)>,
    /// Hold time that both agreed on, in seconds.
    pub hold_seconds: u64,
    /// Time between keepalives, in seconds.
    pub keepalive_seconds: u64,
    /// Messages from the neighbor.
    pub received: u64,
    /// Messages to it.
    pub sent: u64,
    /// UPDATE messages from it and to it.
    pub updates: (u64, u64),
    /// NOTIFICATION messages from it and to it.
    pub notifications: (u64, u64),
    /// How often the session was established, and lost.
    pub transitions: (u64, u64),
    /// Why it was lost last; FRR's words.
    pub last_reset: Option<String>,
    /// Prefixes, per family of the session.
    pub prefixes: BTreeMap<Family, PrefixCounts>,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of RFC 4271 §8.2.2")]
pub enum SessionState {
    Idle,
    Connect,
    Active,
    OpenSent,
    OpenConfirm,
    Established,
}

/// Prefixes of a session in one family.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrefixCounts {
    /// Taken from the neighbor.
    pub accepted: u64,
    /// Announced to it.
    pub sent: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Raw {
    remote_as: u32,
    local_as: u32,
    bgp_state: String,
    remote_router_id: String,
    bgp_timer_up_msec: Option<u64>,
    host_local: String,
    port_local: i64,
    host_foreign: String,
    port_foreign: i64,
    bgp_timer_hold_time_msecs: u64,
    bgp_timer_keep_alive_interval_msecs: u64,
    message_stats: RawMessages,
    connections_established: u64,
    connections_dropped: u64,
    last_reset_due_to: Option<String>,
    address_family_info: BTreeMap<String, RawFamily>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RawMessages {
    total_sent: u64,
    total_recv: u64,
    updates_sent: u64,
    updates_recv: u64,
    notifications_sent: u64,
    notifications_recv: u64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RawFamily {
    accepted_prefix_counter: u64,
    sent_prefix_counter: u64,
}

pub(super) async fn look(settings: &Settings) -> Result<BgpState, ObserveError> {
    let said = ask(settings, "show bgp neighbors json", LIMIT).await?;
    if said.cut {
        let text = format!("the list of BGP neighbors is longer than {} MiB", LIMIT >> 20);
        return Err(ObserveError::new("frr", text));
    }
    parse(&said.stdout)
}

fn parse(text: &[u8]) -> Result<BgpState, ObserveError> {
    // Without an instance FRR says nothing, or `{}`, or a sentence for people.
    let text = text.trim_ascii();
    if !text.starts_with(b"{") {
        let gone = text.is_empty() || text.starts_with(b"%");
        let error = || ObserveError::new("frr", String::from_utf8_lossy(&text[..text.len().min(200)]));
        return if gone { Ok(BgpState::default()) } else { Err(error()) };
    }
    let raw: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(text).map_err(|error| ObserveError::new("frr", error))?;
    let mut state = BgpState::default();
    for (address, neighbor) in raw {
        // What is not named by an address, as a warning, is no neighbor.
        let Ok(address) = address.parse() else { continue };
        let neighbor: Raw =
            serde_json::from_value(neighbor).map_err(|error| ObserveError::new("frr", error))?;
        state.neighbors.insert(address, neighbor.into_state());
    }
    Ok(state)
}

impl Raw {
    fn into_state(self) -> NeighborState {
        let end = |host: &str, port: i64| Some((host.parse().ok()?, u16::try_from(port).ok()?));
        let state = match self.bgp_state.as_str() {
            "Connect" => SessionState::Connect,
            "Active" => SessionState::Active,
            "OpenSent" => SessionState::OpenSent,
            "OpenConfirm" => SessionState::OpenConfirm,
            "Established" => SessionState::Established,
            // FRR has states of its own for a session that is being taken down.
            _ => SessionState::Idle,
        };
        let family = |(name, counts): (&String, &RawFamily)| {
            let family = match name.as_str() {
                "ipv4Unicast" => Family::Ipv4Unicast,
                "ipv6Unicast" => Family::Ipv6Unicast,
                _ => return None,
            };
            let counts =
                PrefixCounts { accepted: counts.accepted_prefix_counter, sent: counts.sent_prefix_counter };
            Some((family, counts))
        };
        NeighborState {
            peer_as: self.remote_as,
            local_as: self.local_as,
            state,
            router_id: self.remote_router_id.parse().ok().filter(|id: &Ipv4Addr| !id.is_unspecified()),
            up_seconds: self
                .bgp_timer_up_msec
                .filter(|_| state == SessionState::Established)
                .map(|up| up / 1000),
            local: end(&self.host_local, self.port_local),
            remote: end(&self.host_foreign, self.port_foreign),
            hold_seconds: self.bgp_timer_hold_time_msecs / 1000,
            keepalive_seconds: self.bgp_timer_keep_alive_interval_msecs / 1000,
            received: self.message_stats.total_recv,
            sent: self.message_stats.total_sent,
            updates: (self.message_stats.updates_recv, self.message_stats.updates_sent),
            notifications: (self.message_stats.notifications_recv, self.message_stats.notifications_sent),
            transitions: (self.connections_established, self.connections_dropped),
            last_reset: self.last_reset_due_to,
            prefixes: self.address_family_info.iter().filter_map(family).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BgpState, parse};

    #[test]
    fn no_instance_is_no_neighbor() {
        for text in ["", "{}", "{\n}\n", "% BGP instance not found\n", "{\"bgpNoSuchNeighbor\":true}"] {
            assert_eq!(parse(text.as_bytes()), Ok(BgpState::default()), "{text}");
        }
        assert!(parse(b"{\"192.0.2.1\": {").is_err() && parse(b"Exiting").is_err());
    }
}
