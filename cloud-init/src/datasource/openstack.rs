//! OpenStack's metadata: the same documents on a config drive (version 2) and over HTTP.
//!
//! Formats: Nova's "Metadata service" and "Config drives" in its user guide; what cloud-init 22.4.2 reads of them is in
//! `cloudinit/sources/helpers/openstack.py`.

use super::Instance;
use crate::network::{Addressing, Bond, Ethernet, Network, RouteTo};
use ipnet::IpNet;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// Versions that are listed; clients take the newest that they know.
pub const VERSIONS: [&str; 3] = ["2015-10-15", "2018-08-27", "latest"];

/// A document below `openstack/VERSION/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// Who the instance is.
    MetaData,
    /// Links, networks and name servers.
    NetworkData,
    /// The cloud-config of the node, as it is.
    UserData,
    /// Vendor data, with the cloud-config below `cloud-init`.
    VendorData,
}

impl Document {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::MetaData, Self::NetworkData, Self::UserData, Self::VendorData];

    /// Its name in the URL and on the drive.
    pub fn name(self) -> &'static str {
        match self {
            Self::MetaData => "meta_data.json",
            Self::NetworkData => "network_data.json",
            Self::UserData => "user_data",
            Self::VendorData => "vendor_data.json",
        }
    }

    /// The document of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|document| document.name() == name)
    }
}

/// The text of a document; `None` where the node has none: a client then goes without.
pub fn document(instance: &Instance<'_>, document: Document) -> Option<String> {
    match document {
        Document::MetaData => Some(text(&meta_data(instance))),
        Document::NetworkData => instance.network().map(|network| text(&network_data(network))),
        Document::UserData => Some(instance.seed.user_data.clone()),
        Document::VendorData => {
            let vendor = instance.seed.vendor_data.as_str();
            (!vendor.trim().is_empty()).then(|| text(&json!({"cloud-init": vendor})))
        }
    }
}

fn text(value: &Value) -> String {
    format!("{value:#}\n")
}

fn meta_data(instance: &Instance<'_>) -> Value {
    let keys: Map<String, Value> = instance
        .keys()
        .enumerate()
        .map(|(number, key)| (format!("key-{}", number + 1), Value::from(key)))
        .collect();
    let hostname = instance.hostname();
    json!({
        "uuid": instance.id(),
        "name": instance.day1.hostname.as_str(),
        "hostname": hostname,
        "launch_index": 0,
        "availability_zone": "daybreak",
        "public_keys": keys,
    })
}

/// The document of Nova's `network_data.json`: each interface is a link, its addresses are networks.
fn network_data(network: &Network) -> Value {
    let (mut links, mut networks, mut services) = (Vec::new(), Vec::new(), Vec::new());
    let mut add = |id: &str, mut link: Value, addressing: Addressing<'_>| {
        link["id"] = id.into();
        if let Some(mtu) = addressing.mtu {
            link["mtu"] = mtu.0.into();
        }
        links.push(link);
        networks.extend(networks_of(id, addressing));
        for server in addressing.nameservers.iter().flat_map(|servers| &servers.addresses) {
            services.push(json!({"type": "dns", "address": server}));
        }
    };
    for (name, interface) in &network.ethernets {
        let mac = mac_of(interface);
        let mut link = json!({"type": "phy", "ethernet_mac_address": mac});
        if mac.is_none() {
            link["name"] = interface.pattern().unwrap_or(name.as_str()).into();
        }
        add(name.as_str(), link, interface.addressing());
    }
    for (name, bond) in &network.bonds {
        add(name.as_str(), bond_link(bond), bond.addressing());
    }
    for (name, vlan) in &network.vlans {
        // A VLAN has the hardware address of its link; cloud-init 22.4.2 fails without the key.
        let mac = network.ethernets.get(&vlan.link).and_then(mac_of);
        let link = json!({
            "type": "vlan", "vlan_link": vlan.link, "vlan_id": vlan.id, "vlan_mac_address": mac,
        });
        add(name.as_str(), link, vlan.addressing());
    }
    json!({"links": links, "networks": networks, "services": services})
}

fn mac_of(interface: &Ethernet) -> Option<String> {
    interface.matching.as_ref().and_then(|found| found.macaddress.as_ref()).map(ToString::to_string)
}

fn bond_link(bond: &Bond) -> Value {
    let parameters = &bond.parameters;
    let mut link = json!({
        "type": "bond",
        "bond_links": bond.interfaces,
        "bond_mode": parameters.mode,
        "bond_miimon": parameters.mii_monitor_interval,
    });
    for (key, value) in [
        ("bond_lacp_rate", json!(parameters.lacp_rate)),
        ("bond_xmit_hash_policy", json!(parameters.transmit_hash_policy)),
        ("bond_primary", json!(parameters.primary)),
    ] {
        if !value.is_null() {
            link[key] = value;
        }
    }
    link
}

fn networks_of(link: &str, addressing: Addressing<'_>) -> Vec<Value> {
    let mut networks = Vec::new();
    let mut add = |kind: &str, mut more: Value| {
        more["id"] = format!("{link}-{}", networks.len()).into();
        more["link"] = link.into();
        more["type"] = kind.into();
        networks.push(more);
    };
    if addressing.dhcp4 {
        add("ipv4_dhcp", json!({}));
    }
    if addressing.dhcp6 {
        add("ipv6_dhcp", json!({}));
    }
    let mut told = [false; 2];
    for address in addressing.addresses {
        let net = address.net();
        let is_v4 = net.addr().is_ipv4();
        let mut fixed = json!({"ip_address": net.addr(), "netmask": net.netmask()});
        // Gateways and routes go with the first address of their family.
        if !std::mem::replace(&mut told[usize::from(is_v4)], true) {
            fixed["routes"] = routes(addressing, is_v4).into();
        }
        let search = addressing.nameservers.map(|servers| &servers.search);
        if let Some(search) = search.filter(|search| !search.is_empty()) {
            fixed["dns_search"] = json!(search);
        }
        add(if is_v4 { "ipv4" } else { "ipv6" }, fixed);
    }
    networks
}

fn routes(addressing: Addressing<'_>, v4: bool) -> Vec<Value> {
    let gateways = addressing.gateway4.map(IpAddr::V4).into_iter().chain(addressing.gateway6.map(IpAddr::V6));
    let defaults = gateways.map(|via| (RouteTo::Default, via));
    let others = addressing.routes.iter().map(|route| (route.to, route.via));
    let wanted = defaults.chain(others).filter(|(_, via)| via.is_ipv4() == v4);
    wanted.flat_map(|(to, via)| targets(to, v4).into_iter().map(move |net| route(net, via))).collect()
}

/// 22.4.2 loses an IPv6 prefix length of 0; two halves are the whole.
fn targets(to: RouteTo, v4: bool) -> Vec<IpNet> {
    let texts: &[&str] = match (to, v4) {
        (RouteTo::Prefix(net), _) => return vec![net],
        (RouteTo::Default, true) => &["0.0.0.0/0"],
        (RouteTo::Default, false) => &["::/1", "8000::/1"],
    };
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn route(to: IpNet, via: IpAddr) -> Value {
    json!({"network": to.network(), "netmask": to.netmask(), "gateway": via})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_their_names_and_no_others() {
        for document in Document::ALL {
            assert_eq!(Document::from_name(document.name()), Some(document));
        }
        for other in ["", "user_data/", "../user_data", "USER_DATA", "password"] {
            assert_eq!(Document::from_name(other), None, "{other}");
        }
    }
}
