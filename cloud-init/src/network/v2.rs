//! [`Network`] in the words of network configuration version 2, as cloud-init 22.4.2 understands them all.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use super::interface::{Addressing, BondParameters, Match, Nameservers, Route, RouteTo};
use super::text::InterfaceAddress;
use super::{InterfaceName, Network};

/// What the template of `network-config` gets.
#[derive(Debug, Serialize)]
pub(crate) struct V2 {
    /// Always there: some of 22.4.2 fails with `KeyError` without the key.
    pub(crate) ethernets: BTreeMap<String, Keys>,
    pub(crate) bonds: BTreeMap<String, Keys>,
    pub(crate) vlans: BTreeMap<String, Keys>,
}

/// The keys of one interface; absent ones are not written.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Keys {
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    matching: Option<Match>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<InterfaceName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interfaces: Option<Vec<InterfaceName>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<BondParameters>,
    dhcp4: bool,
    dhcp6: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<InterfaceAddress>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<V2Route>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nameservers: Option<Nameservers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mtu: Option<u16>,
}

#[derive(Debug, Serialize)]
struct V2Route {
    to: String,
    via: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<u32>,
}

/// The default route by prefix: 22.4.2 takes `to: default` for an address and fails on it.
fn everything(via: IpAddr) -> &'static str {
    if via.is_ipv4() { "0.0.0.0/0" } else { "::/0" }
}

fn v2_route(route: &Route) -> V2Route {
    let to = match route.to {
        RouteTo::Prefix(net) => net.to_string(),
        RouteTo::Default => everything(route.via).to_owned(),
    };
    V2Route { to, via: route.via, metric: route.metric }
}

fn keys(a: Addressing<'_>) -> Keys {
    // netplan warns that the gateway keys are deprecated.
    let gateways = a.gateway4.map(IpAddr::V4).into_iter().chain(a.gateway6.map(IpAddr::V6));
    let defaults = gateways.map(|via| V2Route { to: everything(via).to_owned(), via, metric: None });
    Keys {
        dhcp4: a.dhcp4,
        dhcp6: a.dhcp6,
        addresses: a.addresses.to_vec(),
        routes: defaults.chain(a.routes.iter().map(v2_route)).collect(),
        nameservers: a.nameservers.cloned(),
        mtu: a.mtu.map(|mtu| mtu.0),
        ..Keys::default()
    }
}

/// Translates a checked network; without one, DHCP for IPv4 on every wired interface.
pub(crate) fn to_v2(network: Option<&Network>) -> V2 {
    let Some(network) = network else { return all_wired() };
    V2 {
        ethernets: network
            .ethernets
            .iter()
            .map(|(name, i)| {
                (name.to_string(), Keys { matching: i.matching.clone(), ..keys(i.addressing()) })
            })
            .collect(),
        bonds: network
            .bonds
            .iter()
            .map(|(name, i)| {
                let (interfaces, parameters) = (Some(i.interfaces.clone()), Some(i.parameters.clone()));
                (name.to_string(), Keys { interfaces, parameters, ..keys(i.addressing()) })
            })
            .collect(),
        vlans: network
            .vlans
            .iter()
            .map(|(name, i)| {
                let (id, link) = (Some(i.id.0), Some(i.link.clone()));
                (name.to_string(), Keys { id, link, ..keys(i.addressing()) })
            })
            .collect(),
    }
}

/// `en*` is what udev names wired interfaces, `eth*` what the kernel does when udev is told not to.
fn all_wired() -> V2 {
    // netplan refuses a pattern as a key.
    let entry = |(key, pattern): (&str, &str)| {
        let name = pattern.parse().ok();
        let matching = Some(Match { macaddress: None, name });
        (key.to_owned(), Keys { matching, dhcp4: true, ..Keys::default() })
    };
    V2 {
        ethernets: [("wired-en", "en*"), ("wired-eth", "eth*")].map(entry).into(),
        bonds: BTreeMap::new(),
        vlans: BTreeMap::new(),
    }
}
