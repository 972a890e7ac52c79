//! `frr.conf` from an intent: the same text for the same intent, in the words that `show running-config` uses, so that
//! the reload tool finds nothing to do where nothing changed. (It would set `fpm address … port 2620` again each time,
//! because FRR shows the line without its usual port; zebra then sends its whole table anew.)

use super::text::{Text, single_spaced};
use super::{FPM_PORT, Settings};
use crate::intent::{Bgp, BgpFamily, BgpNeighbor, Family, Intent, Source, Special, StaticRoute, Target};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Renders the configuration. The intent has been checked.
pub fn render(intent: &Intent, settings: &Settings) -> Text {
    let mut text = Text::default();
    text.fixed("! Written by netconfd from its datastore; changes by hand last until the next commit.");
    text.fixed("frr defaults traditional");
    text.fixed("log syslog informational");
    text.fixed("service integrated-vtysh-config");
    text.fixed("!");
    let (address, port) = settings.fpm;
    let port = if port == FPM_PORT { String::new() } else { format!(" port {port}") };
    text.fixed(&format!("fpm address {address}{port}"));
    text.fixed("no fpm use-next-hop-groups");
    text.fixed("!");
    for route in intent.static_routes.values() {
        static_route(&mut text, route);
    }
    if !intent.static_routes.is_empty() {
        text.fixed("!");
    }
    if let Some(bgp) = &intent.bgp {
        bgp_instance(&mut text, bgp);
    }
    text
}

fn static_route(text: &mut Text, route: &StaticRoute) {
    let ip = if matches!(route.prefix, IpNet::V4(_)) { "ip" } else { "ipv6" };
    // 1 is what FRR leaves out.
    let distance = route
        .distance
        .filter(|&distance| distance != 1)
        .map_or(String::new(), |distance| format!(" {distance}"));
    for hop in &route.next_hops {
        let target = match &hop.target {
            Target::Address(address) => address.to_string(),
            Target::Interface(name) => name.clone(),
            Target::Via { address, interface } => format!("{address} {interface}"),
            Target::Special(Special::Blackhole) => "blackhole".to_owned(),
            Target::Special(Special::Reject) => "reject".to_owned(),
        };
        text.line(&hop.at, format!("{ip} route {} {target}{distance}", route.prefix));
    }
}

fn bgp_instance(text: &mut Text, bgp: &Bgp) {
    text.leaf(&bgp.at, "as", format!("router bgp {}", bgp.as_number));
    if let Some(id) = bgp.router_id {
        text.leaf(&bgp.at, "identifier", format!(" bgp router-id {id}"));
    }
    text.fixed(" no bgp ebgp-requires-policy");
    text.fixed(" no bgp default ipv4-unicast");
    // RFC 4724: neighbours keep what they learnt from us while FRR is restarted, because the data plane goes on
    // forwarding; they only keep it beyond the new session's start when they are told so (the F bit, section 4.2).
    text.fixed(" bgp graceful-restart");
    text.fixed(" bgp graceful-restart preserve-fw-state");
    for neighbor in bgp.neighbors.values() {
        session(text, neighbor);
    }
    for family in [Family::Ipv4Unicast, Family::Ipv6Unicast] {
        address_family(text, bgp, family);
    }
    text.fixed("exit");
    text.fixed("!");
}

fn session(text: &mut Text, neighbor: &BgpNeighbor) {
    let at = &neighbor.at;
    let start = format!(" neighbor {}", neighbor.address);
    text.leaf(at, "peer-as", format!("{start} remote-as {}", neighbor.peer_as));
    if let Some(description) = &neighbor.description {
        text.leaf(at, "description", format!("{start} description {}", single_spaced(description)));
    }
    if !neighbor.enabled {
        text.leaf(at, "enabled", format!("{start} shutdown"));
    }
    if neighbor.passive {
        text.leaf(at, "transport/passive-mode", format!("{start} passive"));
    }
    // 1 is what a neighbor on a link has, and FRR leaves it out.
    if let Some(multihop) = neighbor.multihop.as_ref().filter(|multihop| multihop.ttl != 1) {
        text.leaf(&multihop.at, "multihop-ttl", format!("{start} ebgp-multihop {}", multihop.ttl));
    }
    if let Some(address) = neighbor.local_address {
        text.leaf(at, "transport/local-address", format!("{start} update-source {address}"));
    }
    let timers = &neighbor.timers;
    if timers.keepalive.is_some() || timers.hold.is_some() {
        let hold = timers.hold.unwrap_or(180);
        let keepalive = timers.keepalive.unwrap_or(hold / 3);
        text.leaf(at, "timers", format!("{start} timers {keepalive} {hold}"));
    }
    if let Some(retry) = timers.connect_retry {
        text.leaf(at, "timers/connect-retry-interval", format!("{start} timers connect {retry}"));
    }
}

fn address_family(text: &mut Text, bgp: &Bgp, family: Family) {
    let global = bgp.families.iter().find(|one| one.family == family);
    let peers: Vec<_> = bgp
        .neighbors
        .values()
        .filter_map(|neighbor| {
            Some((neighbor.address, neighbor.families.iter().find(|f| f.family == family)?))
        })
        .collect();
    let originates = global.is_some_and(|one| !one.networks.is_empty() || !one.redistribute.is_empty());
    if peers.is_empty() && !originates {
        return;
    }
    let name = match family {
        Family::Ipv4Unicast => "ipv4",
        Family::Ipv6Unicast => "ipv6",
    };
    text.fixed(" !");
    text.fixed(&format!(" address-family {name} unicast"));
    if let Some(global) = global {
        originated(text, global);
    }
    for (address, family) in peers {
        text.line(&family.at, format!("  neighbor {address} activate"));
    }
    text.fixed(" exit-address-family");
}

fn originated(text: &mut Text, family: &BgpFamily) {
    for network in &family.networks {
        text.line(&network.at, format!("  network {}", network.prefix));
    }
    let mut seen = BTreeSet::new();
    let mut sources: Vec<_> = family.redistribute.iter().filter(|one| seen.insert(one.source)).collect();
    sources.sort_by_key(|one| one.source);
    for one in sources {
        let source = match one.source {
            Source::Connected => "connected",
            Source::Kernel => "kernel",
            Source::Static => "static",
        };
        text.line(&one.at, format!("  redistribute {source}"));
    }
}

/// Whether an address is of the family of another.
pub(super) fn same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4()
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::frr::Settings;
    use crate::frr::running::Lines;
    use crate::intent::Intent;
    use std::path::Path;

    #[test]
    fn testcases() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases/frr");
        let mut cases = 0;
        for case in std::fs::read_dir(&folder).unwrap() {
            let case = case.unwrap().path();
            let intent: Intent =
                serde_json::from_str(&std::fs::read_to_string(case.join("intent.json")).unwrap())
                    .unwrap_or_else(|error| panic!("{}: {error}", case.display()));
            let text = render(&intent, &Settings::default()).to_string();
            let expected = std::fs::read_to_string(case.join("expected.conf")).unwrap_or_default();
            assert_eq!(text, expected, "{}", case.display());
            let ours = Lines::of(&text);
            assert!(ours.missing_in(&ours).is_empty() && ours.too_many_in(&ours).is_empty());
            cases += 1;
        }
        assert!(cases >= 4, "{cases} cases in {}", folder.display());
    }

    #[test]
    fn the_image_starts_with_what_an_empty_intent_gives() {
        let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../image/files/etc/frr/frr.conf");
        let text = render(&Intent::default(), &Settings::default()).to_string();
        assert_eq!(std::fs::read_to_string(image).unwrap(), text);
    }
}
