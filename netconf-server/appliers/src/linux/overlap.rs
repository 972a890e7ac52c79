//! Finds addresses and subnets that are on two interfaces, at the cost of what changed.

use crate::intent::{Interface, same};
use crate::refusal::Refusal;
use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// Which interfaces have an address, or an address of a subnet.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// What it was made of.
    of: OrdMap<String, Arc<Interface>>,
    addresses: HashMap<IpAddr, BTreeMap<String, usize>>,
    subnets: HashMap<IpNet, BTreeMap<String, usize>>,
}

impl Index {
    /// Finds what is wrong with those of the interfaces that differ from what the index knows, and brings it to them when
    /// nothing is. What it knows is always free of conflicts, so what is refused is refused again when it comes again.
    pub(super) fn check(&mut self, interfaces: &OrdMap<String, Arc<Interface>>) -> Vec<Refusal> {
        let was = self.of.clone();
        let changed = self.advance(interfaces);
        let refusals: Vec<_> = changed.values().flat_map(|interface| self.conflicts(interface)).collect();
        if !refusals.is_empty() {
            self.advance(&was);
        }
        refusals
    }

    /// Brings the index to these interfaces; gives those that are new or not as they were.
    fn advance(&mut self, interfaces: &OrdMap<String, Arc<Interface>>) -> BTreeMap<String, Arc<Interface>> {
        let mut changed = BTreeMap::new();
        let was = std::mem::replace(&mut self.of, interfaces.clone());
        for item in was.diff(interfaces) {
            let (old, new) = match item {
                DiffItem::Add(_, new) => (None, Some(new)),
                DiffItem::Update { old: (_, old), new: (_, new) } => (Some(old), Some(new)),
                DiffItem::Remove(_, old) => (Some(old), None),
            };
            if same(old, new) {
                continue;
            }
            for (address, name) in old.into_iter().flat_map(|interface| entries(interface)) {
                forget(&mut self.addresses, &address.addr(), name);
                forget(&mut self.subnets, &address.trunc(), name);
            }
            for (address, name) in new.into_iter().flat_map(|interface| entries(interface)) {
                remember(&mut self.addresses, address.addr(), name);
                remember(&mut self.subnets, address.trunc(), name);
            }
            if let Some(new) = new {
                changed.insert(new.name.clone(), Arc::clone(new));
            }
        }
        changed
    }

    fn conflicts(&self, interface: &Interface) -> Vec<Refusal> {
        let others = |holders: Option<&BTreeMap<String, usize>>| {
            holders.into_iter().flat_map(BTreeMap::keys).find(|name| **name != interface.name).cloned()
        };
        let mut own = BTreeSet::new();
        let mut refusals = Vec::new();
        for address in interface.families().flat_map(|family| &family.addresses) {
            let at = address.at.leaf("ip");
            if !own.insert(address.ip()) {
                let text = format!("{} is there twice", address.ip());
                refusals.push(Refusal::invalid(at, "daybreak:duplicate-address", text));
            } else if let Some(other) = others(self.addresses.get(&address.ip())) {
                let text = format!("{} is on {other} too", address.ip());
                refusals.push(Refusal::invalid(at, "daybreak:duplicate-address", text));
            } else if let Some(other) = others(self.subnets.get(&address.net.trunc())) {
                let text = format!("the subnet {} is on {other} too", address.net.trunc());
                refusals.push(Refusal::invalid(at, "daybreak:overlapping-subnet", text));
            }
        }
        refusals
    }
}

fn entries(interface: &Interface) -> impl Iterator<Item = (IpNet, &str)> {
    interface
        .families()
        .flat_map(|family| &family.addresses)
        // The same link-local subnet is on every link.
        .filter(|address| !matches!(address.ip(), IpAddr::V6(ip) if ip.is_unicast_link_local()))
        .map(|address| (address.net, interface.name.as_str()))
}

fn remember<K: std::hash::Hash + Eq>(map: &mut HashMap<K, BTreeMap<String, usize>>, key: K, name: &str) {
    *map.entry(key).or_default().entry(name.to_owned()).or_default() += 1;
}

fn forget<K: std::hash::Hash + Eq>(map: &mut HashMap<K, BTreeMap<String, usize>>, key: &K, name: &str) {
    let Some(holders) = map.get_mut(key) else { return };
    if let Some(count) = holders.get_mut(name) {
        *count -= 1;
        if *count == 0 {
            holders.remove(name);
        }
    }
    if holders.is_empty() {
        map.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::Index;
    use crate::intent::Interface;
    use imbl::OrdMap;
    use std::sync::Arc;

    fn interface(name: &str, nets: &[&str]) -> (String, Arc<Interface>) {
        let addresses: Vec<_> =
            nets.iter().map(|net| serde_json::json!({"at": format!("/{name}/{net}"), "net": net})).collect();
        let json = serde_json::json!({"name": name, "kind": "ethernet", "ipv4": {"addresses": addresses}});
        (name.to_owned(), Arc::new(serde_json::from_value(json).unwrap()))
    }

    fn paths(index: &mut Index, map: &OrdMap<String, Arc<Interface>>) -> Vec<String> {
        index.check(map).into_iter().map(|refusal| refusal.path).collect()
    }

    #[test]
    fn addresses_and_subnets_are_on_one_interface() {
        let mut index = Index::default();
        let mut map = OrdMap::from_iter([
            interface("p0", &["10.0.0.1/24", "10.0.0.9/24"]),
            interface("lo", &["10.0.0.3/32"]),
            interface("p1", &["10.0.0.0/23"]),
        ]);
        assert_eq!(paths(&mut index, &map), [""; 0], "a prefix in a shorter one is usual");
        map.extend([interface("p2", &["10.0.0.5/24"])]);
        assert_eq!(paths(&mut index, &map), ["/p2/10.0.0.5/24/ip"]);
        map.extend([interface("p2", &["10.0.0.3/30"])]);
        assert_eq!(paths(&mut index, &map), ["/p2/10.0.0.3/30/ip"]);
        map.extend([interface("p2", &["10.2.0.1/24", "10.2.0.1/25"])]);
        assert_eq!(paths(&mut index, &map), ["/p2/10.2.0.1/25/ip"]);
    }

    #[test]
    fn what_was_refused_or_moved_away_leaves_nothing_behind() {
        let mut index = Index::default();
        let first = OrdMap::from_iter([interface("p0", &["10.0.0.1/24"])]);
        let mut wrong = first.clone();
        wrong.extend([interface("p1", &["10.0.0.2/24"])]);
        assert_eq!(paths(&mut index, &first), [""; 0]);
        assert_eq!(paths(&mut index, &wrong), ["/p1/10.0.0.2/24/ip"]);
        assert_eq!(paths(&mut index, &wrong), ["/p1/10.0.0.2/24/ip"], "it is as wrong when it comes again");
        // Refused, so the next change starts from the first again.
        assert_eq!(paths(&mut index, &first), [""; 0]);
        let moved = OrdMap::from_iter([interface("p1", &["10.0.0.1/24"])]);
        assert_eq!(paths(&mut index, &moved), [""; 0]);
    }

    #[test]
    fn link_local_addresses_may_be_on_every_link() {
        let mut index = Index::default();
        let map = OrdMap::from_iter([interface("p0", &["fe80::1/64"]), interface("p1", &["fe80::1/64"])]);
        assert_eq!(paths(&mut index, &map), [""; 0]);
    }
}
