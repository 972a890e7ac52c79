use std::collections::BTreeMap;

use proptest::prelude::*;

use super::model::Model;
use super::*;
use crate::fib::{Fib, Neighbours, NextHopPath, NextHops, Root};
use crate::forward::{PortInfo, Tables};
use crate::fpm::Path;
use crate::netlink::{Address, Event, Link, Neighbour, RouteKey};
use crate::packet::MacAddr;

/// What happens.
#[derive(Debug, Clone)]
enum Step {
    Port(u16, bool),
    Connected,
    Sweep,
    Fpm(FpmMessage),
    Linux(Event),
}

/// Small numbers of everything, so that steps meet. Indexes 10 to 12 belong to ports, 13 and 14 never do.
fn index() -> impl Strategy<Value = u32> {
    10..15_u32
}

fn prefix() -> impl Strategy<Value = IpNet> {
    prop::sample::select(
        [
            "10.0.10.0/24",
            "10.0.11.0/24",
            "10.0.0.0/8",
            "10.0.10.1/32",
            "0.0.0.0/0",
            "2001:db8:a::/64",
            "::/0",
        ]
        .map(|text| text.parse().unwrap())
        .to_vec(),
    )
}

fn path() -> impl Strategy<Value = Path> {
    (index(), prop::option::of(1..3_u8)).prop_map(|(index, gateway)| Path {
        gateway: gateway.map(|last| IpAddr::from([10, 0, 10, last])),
        interface: Some(index),
        weight: 1,
    })
}

/// Linux has no others.
fn plain() -> impl Strategy<Value = fpm::Target> {
    prop_oneof![
        1 => Just(fpm::Target::Blackhole),
        1 => Just(fpm::Target::Unreachable),
        1 => Just(fpm::Target::Prohibit),
        6 => paths().prop_map(fpm::Target::Paths),
    ]
}

fn target() -> impl Strategy<Value = fpm::Target> {
    prop_oneof![
        9 => plain(),
        6 => (1..8_u32).prop_map(fpm::Target::NextHop),
    ]
}

/// Different ones, for equal ones count as one path in a group and as two in a route.
fn paths() -> impl Strategy<Value = Vec<Path>> {
    prop::collection::btree_map(index(), path(), 1..3).prop_map(|paths| {
        paths.into_iter().map(|(index, path)| Path { interface: Some(index), ..path }).collect()
    })
}

/// Single ones have the numbers 1 to 5, groups of them 6 and 7.
fn group() -> impl Strategy<Value = fpm::NextHop> {
    let group = |ids: std::collections::BTreeSet<u32>| {
        NextHopKind::Group(ids.into_iter().map(|id| (id, 1)).collect())
    };
    let numbered = |(id, kind)| fpm::NextHop { id, kind };
    prop_oneof![
        1 => (1..6_u32, Just(NextHopKind::Blackhole)).prop_map(numbered),
        3 => (1..6_u32, path().prop_map(NextHopKind::Path)).prop_map(numbered),
        2 => (6..8_u32, prop::collection::btree_set(1..6_u32, 1..3).prop_map(group)).prop_map(numbered),
    ]
}

fn address() -> impl Strategy<Value = Address> {
    (index(), 10..12_u8, 1..3_u8, any::<bool>()).prop_map(|(index, third, last, ipv4)| {
        let local: IpNet = if ipv4 {
            format!("10.0.{third}.{last}/24").parse().unwrap()
        } else {
            format!("2001:db8:{third:x}::{last}/64").parse().unwrap()
        };
        Address { index, local, subnet: local.trunc(), link_scope: false }
    })
}

fn neighbour() -> impl Strategy<Value = Neighbour> {
    (index(), 1..4_u8, prop::option::of(1..3_u8)).prop_map(|(index, last, mac)| Neighbour {
        key: NeighbourKey { index, address: IpAddr::from([10, 0, 10, last]) },
        mac: mac.map(|last| MacAddr([2, 0, 0, 0, 0, last])),
        stale: false,
    })
}

fn linux() -> impl Strategy<Value = Event> {
    let link = (index(), prop::bool::weighted(0.8)).prop_map(|(index, up)| Link {
        index,
        mac: Some(MacAddr([2, 0, 0, 0, 1, 0])),
        mtu: 1500,
        up,
        internal: index == 14,
    });
    let key = || (prefix(), 0..2_u32).prop_map(|(prefix, metric)| RouteKey { prefix, metric });
    prop_oneof![
        1 => Just(Event::Begin),
        1 => Just(Event::Complete),
        6 => link.prop_map(Event::Link),
        1 => index().prop_map(Event::LinkGone),
        6 => address().prop_map(Event::Address),
        2 => address().prop_map(Event::AddressGone),
        4 => neighbour().prop_map(Event::Neighbour),
        1 => neighbour().prop_map(|neighbour| Event::NeighbourGone(neighbour.key)),
        3 => (key(), plain()).prop_map(|(key, target)| Event::Route(key, target)),
        1 => key().prop_map(Event::RouteGone),
    ]
}

fn fpm_message() -> impl Strategy<Value = FpmMessage> {
    let key = || {
        (prefix(), prop::sample::select(vec![254, 254, 254, 100]))
            .prop_map(|(prefix, table)| fpm::RouteKey { table, prefix })
    };
    let route =
        (key(), target()).prop_map(|(key, target)| fpm::Route { key, protocol: 186, metric: 20, target });
    prop_oneof![
        6 => route.prop_map(FpmMessage::RouteAdd),
        2 => key().prop_map(FpmMessage::RouteDelete),
        4 => group().prop_map(FpmMessage::NextHopAdd),
        1 => (1..8_u32).prop_map(FpmMessage::NextHopDelete),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_u16, prop::bool::weighted(0.7)).prop_map(|(port, there)| Step::Port(port, there)),
        1 => Just(Step::Connected),
        1 => Just(Step::Sweep),
        8 => fpm_message().prop_map(Step::Fpm),
        12 => linux().prop_map(Step::Linux),
    ]
}

fn tables() -> Tables {
    Tables::new(
        Fib::new(Root::Small, 1000),
        Fib::new(Root::Small, 1000),
        NextHops::new(100),
        Neighbours::new(100),
    )
}

fn rib() -> Rib {
    Rib::new(Limits { next_hops: 100, neighbours: 100 })
}

/// Makes the changes in the tables; each must change something, and leave no route without a next hop.
fn follow(rib: &mut Rib, tables: &mut Tables) {
    for change in rib.take_changes() {
        match &change {
            Change::Route(prefix, to) => {
                let before = match prefix {
                    IpNet::V4(prefix) => tables.ipv4.get(*prefix),
                    IpNet::V6(prefix) => tables.ipv6.get(*prefix),
                };
                assert_ne!(before, *to, "{prefix} is as it was");
                assert!(to.is_none_or(|id| tables.next_hops.get(id).is_some()), "{prefix} leads nowhere");
            }
            Change::NextHop(id, to) => {
                assert_ne!(tables.next_hops.get(*id), to.as_ref(), "{id:?} is as it was");
            }
            Change::Neighbour { port, address, mac } => {
                assert_ne!(tables.neighbours.get(*port, *address), *mac, "{address} is as it was");
            }
            Change::Sources { .. } | Change::Link { .. } => {}
        }
        apply(tables, change).unwrap();
        for id in routes(tables).into_values() {
            assert!(tables.next_hops.get(id).is_some(), "a route holds {id:?}, which is empty");
        }
    }
}

fn routes(tables: &Tables) -> BTreeMap<IpNet, NextHopId> {
    let ipv4 = tables.ipv4.routes().map(|(prefix, id)| (prefix.into(), id));
    ipv4.chain(tables.ipv6.routes().map(|(prefix, id)| (prefix.into(), id))).collect()
}

fn contents(tables: &Tables) -> BTreeMap<IpNet, NextHop> {
    routes(tables)
        .into_iter()
        .map(|(prefix, id)| (prefix, tables.next_hops.get(id).unwrap().clone()))
        .collect()
}

fn sweep(rib: &mut Rib) {
    let mut after = None;
    loop {
        after = rib.sweep(after);
        if after.is_none() {
            return;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_events_lead_to_what_they_say(steps in prop::collection::vec(step(), 1..60)) {
        let (mut rib, mut model, mut tables) = (rib(), Model::default(), tables());
        for step in steps {
            match &step {
                Step::Port(port, true) => {
                    if model.ports.insert(PortId(*port), u32::from(*port) + 10).is_none() {
                        rib.port_added(PortId(*port), u32::from(*port) + 10);
                    }
                }
                Step::Port(port, false) => {
                    model.ports.remove(&PortId(*port));
                    rib.port_removed(PortId(*port));
                }
                Step::Connected => {
                    model.fpm_connected();
                    rib.fpm_connected();
                }
                Step::Sweep => {
                    model.sweep();
                    sweep(&mut rib);
                    prop_assert_eq!(rib.stale(), 0);
                }
                Step::Fpm(message) => {
                    model.fpm(message.clone());
                    rib.fpm(message.clone());
                }
                Step::Linux(event) => {
                    model.linux(event);
                    rib.linux(event.clone());
                }
            }
            follow(&mut rib, &mut tables);
            prop_assert_eq!(contents(&tables), model.routes(), "after {:?}", step);
            prop_assert_eq!(tables.neighbours.len(), model.reachable().len(), "after {:?}", step);
            for ((port, address), mac) in model.reachable() {
                prop_assert_eq!(tables.neighbours.get(port, address), Some(mac));
            }
        }
        let known = (1..=rib.highest_next_hop()).filter(|id| rib.next_hop(NextHopId::new(*id).unwrap()).is_some());
        prop_assert_eq!(tables.next_hops.len(), known.count(), "none is left over");
    }
}

fn address_of(index: u32, text: &str) -> Event {
    let local: IpNet = text.parse().unwrap();
    Event::Address(Address { index, local, subnet: local.trunc(), link_scope: false })
}

fn link(index: u32) -> Event {
    Event::Link(Link { index, mac: Some(MacAddr([2; 6])), mtu: 1500, up: true, internal: false })
}

fn route(prefix: &str, target: fpm::Target) -> FpmMessage {
    let key = fpm::RouteKey { table: MAIN_TABLE, prefix: prefix.parse().unwrap() };
    FpmMessage::RouteAdd(fpm::Route { key, protocol: 186, metric: 20, target })
}

fn via(index: u32, last: u8) -> fpm::Target {
    let path = Path { gateway: Some([10, 0, 10, last].into()), interface: Some(index), weight: 1 };
    fpm::Target::Paths(vec![path])
}

#[test]
fn what_frr_said_before_stays_until_the_sweep() {
    let (mut rib, mut tables) = (rib(), tables());
    rib.port_added(PortId(0), 10);
    rib.fpm_connected();
    rib.fpm(route("10.1.0.0/16", via(10, 1)));
    rib.fpm(route("10.2.0.0/16", via(10, 1)));
    follow(&mut rib, &mut tables);
    let before = contents(&tables);
    rib.fpm_connected();
    assert_eq!((rib.stale(), rib.pending()), (2, 0));
    rib.fpm(route("10.1.0.0/16", via(10, 1)));
    assert_eq!((rib.stale(), rib.pending()), (1, 0), "what is said again changes nothing");
    sweep(&mut rib);
    follow(&mut rib, &mut tables);
    assert_eq!(rib.stale(), 0);
    assert_eq!(contents(&tables), before.into_iter().take(1).collect());
}

#[test]
fn a_link_that_is_said_to_be_down_again_takes_its_newer_routes_away_too() {
    let (mut rib, mut tables) = (rib(), tables());
    let down = || Event::Link(Link { index: 13, mac: None, mtu: 1500, up: false, internal: false });
    let linux = |metric, target| Event::Route(RouteKey { prefix: "::/0".parse().unwrap(), metric }, target);
    let over = Path { gateway: None, interface: Some(13), weight: 1 };
    for event in [linux(1, fpm::Target::Blackhole), down(), linux(0, fpm::Target::Paths(vec![over]))] {
        rib.linux(event);
    }
    follow(&mut rib, &mut tables);
    assert!(
        contents(&tables).is_empty(),
        "the route with the lowest metric counts, also if it leads nowhere"
    );
    rib.linux(down());
    follow(&mut rib, &mut tables);
    assert_eq!(contents(&tables).into_values().collect::<Vec<_>>(), [NextHop::Blackhole]);
}

#[test]
fn numbers_of_an_earlier_connection_keep_their_meaning() {
    let (mut rib, mut tables) = (rib(), tables());
    rib.port_added(PortId(0), 10);
    let path = |last| Path { gateway: Some([10, 0, 10, last].into()), interface: Some(10), weight: 1 };
    let group = |id, last| FpmMessage::NextHopAdd(fpm::NextHop { id, kind: NextHopKind::Path(path(last)) });
    let hop = |last| NextHop::Path(NextHopPath { port: PortId(0), gateway: Some([10, 0, 10, last].into()) });
    rib.fpm_connected();
    rib.fpm(group(7, 1));
    rib.fpm(route("10.1.0.0/16", fpm::Target::NextHop(7)));
    rib.fpm_connected();
    rib.fpm(group(7, 2));
    rib.fpm(route("10.2.0.0/16", fpm::Target::NextHop(7)));
    follow(&mut rib, &mut tables);
    assert_eq!(contents(&tables).into_values().collect::<Vec<_>>(), [hop(1), hop(2)]);
}

#[test]
fn a_next_hop_that_changes_is_one_change_for_all_its_routes() {
    let (mut rib, mut tables) = (rib(), tables());
    rib.port_added(PortId(0), 10);
    let path = |last| Path { gateway: Some([10, 0, 10, last].into()), interface: Some(10), weight: 1 };
    let group = |last| FpmMessage::NextHopAdd(fpm::NextHop { id: 7, kind: NextHopKind::Path(path(last)) });
    rib.fpm(group(1));
    for third in 0..100 {
        rib.fpm(route(&format!("10.1.{third}.0/24"), fpm::Target::NextHop(7)));
    }
    follow(&mut rib, &mut tables);
    rib.fpm(group(2));
    assert_eq!(rib.pending(), 1);
}

#[test]
fn sources_of_errors_are_of_the_port_or_of_the_router() {
    let mut rib = rib();
    rib.linux(link(10));
    rib.linux(Event::Link(Link { index: 1, mac: None, mtu: 65536, up: true, internal: true }));
    rib.linux(address_of(1, "127.0.0.1/8"));
    rib.linux(address_of(1, "192.0.2.1/32"));
    rib.port_added(PortId(0), 10);
    let sources = |rib: &mut Rib| {
        rib.take_changes().into_iter().rev().find_map(|change| match change {
            Change::Sources { ipv4, ipv6, .. } => {
                Some((ipv4.map(|ip| ip.to_string()), ipv6.map(|ip| ip.to_string())))
            }
            _ => None,
        })
    };
    assert_eq!(sources(&mut rib), Some((Some("192.0.2.1".into()), None)));
    rib.linux(address_of(10, "10.0.10.1/24"));
    rib.linux(address_of(10, "2001:db8::1/64"));
    assert_eq!(sources(&mut rib), Some((Some("10.0.10.1".into()), Some("2001:db8::1".into()))));
    assert_eq!(rib.lookup("192.0.2.1".parse().unwrap()).unwrap().source, Source::Local);
    assert_eq!(rib.lookup("10.0.10.77".parse().unwrap()).unwrap().source, Source::Connected);
    assert_eq!(rib.lookup("127.0.0.1".parse().unwrap()), None);
}

#[test]
fn routes_that_find_no_number_are_counted_and_the_others_stay() {
    let mut rib = Rib::new(Limits { next_hops: 2, neighbours: 1 });
    let mut tables = tables();
    rib.port_added(PortId(0), 10);
    for last in 1..5 {
        rib.fpm(route(&format!("10.{last}.0.0/16"), via(10, last)));
    }
    follow(&mut rib, &mut tables);
    assert_eq!((contents(&tables).len(), rib.left_out().no_room), (2, 2));
    rib.fpm(FpmMessage::RouteDelete(fpm::RouteKey {
        table: MAIN_TABLE,
        prefix: "10.1.0.0/16".parse().unwrap(),
    }));
    rib.fpm(route("10.3.0.0/16", via(10, 3)));
    follow(&mut rib, &mut tables);
    assert_eq!(contents(&tables).len(), 2, "the number was given back");
    assert!(rib.unknown_gateways().contains(&NeighbourKey { index: 10, address: [10, 0, 10, 3].into() }));
}

#[test]
fn the_properties_of_a_twin_reach_its_port() {
    let (mut rib, mut tables) = (rib(), tables());
    tables.set_port(PortId(0), Some(PortInfo { mac: MacAddr([4; 6]), mtu: 9000, ipv4: None, ipv6: None }));
    rib.linux(link(10));
    rib.port_added(PortId(0), 10);
    follow(&mut rib, &mut tables);
    let info = tables.ports[0].unwrap();
    assert_eq!((info.mac, info.mtu), (MacAddr([2; 6]), 1500));
    rib.linux(Event::Link(Link {
        index: 10,
        mac: Some(MacAddr([6; 6])),
        mtu: 1400,
        up: true,
        internal: false,
    }));
    follow(&mut rib, &mut tables);
    let info = tables.ports[0].unwrap();
    assert_eq!((info.mac, info.mtu), (MacAddr([6; 6]), 1400));
}
