//! What FRR would refuse, drop in silence or read as something else, although `vtysh -C` takes it.

use super::render::same_family;
use super::text::unusable;
use crate::intent::{Address, At, Bgp, BgpNeighbor, Family, Intent, StaticRoute, Target};
use crate::names;
use crate::refusal::Refusal;
use ipnet::IpNet;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};

/// Checks static routes and BGP.
pub(super) fn check(intent: &Intent) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (prefix, route) in &intent.static_routes {
        static_route(prefix, route, &mut refusals);
    }
    if let Some(bgp) = &intent.bgp {
        instance(bgp, &mut refusals);
        let own = own_addresses(intent);
        for neighbor in bgp.neighbors.values() {
            session(bgp, neighbor, &own, &mut refusals);
        }
    }
    refusals
}

/// Checks that no address that is new on an interface is a neighbor's; its cost follows the change.
pub(super) fn check_new_addresses(from: &Intent, to: &Intent) -> Vec<Refusal> {
    let Some(bgp) = &to.bgp else { return Vec::new() };
    let changed = from.interfaces.diff(&to.interfaces).filter_map(|item| match item {
        imbl::ordmap::DiffItem::Add(_, new) | imbl::ordmap::DiffItem::Update { new: (_, new), .. } => {
            Some(new)
        }
        imbl::ordmap::DiffItem::Remove(..) => None,
    });
    changed
        .flat_map(|interface| interface.families().filter(|family| family.enabled))
        .flat_map(|family| &family.addresses)
        .filter(|address| bgp.neighbors.contains_key(&address.ip()))
        .map(|address| {
            let text = format!("{} is the address of a BGP neighbor; it cannot be our own too", address.ip());
            Refusal::invalid(address.at.path(), "daybreak:own-address", text)
        })
        .collect()
}

fn static_route(prefix: &IpNet, route: &StaticRoute, refusals: &mut Vec<Refusal>) {
    let here = |at: &At, tag, text: String| Refusal::invalid(at.path(), tag, text);
    if route.prefix.trunc() != route.prefix || route.prefix != *prefix {
        let text = format!("{} has host bits; write {}", route.prefix, route.prefix.trunc());
        refusals.push(Refusal::invalid(route.at.leaf("destination-prefix"), "daybreak:host-bits", text));
    }
    if route.next_hops.is_empty() {
        refusals.push(here(&route.at, "daybreak:no-next-hop", format!("{prefix} has no next hop")));
    }
    if route.distance == Some(0) {
        refusals.push(here(&route.at, "daybreak:distance", "a distance is 1 to 255".to_owned()));
    }
    let mut seen: Vec<&Target> = Vec::new();
    let several = route.next_hops.len() > 1;
    for hop in &route.next_hops {
        if seen.contains(&&hop.target) {
            refusals.push(here(
                &hop.at,
                "daybreak:next-hop-twice",
                "this next hop is there twice".to_owned(),
            ));
        }
        seen.push(&hop.target);
        let (address, interface) = match &hop.target {
            Target::Address(address) => (Some(*address), None),
            Target::Interface(name) => (None, Some(name)),
            Target::Via { address, interface } => (Some(*address), Some(interface)),
            Target::Special(_) => (None, None),
        };
        if several && matches!(hop.target, Target::Special(_)) {
            let text = "traffic cannot be shared with a next hop that drops it".to_owned();
            refusals.push(here(&hop.at, "daybreak:next-hop-mix", text));
        }
        if address.is_some_and(|address| !same_family(address, prefix.addr())) {
            let text = format!("{prefix} needs a next hop of its own IP version");
            refusals.push(here(&hop.at, "daybreak:family", text));
        }
        if address.is_some_and(|address| address.is_unspecified() || address.is_multicast()) {
            refusals.push(here(&hop.at, "daybreak:address", "is not the address of a router".to_owned()));
        }
        if interface.is_none() && address.is_some_and(is_link_local) {
            let text = "a link-local next hop needs the interface that it is on".to_owned();
            refusals.push(here(&hop.at, "daybreak:link-local", text));
        }
        if let Some(why) = interface.and_then(|name| names::interface(name)) {
            refusals.push(here(&hop.at, "daybreak:interface-name", why));
        }
    }
}

fn instance(bgp: &Bgp, refusals: &mut Vec<Refusal>) {
    if bgp.as_number == 0 {
        let text = "0 is no AS number (RFC 7607)";
        refusals.push(Refusal::invalid(bgp.at.leaf("as"), "daybreak:as-number", text));
    }
    if bgp.router_id.is_some_and(|id| id.is_unspecified()) {
        let text = "0.0.0.0 is no BGP identifier (RFC 6286 §2.1)";
        refusals.push(Refusal::invalid(bgp.at.leaf("identifier"), "daybreak:router-id", text));
    }
    for family in &bgp.families {
        for network in &family.networks {
            if matches!(network.prefix, IpNet::V4(_)) != (family.family == Family::Ipv4Unicast) {
                let text = format!("{} is not of this address family", network.prefix);
                refusals.push(Refusal::invalid(network.at.path(), "daybreak:family", text));
            }
            if network.prefix.trunc() != network.prefix {
                let text = format!("{} has host bits; write {}", network.prefix, network.prefix.trunc());
                refusals.push(Refusal::invalid(network.at.path(), "daybreak:host-bits", text));
            }
        }
    }
}

fn session(bgp: &Bgp, neighbor: &BgpNeighbor, own: &HashSet<IpAddr>, refusals: &mut Vec<Refusal>) {
    let mut refuse = |leaf: &str, tag, text: String| {
        refusals.push(Refusal::invalid(neighbor.at.leaf(leaf), tag, text));
    };
    let address = neighbor.address;
    if own.contains(&address) {
        refuse("remote-address", "daybreak:own-address", format!("{address} is this router's own address"));
    }
    if address.is_unspecified() || address.is_multicast() || address.is_loopback() || is_link_local(address) {
        let text = format!("{address} cannot be a BGP neighbor: a global address is needed");
        refuse("remote-address", "daybreak:address", text);
    }
    if neighbor.peer_as == 0 {
        refuse("peer-as", "daybreak:as-number", "0 is no AS number (RFC 7607)".to_owned());
    }
    if let Some(why) = neighbor.description.as_deref().and_then(unusable) {
        refuse("description", "daybreak:text", why);
    }
    let timers = &neighbor.timers;
    if timers.hold.is_some_and(|hold| hold == 1 || hold == 2) {
        refuse("timers/hold-time", "daybreak:timers", "is 0, or 3 and more (RFC 4271 §4.2)".to_owned());
    }
    let hold = timers.hold.unwrap_or(180);
    // With a hold time of 0 no keepalives are sent.
    if hold != 0 && timers.keepalive.is_some_and(|keepalive| keepalive >= hold) {
        let text = format!("is not below the hold time of {hold} s, so that the session would end of itself");
        refuse("timers/keepalive", "daybreak:timers", text);
    }
    if timers.connect_retry == Some(0) {
        refuse("timers/connect-retry-interval", "daybreak:timers", "is 1 to 65535".to_owned());
    }
    if let Some(local) = neighbor.local_address.filter(|local| !same_family(*local, address)) {
        refuse(
            "transport/local-address",
            "daybreak:family",
            format!("{local} and {address} are not of one IP version"),
        );
    }
    if let Some(multihop) = &neighbor.multihop {
        if neighbor.peer_as == bgp.as_number {
            let text = "is for neighbors of another AS; those of our own may be any number of hops away";
            refusals.push(Refusal::invalid(multihop.at.path(), "daybreak:multihop", text));
        } else if multihop.ttl == 0 {
            refusals.push(Refusal::invalid(
                multihop.at.leaf("multihop-ttl"),
                "daybreak:multihop",
                "is 1 to 255",
            ));
        }
    }
}

fn own_addresses(intent: &Intent) -> HashSet<IpAddr> {
    let families = intent.interfaces.values().flat_map(|interface| interface.families());
    families.filter(|family| family.enabled).flat_map(|family| &family.addresses).map(Address::ip).collect()
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if Ipv6Addr::is_unicast_link_local(&address))
}

#[cfg(test)]
mod tests {
    use super::{check, check_new_addresses};
    use crate::intent::{Intent, Special, Target};
    use std::net::IpAddr;
    use std::sync::Arc;

    fn base() -> Intent {
        serde_json::from_str(include_str!("../../testcases/frr/bgp-two-families/intent.json")).unwrap()
    }

    fn edit_bgp(edit: impl FnOnce(&mut crate::intent::Bgp)) -> Intent {
        let mut intent = base();
        edit(Arc::make_mut(intent.bgp.as_mut().unwrap()));
        intent
    }

    fn edit_neighbor(edit: impl FnOnce(&mut crate::intent::BgpNeighbor)) -> Intent {
        edit_bgp(|bgp| {
            let mut neighbor = (**bgp.neighbors.get(&IpAddr::from([10, 0, 0, 2])).unwrap()).clone();
            bgp.neighbors.remove(&neighbor.address);
            edit(&mut neighbor);
            bgp.neighbors.insert(neighbor.address, Arc::new(neighbor));
        })
    }

    fn edit_route(edit: impl FnOnce(&mut crate::intent::StaticRoute)) -> Intent {
        let mut intent = base();
        let prefix: ipnet::IpNet = "198.51.100.0/24".parse().unwrap();
        let mut route = (**intent.static_routes.get(&prefix).unwrap()).clone();
        edit(&mut route);
        intent.static_routes.insert(prefix, Arc::new(route));
        intent
    }

    #[test]
    fn a_good_one_passes() {
        assert_eq!(check(&base()), []);
    }

    #[test]
    fn each_rule_blames_its_leaf() {
        let target = |target: Target| edit_route(move |route| route.next_hops[0].target = target);
        let n = "/bgp/n[10.0.0.2]";
        for (intent, path) in [
            (edit_bgp(|bgp| bgp.as_number = 0), "/bgp/global/as".to_owned()),
            (edit_bgp(|bgp| bgp.router_id = Some([0; 4].into())), "/bgp/global/identifier".to_owned()),
            (
                edit_bgp(|bgp| bgp.families[0].networks[0].prefix = "2001:db8::/32".parse().unwrap()),
                "/bgp/global/4/n".to_owned(),
            ),
            (
                edit_bgp(|bgp| bgp.families[0].networks[0].prefix = "10.1.2.3/8".parse().unwrap()),
                "/bgp/global/4/n".to_owned(),
            ),
            (edit_neighbor(|n| n.address = "192.0.2.1".parse().unwrap()), format!("{n}/remote-address")),
            (edit_neighbor(|n| n.address = "fe80::1".parse().unwrap()), format!("{n}/remote-address")),
            (edit_neighbor(|n| n.address = "127.0.0.9".parse().unwrap()), format!("{n}/remote-address")),
            (edit_neighbor(|n| n.peer_as = 0), format!("{n}/peer-as")),
            (
                edit_neighbor(|n| n.description = Some("x\n router bgp 2".to_owned())),
                format!("{n}/description"),
            ),
            (
                edit_neighbor(|n| (n.timers.keepalive, n.timers.hold) = (None, Some(2))),
                format!("{n}/timers/hold-time"),
            ),
            (edit_neighbor(|n| n.timers.keepalive = Some(9)), format!("{n}/timers/keepalive")),
            (
                edit_neighbor(|n| n.timers.connect_retry = Some(0)),
                format!("{n}/timers/connect-retry-interval"),
            ),
            (
                edit_neighbor(|n| n.local_address = Some("2001:db8::1".parse().unwrap())),
                format!("{n}/transport/local-address"),
            ),
            (edit_bgp(|bgp| bgp.as_number = 65002), "/bgp/n[2001:db8::2]/mh".to_owned()),
            (edit_route(|route| route.next_hops.clear()), "/sr[1]".to_owned()),
            (edit_route(|route| route.distance = Some(0)), "/sr[1]".to_owned()),
            (edit_route(|route| route.next_hops.push(route.next_hops[0].clone())), "/sr[1]/nh".to_owned()),
            (target(Target::Address("2001:db8::9".parse().unwrap())), "/sr[1]/nh".to_owned()),
            (target(Target::Address("0.0.0.0".parse().unwrap())), "/sr[1]/nh".to_owned()),
            (target(Target::Interface("a b".to_owned())), "/sr[1]/nh".to_owned()),
            (
                edit_route(|route| {
                    let mut hop = route.next_hops[0].clone();
                    hop.target = Target::Special(Special::Blackhole);
                    route.next_hops.push(hop);
                }),
                "/sr[1]/nh".to_owned(),
            ),
            (
                edit_route(|route| route.prefix = "198.51.100.1/24".parse().unwrap()),
                "/sr[1]/destination-prefix".to_owned(),
            ),
        ] {
            let refusals = check(&intent);
            assert_eq!(refusals.iter().map(|one| &one.path).collect::<Vec<_>>(), [&path], "{refusals:?}");
        }
    }

    #[test]
    fn a_new_address_that_is_a_neighbors_is_refused() {
        let old = base();
        let mut new = old.clone();
        let mut port = (**new.interfaces.get("lo").unwrap()).clone();
        port.ipv4.as_mut().unwrap().addresses[0].net = "10.0.0.2/32".parse().unwrap();
        new.interfaces.insert("lo".to_owned(), Arc::new(port));
        let refusals = check_new_addresses(&old, &new);
        assert_eq!(refusals.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["/if[lo]/ipv4/a"]);
        assert_eq!(check_new_addresses(&new, &new.clone()), []);
    }
}
