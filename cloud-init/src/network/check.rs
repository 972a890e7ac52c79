//! Rules between keys and between interfaces.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::interface::{Addressing, Bond, BondMode, Ethernet, RouteTo};
use super::{InterfaceName, Network};

/// A broken rule, with the interface it is broken on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{interface}: {reason}")]
pub struct NetworkError {
    interface: String,
    reason: String,
}

fn refuse<T>(interface: &InterfaceName, reason: impl Into<String>) -> Result<T, NetworkError> {
    Err(NetworkError { interface: interface.to_string(), reason: reason.into() })
}

/// Most interfaces of one node; a seed with more is a mistake.
const MAX_INTERFACES: usize = 256;

pub(super) fn check(network: &Network) -> Result<(), NetworkError> {
    let all: Vec<(&InterfaceName, Addressing<'_>)> = network
        .ethernets
        .iter()
        .map(|(name, i)| (name, i.addressing()))
        .chain(network.bonds.iter().map(|(name, i)| (name, i.addressing())))
        .chain(network.vlans.iter().map(|(name, i)| (name, i.addressing())))
        .collect();
    let (mut names, mut addresses) = (BTreeSet::new(), BTreeMap::new());
    for (name, addressing) in &all {
        if !names.insert(*name) {
            return refuse(name, "the name is used by two kinds of interface");
        }
        if names.len() > MAX_INTERFACES {
            return refuse(name, format!("more than {MAX_INTERFACES} interfaces"));
        }
        check_addressing(name, addressing)?;
        for address in addressing.addresses {
            if let Some(other) = addresses.insert(address.net().addr(), *name) {
                return refuse(name, format!("{} is an address of {other} too", address.net().addr()));
            }
        }
    }
    let mut patterns = BTreeSet::new();
    for (name, ethernet) in &network.ethernets {
        check_match(name, ethernet)?;
        if let Some(pattern) = ethernet.pattern()
            && !patterns.insert(pattern)
        {
            return refuse(name, format!("match name {pattern} is there twice"));
        }
    }
    check_bonds(network)?;
    check_vlans(network)
}

fn check_addressing(name: &InterfaceName, a: &Addressing<'_>) -> Result<(), NetworkError> {
    let has = |v4: bool| a.addresses.iter().any(|x| x.net().addr().is_ipv4() == v4);
    if a.gateway4.is_some() && (a.dhcp4 || !has(true)) {
        return refuse(name, "gateway4 needs an IPv4 address in `addresses` and dhcp4 off");
    }
    if a.gateway6.is_some() && (a.dhcp6 || !has(false)) {
        return refuse(name, "gateway6 needs an IPv6 address in `addresses` and dhcp6 off");
    }
    // cloud-init hangs routes on the first address or DHCP of the interface and drops them when there is none.
    if !a.routes.is_empty() && a.addresses.is_empty() && !a.dhcp4 && !a.dhcp6 {
        return refuse(name, "routes need an address or DHCP on the interface");
    }
    let mut seen = BTreeSet::new();
    for route in a.routes {
        let v4 = route.via.is_ipv4();
        if let RouteTo::Prefix(net) = route.to
            && net.addr().is_ipv4() != v4
        {
            return refuse(
                name,
                format!("route to {net} goes via {}, an address of the other family", route.via),
            );
        }
        if route.via.is_unspecified() || route.via.is_multicast() {
            return refuse(name, format!("route via {} has no usable next hop", route.via));
        }
        if !seen.insert((String::from(route.to), v4, route.metric)) {
            return refuse(name, format!("route to {} is there twice", String::from(route.to)));
        }
        let doubled = if v4 { a.gateway4.map(IpAddr::V4) } else { a.gateway6.map(IpAddr::V6) };
        if let (RouteTo::Default, Some(gateway)) = (route.to, doubled) {
            return refuse(name, format!("a default route and gateway {gateway} exclude each other"));
        }
    }
    let v6 = a.dhcp6 || has(false);
    if v6 && a.mtu.is_some_and(|mtu| mtu.0 < 1280) {
        return refuse(name, "IPv6 needs an mtu of at least 1280 (RFC 8200 section 5)");
    }
    if a.nameservers.is_some_and(|n| n.addresses.is_empty() && n.search.is_empty()) {
        return refuse(name, "nameservers has neither addresses nor search");
    }
    Ok(())
}

fn check_match(name: &InterfaceName, ethernet: &Ethernet) -> Result<(), NetworkError> {
    match &ethernet.matching {
        Some(m) if m.macaddress.is_some() == m.name.is_some() => {
            refuse(name, "match needs exactly one of macaddress and name")
        }
        // A pattern may find several interfaces, and one address cannot be on all of them.
        Some(m) if m.name.is_some() && !ethernet.addresses.is_empty() => {
            refuse(name, "a match with a pattern cannot have fixed addresses")
        }
        _ => Ok(()),
    }
}

fn check_bonds(network: &Network) -> Result<(), NetworkError> {
    let mut taken = BTreeMap::new();
    for (name, bond) in &network.bonds {
        if bond.interfaces.is_empty() {
            return refuse(name, "a bond needs at least one interface");
        }
        for member in &bond.interfaces {
            let Some(ethernet) = network.ethernets.get(member) else {
                return refuse(name, format!("member {member} is not in ethernets"));
            };
            if let Some(other) = taken.insert(member, name) {
                return refuse(name, format!("member {member} is in {other} already"));
            }
            if ethernet.pattern().is_some() {
                return refuse(
                    name,
                    format!("member {member} matches by name; match it by macaddress or not at all"),
                );
            }
            let a = ethernet.addressing();
            if a.dhcp4 || a.dhcp6 || !a.addresses.is_empty() || a.nameservers.is_some() {
                return refuse(name, format!("member {member} has addresses or DHCP of its own"));
            }
        }
        check_parameters(name, bond)?;
    }
    Ok(())
}

fn check_parameters(name: &InterfaceName, bond: &Bond) -> Result<(), NetworkError> {
    let p = &bond.parameters;
    if p.lacp_rate.is_some() && p.mode != BondMode::Lacp {
        return refuse(name, "lacp-rate needs mode 802.3ad");
    }
    if p.transmit_hash_policy.is_some() && p.mode == BondMode::ActiveBackup {
        return refuse(name, "transmit-hash-policy needs mode 802.3ad or balance-xor");
    }
    match &p.primary {
        Some(_) if p.mode != BondMode::ActiveBackup => refuse(name, "primary needs mode active-backup"),
        Some(primary) if !bond.interfaces.contains(primary) => {
            refuse(name, format!("primary {primary} is not one of its interfaces"))
        }
        _ => Ok(()),
    }
}

fn check_vlans(network: &Network) -> Result<(), NetworkError> {
    let members: BTreeSet<_> = network.bonds.values().flat_map(|b| &b.interfaces).collect();
    let mut tags = BTreeMap::new();
    for (name, vlan) in &network.vlans {
        let link = &vlan.link;
        if !network.ethernets.contains_key(link) && !network.bonds.contains_key(link) {
            return refuse(name, format!("link {link} is in neither ethernets nor bonds"));
        }
        if network.ethernets.get(link).is_some_and(|e| e.pattern().is_some()) {
            return refuse(
                name,
                format!("link {link} matches by name; match it by macaddress or not at all"),
            );
        }
        if members.contains(link) {
            return refuse(name, format!("link {link} is a member of a bond; use the bond"));
        }
        if let Some(other) = tags.insert((link, vlan.id), name) {
            return refuse(name, format!("VLAN {} of {link} is {other} already", vlan.id.0));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(yaml: &str) -> String {
        let network: Network = serde_saphyr::from_str(yaml).unwrap();
        network.check().unwrap_err().to_string()
    }

    #[test]
    fn accepts_a_whole_network() {
        let yaml = include_str!("testdata/full.yaml");
        let network: Network = serde_saphyr::from_str(yaml).unwrap();
        network.check().unwrap();
    }

    #[test]
    fn refuses_combinations_that_cannot_work() {
        let cases = [
            ("ethernets: {a: {gateway4: 192.0.2.1}}", "gateway4 needs an IPv4 address"),
            ("ethernets: {a: {dhcp4: true, addresses: [192.0.2.2/24], gateway4: 192.0.2.1}}", "dhcp4 off"),
            ("ethernets: {a: {addresses: [192.0.2.2/24], gateway6: '2001:db8::1'}}", "gateway6 needs"),
            ("ethernets: {a: {routes: [{to: default, via: 192.0.2.1}]}}", "routes need an address"),
            ("ethernets: {a: {dhcp4: true, routes: [{to: 2001:db8::/32, via: 192.0.2.1}]}}", "other family"),
            ("ethernets: {a: {dhcp4: true, routes: [{to: default, via: 0.0.0.0}]}}", "no usable next hop"),
            (
                "ethernets: {a: {addresses: [192.0.2.2/24], gateway4: 192.0.2.1, routes: [{to: default, via: 192.0.2.9}]}}",
                "exclude each other",
            ),
            (
                "ethernets: {a: {dhcp4: true, routes: [{to: default, via: 192.0.2.1}, {to: default, via: 192.0.2.2}]}}",
                "there twice",
            ),
            ("ethernets: {a: {addresses: ['2001:db8::2/64'], mtu: 1279}}", "at least 1280"),
            ("ethernets: {a: {dhcp4: true, nameservers: {}}}", "neither addresses nor search"),
            (
                "ethernets: {a: {addresses: [192.0.2.2/24]}, b: {addresses: [192.0.2.2/25]}}",
                "an address of a too",
            ),
            ("ethernets: {a: {match: {}}}", "exactly one of macaddress and name"),
            (
                "ethernets: {a: {match: {name: 'en*'}, addresses: [192.0.2.2/24]}}",
                "cannot have fixed addresses",
            ),
            ("ethernets: {a: {match: {name: 'e*'}}, b: {match: {name: 'e*'}}}", "e* is there twice"),
            (
                "{ethernets: {x: {match: {name: 'e*'}}}, bonds: {b: {interfaces: [x], parameters: {mode: 802.3ad}}}}",
                "x matches by name",
            ),
            ("{ethernets: {x: {match: {name: 'e*'}}}, vlans: {v: {id: 5, link: x}}}", "x matches by name"),
            ("{ethernets: {a: {}}, vlans: {a: {id: 1, link: a}}}", "two kinds of interface"),
            (
                "{ethernets: {}, bonds: {b: {interfaces: [], parameters: {mode: 802.3ad}}}}",
                "at least one interface",
            ),
            (
                "{ethernets: {}, bonds: {b: {interfaces: [x], parameters: {mode: 802.3ad}}}}",
                "x is not in ethernets",
            ),
            (
                "{ethernets: {x: {dhcp4: true}}, bonds: {b: {interfaces: [x], parameters: {mode: 802.3ad}}}}",
                "DHCP of its own",
            ),
            (
                "{ethernets: {x: {}}, bonds: {b: {interfaces: [x], parameters: {mode: 802.3ad}}, c: {interfaces: [x], parameters: {mode: 802.3ad}}}}",
                "in b already",
            ),
            (
                "{ethernets: {x: {}}, bonds: {b: {interfaces: [x], parameters: {mode: active-backup, lacp-rate: fast}}}}",
                "lacp-rate needs",
            ),
            (
                "{ethernets: {x: {}}, bonds: {b: {interfaces: [x], parameters: {mode: active-backup, transmit-hash-policy: layer2}}}}",
                "transmit-hash-policy needs",
            ),
            (
                "{ethernets: {x: {}}, bonds: {b: {interfaces: [x], parameters: {mode: 802.3ad, primary: x}}}}",
                "primary needs",
            ),
            (
                "{ethernets: {x: {}}, bonds: {b: {interfaces: [x], parameters: {mode: active-backup, primary: y}}}}",
                "primary y is not",
            ),
            ("{ethernets: {}, vlans: {v: {id: 5, link: x}}}", "link x is in neither"),
            (
                "{ethernets: {x: {}}, bonds: {b: {interfaces: [x], parameters: {mode: 802.3ad}}}, vlans: {v: {id: 5, link: x}}}",
                "use the bond",
            ),
            (
                "{ethernets: {x: {}}, vlans: {v: {id: 5, link: x}, w: {id: 5, link: x}}}",
                "VLAN 5 of x is v already",
            ),
        ];
        for (yaml, part) in cases {
            let error = error_of(yaml);
            assert!(error.contains(part), "{yaml}: {error}");
        }
    }
}
