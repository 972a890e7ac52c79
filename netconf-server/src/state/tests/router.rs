//! State of the router: interfaces, BGP, routes, data plane.

use super::{expect, schema, time, xml};
use crate::intent::tests::case;
use crate::state::{CountedSince, Denied, bgp, dataplane, interfaces, routes};
use daybreak_appliers::intent::Family;
use daybreak_appliers::observe::{
    AddressState, BgpState, Counters, Dataplane, InterfaceState, Interfaces, NeighborState, NextHopState,
    OperState, PortCounters, PortState, PrefixCounts, RouteState, RouteTable, SessionState,
};
use daybreak_control::v1;
use daybreak_datastore::tree::Tree;

const SINCE: fn() -> CountedSince =
    || CountedSince { linux: time(1_795_000_000), dataplane: time(1_795_000_060) };

fn seen() -> Interfaces {
    let port = PortState {
        device: "0000:00:05.0".into(),
        driver: "net_virtio".into(),
        link_up: true,
        speed_mbps: Some(10_000),
        counters: PortCounters {
            rx_packets: 10,
            rx_bytes: 1 << 40,
            tx_packets: 20,
            tx_bytes: 2000,
            rx_missed: u64::from(u32::MAX),
            rx_errors: 3,
            rx_no_buffer: 2,
            tx_errors: 4,
        },
    };
    let counters =
        Counters { rx_bytes: 5, rx_multicast: 6, rx_dropped: 7, tx_dropped: 8, ..Counters::default() };
    let interface = |index, mac: &[u8], oper, port| InterfaceState {
        index,
        mac: mac.to_vec(),
        admin_up: true,
        oper,
        counters,
        port,
        ..InterfaceState::default()
    };
    let loopback = InterfaceState { loopback: true, ..interface(1, &[], OperState::Up, None) };
    let address = |net: &str, dynamic| AddressState {
        net: net.parse().unwrap(),
        dynamic,
        tentative: false,
        duplicate: false,
    };
    // The first is there twice, which the model cannot say.
    let managed = vec![
        address("198.51.100.7/24", true),
        address("198.51.100.7/32", false),
        address("2001:db8:5::1/64", false),
        address("2001:db8:5::7/128", true),
        address("2001:db8:5::8/64", true),
        address("fe80::1/64", false),
    ];
    let ens3 = interface(2, &[2, 0, 0x5e, 0, 0x53, 1], OperState::Up, None);
    let p0 = interface(3, &[2, 0, 0x5e, 0, 0x53, 2], OperState::LowerLayerDown, Some(port));
    let list = [
        ("lo", loopback),
        ("ens3", InterfaceState { addresses: managed, ..ens3 }),
        ("p0", InterfaceState { addresses: vec![address("192.0.2.1/24", false)], ..p0 }),
        ("tun0", InterfaceState { admin_up: false, ..interface(4, &[], OperState::Unknown, None) }),
        ("a/b", interface(5, &[], OperState::Up, None)),
    ];
    Interfaces {
        interfaces: list.into_iter().map(|(name, state)| (name.to_owned(), state)).collect(),
        problem: None,
    }
}

/// The state of the interfaces over the configuration `every-node`, with more state over it.
fn over_all(more: &Tree) -> Tree {
    let configuration = case("every-node");
    let denied = crate::state::denied(schema(), Denied::default()).unwrap();
    configuration.joined(&interfaces(&configuration, &seen(), SINCE()).unwrap()).joined(&denied).joined(more)
}

#[test]
fn interfaces_of_the_machine() {
    super::compare("interfaces", &xml(&interfaces(&case("every-node"), &seen(), SINCE()).unwrap()));
}

#[test]
fn state_lies_over_the_configuration() {
    let joined = over_all(&Tree::empty(schema().clone()));
    super::libyang_accepts(&joined);
    let text = xml(&joined);
    for part in [
        "<description>to the peer</description>",
        "<ip>192.0.2.1</ip>",
        "lower-layer-down",
        "<name>ens3</name>",
    ] {
        assert_eq!(text.matches(part).count(), 1, "{part} in {text}");
    }
}

fn neighbor(state: SessionState) -> NeighborState {
    let established = state == SessionState::Established;
    NeighborState {
        peer_as: 65002,
        local_as: 65001,
        state,
        router_id: established.then(|| "192.0.2.2".parse().unwrap()),
        up_seconds: established.then_some(60),
        local: established.then(|| ("192.0.2.1".parse().unwrap(), 179)),
        remote: established.then(|| ("192.0.2.2".parse().unwrap(), 40_000)),
        hold_seconds: 9,
        keepalive_seconds: 3,
        received: 100,
        sent: (1 << 32) + 5,
        updates: (3, 4),
        notifications: (1, 2),
        transitions: (2, 1),
        last_reset: None,
        prefixes: [(Family::Ipv4Unicast, PrefixCounts { accepted: 7, sent: 8 })].into(),
    }
}

fn sessions() -> BgpState {
    BgpState {
        neighbors: [
            ("192.0.2.2".parse().unwrap(), neighbor(SessionState::Established)),
            (
                "2001:db8::3".parse().unwrap(),
                NeighborState { peer_as: 65001, ..neighbor(SessionState::Active) },
            ),
        ]
        .into(),
    }
}

#[test]
fn sessions_of_bgp() {
    let configuration = case("every-node");
    let state = bgp(&configuration, &sessions(), time(1_795_000_060)).unwrap();
    let text = xml(&state);
    assert_eq!(text.matches("<peer-as>").count(), 1, "only of the one that is not configured");
    super::compare("bgp", &text);
    super::libyang_accepts(&over_all(&state));
}

#[test]
fn without_bgp_in_the_configuration_there_is_none() {
    let state = bgp(&Tree::empty(schema().clone()), &sessions(), time(0)).unwrap();
    assert!(state.is_empty(), "{}", xml(&state));
}

fn tables() -> Tree {
    let hop = |address: Option<&str>, interface: Option<&str>| NextHopState {
        address: address.map(|address| address.parse().unwrap()),
        interface: interface.map(Into::into),
        blackhole: false,
        active: true,
    };
    let drop = NextHopState { blackhole: true, ..hop(None, None) };
    let route = |prefix: &str, protocol: &str, selected, next_hops| RouteState {
        prefix: prefix.parse().unwrap(),
        protocol: protocol.into(),
        selected,
        installed: selected,
        distance: 20,
        metric: 0,
        next_hops,
    };
    let ipv4 = RouteTable {
        routes: vec![
            route("0.0.0.0/0", "kernel", true, vec![hop(Some("192.0.2.254"), Some("ens3"))]),
            route("10.0.0.0/8", "static", true, vec![drop]),
            route("192.0.2.0/24", "connected", true, vec![hop(None, Some("p0"))]),
            route(
                "198.51.100.0/24",
                "bgp",
                true,
                vec![hop(Some("192.0.2.2"), Some("p0")), hop(Some("192.0.2.3"), Some("p0"))],
            ),
            route("198.51.100.0/24", "static", false, vec![hop(Some("192.0.2.9"), None)]),
            route("198.51.101.0/24", "static", false, vec![]),
            route("203.0.113.0/24", "ospf", true, vec![hop(Some("192.0.2.9"), None)]),
        ],
        cut: false,
    };
    let ipv6 = RouteTable {
        routes: vec![
            route("2001:db8:1::/48", "bgp", true, vec![hop(Some("fe80::2"), Some("p0"))]),
            route(
                "2001:db8:2::/48",
                "bgp",
                true,
                vec![hop(Some("fe80::2"), Some("p0")), hop(Some("fe80::3"), None)],
            ),
        ],
        cut: true,
    };
    routes(schema(), Some(&ipv4), Some(&ipv6)).unwrap()
}

#[test]
fn routing_tables() {
    let state = tables();
    super::compare("routes", &xml(&state));
    super::libyang_accepts(&over_all(&state));
    assert!(routes(schema(), None, None).unwrap().is_empty());
}

fn ports_and_counters() -> Tree {
    let config = |name: &str, device: &str| {
        Some(v1::PortConfig { name: name.into(), device: device.into(), enabled: true, mtu: 1500 })
    };
    let now = Dataplane {
        info: v1::Info {
            version: "0.1.0".into(),
            dpdk: "22.11.4".into(),
            started: 1_795_000_060,
            generation: 3,
        },
        ports: vec![
            v1::Port {
                config: config("p0", "0000:00:05.0"),
                driver: "net_virtio".into(),
                link_up: true,
                ..v1::Port::default()
            },
            v1::Port { config: config("p1", "tap:dt1"), ..v1::Port::default() },
            v1::Port::default(),
        ],
        statistics: v1::Statistics {
            ports: vec![v1::PortStatistics {
                port: "p0".into(),
                rx_packets: 1,
                rx_bytes: 2,
                tx_packets: 3,
                tx_bytes: 4,
                rx_missed: 5,
                rx_errors: 6,
                rx_no_buffer: 7,
                tx_errors: 8,
                punted_packets: 9,
                injected_packets: 10,
                link_up: true,
            }],
            drops: vec![v1::DropStatistics { reason: "ttl_expired".into(), packets: 11 }],
            worker: Some(v1::WorkerStatistics { busy_ns: 1, poll_ns: 2, rest_ns: 3 }),
            tables: Some(v1::TableStatistics {
                ipv4_routes: 1,
                neighbours: 2,
                ..v1::TableStatistics::default()
            }),
            fpm: Some(v1::FpmStatistics { connected: true, connections: 1, messages: 2, errors: 0 }),
            ..v1::Statistics::default()
        },
    };
    dataplane(schema(), &now).unwrap()
}

#[test]
fn ports_and_counters_of_the_data_plane() {
    expect("dataplane", &ports_and_counters());
}

/// What the appliance shows of the router when everything is asked for.
pub(super) fn everything() -> Tree {
    let bgp = bgp(&case("every-node"), &sessions(), time(1_795_000_060)).unwrap();
    over_all(&bgp).joined(&tables()).joined(&ports_and_counters())
}
