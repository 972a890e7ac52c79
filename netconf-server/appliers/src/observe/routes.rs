//! The routing table, from `show ip route json`, as far as it is not too long.

use super::vtysh::ask;
use super::{ObserveError, Settings};
use ipnet::IpNet;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::net::IpAddr;

/// Bytes of JSON for one route with several next hops.
const ROUTE: u64 = 4096;

/// A routing table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteTable {
    /// In the order of FRR, which is that of prefixes.
    pub routes: Vec<RouteState>,
    /// There are more.
    pub cut: bool,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteState {
    /// Destination.
    pub prefix: IpNet,
    /// Who brought it, in FRR's words: `connected`, `static`, `bgp`, `kernel`.
    pub protocol: String,
    /// It is the one that is used.
    pub selected: bool,
    /// Linux has it.
    pub installed: bool,
    /// Administrative distance.
    pub distance: u32,
    /// Metric.
    pub metric: u32,
    /// Next hops.
    pub next_hops: Vec<NextHopState>,
}

/// A next hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextHopState {
    /// The router; None on the link itself.
    pub address: Option<IpAddr>,
    /// Name of the interface.
    pub interface: Option<String>,
    /// Packets are dropped.
    pub blackhole: bool,
    /// It can be used.
    pub active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    prefix: IpNet,
    protocol: String,
    #[serde(default)]
    selected: bool,
    #[serde(default)]
    installed: bool,
    #[serde(default)]
    distance: u32,
    #[serde(default)]
    metric: u32,
    #[serde(default)]
    nexthops: Vec<RawHop>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawHop {
    ip: Option<IpAddr>,
    interface_name: Option<String>,
    #[serde(default)]
    unreachable: bool,
    #[serde(default)]
    active: bool,
}

pub(super) async fn look(settings: &Settings, ipv4: bool) -> Result<RouteTable, ObserveError> {
    let command = if ipv4 { "show ip route json" } else { "show ipv6 route json" };
    let limit = ROUTE.saturating_mul(settings.routes as u64);
    let said = ask(settings, command, limit).await?;
    parse(&said.stdout, said.cut, settings.routes)
}

/// Reads up to `most` routes; of a text that was cut off those that are whole.
fn parse(text: &[u8], cut: bool, most: usize) -> Result<RouteTable, ObserveError> {
    let mut table = RouteTable { routes: Vec::new(), cut };
    if text.trim_ascii().is_empty() {
        return Ok(table);
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Prefixes { table: &mut table, most }.deserialize(&mut reader);
    match read {
        Err(error) if !cut => {
            Err(ObserveError::new("frr", format!("the routing table does not read: {error}")))
        }
        _ => Ok(table),
    }
}

/// Reads routes into a table, so that those that came before an error are kept.
struct Prefixes<'t> {
    table: &'t mut RouteTable,
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Prefixes<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Prefixes<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("routes by prefix")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            if self.table.routes.len() >= self.most {
                self.table.cut = true;
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let routes: Vec<Raw> = map.next_value()?;
            self.table.routes.extend(routes.into_iter().map(Raw::into_state));
            self.table.routes.truncate(self.most);
        }
        Ok(())
    }
}

impl Raw {
    fn into_state(self) -> RouteState {
        let hop = |hop: RawHop| NextHopState {
            address: hop.ip,
            interface: hop.interface_name,
            blackhole: hop.unreachable,
            active: hop.active,
        };
        RouteState {
            prefix: self.prefix,
            protocol: self.protocol,
            selected: self.selected,
            installed: self.installed,
            distance: self.distance,
            metric: self.metric,
            next_hops: self.nexthops.into_iter().map(hop).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn table(routes: usize) -> String {
        let route = |number: usize| {
            let prefix = format!("10.{number}.0.0/16");
            let hops = serde_json::json!([{"ip": "192.0.2.1", "active": true}]);
            let route = serde_json::json!({"prefix": prefix, "protocol": "static", "selected": true, "nexthops": hops});
            format!("\"{prefix}\":[{route}]")
        };
        format!("{{{}}}", (0..routes).map(route).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn a_table_reads_up_to_its_bound() {
        let whole = parse(table(3).as_bytes(), false, 10).unwrap();
        assert_eq!((whole.routes.len(), whole.cut), (3, false));
        assert_eq!(whole.routes[2].next_hops[0].address, "192.0.2.1".parse().ok());
        let bounded = parse(table(9).as_bytes(), false, 4).unwrap();
        assert_eq!((bounded.routes.len(), bounded.cut), (4, true));
    }

    #[test]
    fn of_a_table_that_was_cut_off_the_whole_routes_count() {
        let text = table(3);
        let cut = parse(&text.as_bytes()[..text.len() - 20], true, 10).unwrap();
        assert_eq!((cut.routes.len(), cut.cut), (2, true));
        assert!(parse(&text.as_bytes()[..text.len() - 20], false, 10).is_err());
        assert_eq!(parse(b"", false, 10).unwrap().routes.len(), 0);
    }
}
