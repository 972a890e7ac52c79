//! `show bgp vrf all summary json` of FRR, as points.

use crate::catalogue::{BGP_NEIGHBOR, BGP_TOTAL};
use crate::point::Point;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor, value::MapAccessDeserializer};
use std::collections::BTreeMap;
use std::fmt;

/// By VRF, then by address family.
type Summary = BTreeMap<String, BTreeMap<String, Family>>;

/// What stands under the name of a family: its table, or a sentence that there is none.
#[derive(Default)]
struct Family(Option<Table>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    rib_count: u64,
    rib_memory: u64,
    #[serde(rename = "tableVersion")]
    version: u64,
    total_peers: u64,
    #[serde(default)]
    peers: BTreeMap<String, Peer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Peer {
    remote_as: u64,
    msg_rcvd: u64,
    msg_sent: u64,
    #[serde(default, rename = "peerUptimeMsec")]
    uptime_ms: u64,
    #[serde(default)]
    pfx_rcd: u64,
    #[serde(default)]
    pfx_snt: u64,
    state: String,
    connections_dropped: u64,
}

impl<'de> Deserialize<'de> for Family {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TableOrText;

        impl<'de> Visitor<'de> for TableOrText {
            type Value = Family;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("the table of an address family, or a text")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Family, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map)).map(|table| Family(Some(table)))
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Family, E> {
                Ok(Family(None))
            }
        }

        from.deserialize_any(TableOrText)
    }
}

/// Established, in [`state`]'s numbers.
const ESTABLISHED: u64 = 6;

/// Points of both sets.
pub(super) fn points(answer: &str) -> Result<Vec<Point>, serde_json::Error> {
    let summary: Summary = serde_json::from_str(answer)?;
    let mut points = Vec::new();
    for (vrf, families) in &summary {
        for (name, family) in families {
            let Some(table) = &family.0 else { continue };
            table_points(&mut points, vrf, &family_name(name), table);
        }
    }
    Ok(points)
}

fn table_points(points: &mut Vec<Point>, vrf: &str, family: &str, table: &Table) {
    let mut established = 0;
    for (neighbor, peer) in &table.peers {
        let state = state(&peer.state);
        let is_up = state == Some(ESTABLISHED);
        established += u64::from(is_up);
        let point = Point::new(&BGP_NEIGHBOR, [neighbor, vrf, family])
            .with_known("state", state)
            // FRR counts from the last change, also while the session is down.
            .with("up", if is_up { peer.uptime_ms / 1000 } else { 0 })
            .with("remote_as", peer.remote_as)
            .with("prefixes_received", peer.pfx_rcd)
            .with("prefixes_sent", peer.pfx_snt)
            .with("messages_in", peer.msg_rcvd)
            .with("messages_out", peer.msg_sent)
            .with("flaps", peer.connections_dropped);
        points.push(point);
    }
    points.push(
        Point::new(&BGP_TOTAL, [vrf, family])
            .with("rib_entries", table.rib_count)
            .with("rib_size", table.rib_memory)
            .with("neighbors", table.total_peers)
            .with("established", established)
            .with("table_version", table.version),
    );
}

/// bgpPeerState of RFC 4273 from a text such as `Idle (Admin)`.
fn state(text: &str) -> Option<u64> {
    let number = match text.split(|c: char| !c.is_ascii_alphabetic()).next()? {
        // FRR's own two are on the way from a session to Idle.
        "Idle" | "Clearing" | "Deleted" => 1,
        "Connect" => 2,
        "Active" => 3,
        "OpenSent" => 4,
        "OpenConfirm" => 5,
        "Established" => ESTABLISHED,
        _ => return None,
    };
    Some(number)
}

/// The name that iana-bgp-types has for a family that FRR calls such as `ipv4Unicast`.
fn family_name(name: &str) -> String {
    match name {
        "ipv4Vpn" => return "l3vpn-ipv4-unicast".to_owned(),
        "ipv6Vpn" => return "l3vpn-ipv6-unicast".to_owned(),
        "l2VpnEvpn" => return "l2vpn-evpn".to_owned(),
        _ => {}
    }
    let mut out = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{family_name, points, state};
    use crate::collect::cases;
    use std::path::Path;

    #[test]
    fn every_case_gives_what_it_expects() {
        cases::run("bgp", |_, input: &Path| {
            let text = std::fs::read_to_string(input.join("summary.json")).unwrap();
            points(&text).map_err(|error| error.to_string())
        });
    }

    #[test]
    fn states_are_those_of_the_mib() {
        for (text, number) in [
            ("Idle", Some(1)),
            ("Idle (Admin)", Some(1)),
            ("Idle (PfxCt)", Some(1)),
            ("Clearing", Some(1)),
            ("Connect", Some(2)),
            ("Active", Some(3)),
            ("OpenSent", Some(4)),
            ("OpenConfirm", Some(5)),
            ("Established", Some(6)),
            ("", None),
            ("Tired", None),
        ] {
            assert_eq!(state(text), number, "{text}");
        }
    }

    #[test]
    fn families_have_the_names_of_the_model() {
        for (frr, model) in [
            ("ipv4Unicast", "ipv4-unicast"),
            ("ipv6LabeledUnicast", "ipv6-labeled-unicast"),
            ("ipv4Vpn", "l3vpn-ipv4-unicast"),
            ("l2VpnEvpn", "l2vpn-evpn"),
        ] {
            assert_eq!(family_name(frr), model);
        }
    }
}
