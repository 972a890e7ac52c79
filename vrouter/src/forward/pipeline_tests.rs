use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::*;
use crate::fib::{Fib, Neighbours, NextHop, NextHopPath, NextHops, Root};
use crate::forward::tables::PortInfo;
use crate::packet::{Arp, ArpOperation, Ethernet, Ipv4, Ipv6, MacAddr, Malformed, ether_type, protocol};

const OURS: [MacAddr; 2] = [MacAddr([2, 0, 0, 0, 1, 0]), MacAddr([2, 0, 0, 0, 1, 1])];
const HOST: MacAddr = MacAddr([2, 0, 0, 0, 9, 0]);
const ROUTER: MacAddr = MacAddr([2, 0, 0, 0, 9, 1]);
const FROM4: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const FROM6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
const OUR4: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const LIMITS: Limits = Limits { errors: 100, resolutions: 2, punt: PuntLimits::NONE };
const OUR6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

fn path(port: u16, gateway: &str) -> NextHopPath {
    NextHopPath { port: PortId(port), gateway: (!gateway.is_empty()).then(|| gateway.parse().unwrap()) }
}

/// Hosts on port 0; a router on port 1, whose link takes 1400 bytes.
fn tables() -> Tables {
    let mut next_hops = NextHops::new(100);
    let (mut ipv4, mut ipv6) = (Fib::new(Root::Small, 1000), Fib::new(Root::Small, 1000));
    for (prefix, next_hop) in [
        ("10.0.0.0/24", NextHop::Path(path(0, ""))),
        ("10.0.0.1/32", NextHop::Local),
        ("203.0.113.0/24", NextHop::Path(path(1, "10.0.1.2"))),
        ("198.51.100.0/24", NextHop::Paths([path(1, "10.0.1.2"), path(0, "10.0.0.2")].into())),
        ("192.0.2.0/26", NextHop::Blackhole),
        ("192.0.2.64/26", NextHop::Unreachable),
        ("192.0.2.128/26", NextHop::Prohibit),
        ("192.0.2.192/26", NextHop::Path(path(7, "10.0.7.2"))),
    ] {
        ipv4.insert(prefix.parse().unwrap(), next_hops.push(next_hop).unwrap()).unwrap();
    }
    for (prefix, next_hop) in [
        ("2001:db8::/64", NextHop::Path(path(0, ""))),
        ("2001:db8::1/128", NextHop::Local),
        ("2001:db8:1::/48", NextHop::Path(path(1, "2001:db8:f::2"))),
        ("2001:db8:2::/48", NextHop::Unreachable),
        ("2001:db8:3::/48", NextHop::Prohibit),
    ] {
        ipv6.insert(prefix.parse().unwrap(), next_hops.push(next_hop).unwrap()).unwrap();
    }
    let mut neighbours = Neighbours::new(100);
    for (port, address, mac) in [(0, "10.0.0.2", HOST), (1, "10.0.1.2", ROUTER), (1, "2001:db8:f::2", ROUTER)]
    {
        neighbours.set(PortId(port), address.parse::<IpAddr>().unwrap(), mac).unwrap();
    }
    let port = |at: usize, mtu| PortInfo { mac: OURS[at], mtu, ipv4: Some(OUR4), ipv6: Some(OUR6) };
    let mut tables = Tables::new(ipv4, ipv6, next_hops, neighbours);
    tables.set_port(PortId(0), Some(port(0, 1500)));
    tables.set_port(PortId(1), Some(port(1, 1400)));
    tables
}

fn frame(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&Ethernet::untagged(OURS[0], HOST, ether_type)[..], payload].concat()
}

fn v4(to: [u8; 4], ttl: u8, payload: usize, dont_fragment: bool) -> Vec<u8> {
    let total = u16::try_from(Ipv4::HEADER + payload).unwrap();
    let mut header = Ipv4::header(FROM4, to.into(), 17, total);
    header[6] = u8::from(dont_fragment) << 6;
    header[8] = ttl;
    header[10..12].fill(0);
    let sum = crate::packet::checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    frame(ether_type::IPV4, &[&header[..], &vec![7; payload]].concat())
}

fn v6(to: &str, hop_limit: u8, payload: usize) -> Vec<u8> {
    let mut header = Ipv6::header(FROM6, to.parse().unwrap(), 17, u16::try_from(payload).unwrap());
    header[7] = hop_limit;
    frame(ether_type::IPV6, &[&header[..], &vec![7; payload]].concat())
}

/// As [`v6`], from an address that is one of its link alone.
fn v6_of_its_link(to: &str, hop_limit: u8) -> Vec<u8> {
    let mut frame = v6(to, hop_limit, 8);
    frame[22..38].copy_from_slice(&"fe80::2".parse::<Ipv6Addr>().unwrap().octets());
    frame
}

/// Runs frames through a fresh pipeline.
fn run(frames: &mut [Vec<u8>]) -> (Vec<Outcome>, Vec<(&'static str, u64)>) {
    let mut pipeline = Pipeline::new(LIMITS);
    let mut outcomes = Vec::new();
    pipeline.run(&tables(), PortId(0), frames, Duration::ZERO, |place, outcome| {
        assert_eq!(place, outcomes.len(), "in order");
        outcomes.push(outcome);
    });
    (outcomes, pipeline.drops().seen().map(|(reason, frames)| (reason.name(), frames)).collect())
}

#[test]
fn forwards_both_families_with_new_addresses_and_one_hop_less() {
    let mut frames = vec![v4([203, 0, 113, 9], 64, 30, false), v6("2001:db8:1::9", 64, 30)];
    let before = frames.clone();
    assert_eq!(run(&mut frames), (vec![Outcome::Send(PortId(1)), Outcome::Send(PortId(1))], vec![]));
    for frame in &frames {
        let ethernet = Ethernet::read(frame).unwrap();
        assert_eq!((ethernet.destination, ethernet.source), (ROUTER, OURS[1]));
    }
    assert_eq!(Ipv4::read(&frames[0][14..]).unwrap().ttl, 63, "and the checksum is right");
    assert_eq!(Ipv6::read(&frames[1][14..]).unwrap().hop_limit, 63);
    assert_eq!(
        (&frames[0][34..], &frames[1][54..]),
        (&before[0][34..], &before[1][54..]),
        "payloads are untouched"
    );
}

#[test]
fn what_is_for_us_goes_to_linux_as_it_came() {
    let arp = Arp {
        operation: ArpOperation::Request,
        sender_mac: HOST,
        sender: FROM4,
        target_mac: HOST,
        target: OUR4,
    };
    let mut arp = frame(ether_type::ARP, &arp.to_bytes());
    arp[..6].fill(0xff);
    let grouped = |mut frame: Vec<u8>| {
        frame[..6].copy_from_slice(&[1, 0x80, 0xc2, 0, 0, 0x0e]);
        frame
    };
    let mut frames = vec![
        v4([10, 0, 0, 1], 1, 8, false),
        v6("2001:db8::1", 1, 8),
        v6("fe80::1", 255, 8),
        v6_of_its_link("fe80::1", 255),
        v6_of_its_link("2001:db8::1", 1),
        v6_of_its_link("ff02::1", 255),
        v6("ff02::1:ff00:1", 255, 8),
        v4([224, 0, 0, 5], 1, 8, false),
        v4([255; 4], 64, 8, false),
        grouped(v4([10, 0, 0, 255], 64, 8, false)),
        grouped(frame(0x88cc, &[0; 46])),
        arp,
    ];
    let before = frames.clone();
    let (outcomes, drops) = run(&mut frames);
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Punt), "{outcomes:?}");
    assert_eq!((frames, drops), (before, vec![]));
}

#[test]
fn every_drop_is_counted_by_its_name() {
    let change = |mut frame: Vec<u8>, at: usize, value: u8| {
        frame[at] = value;
        frame
    };
    for (name, frame) in [
        (Malformed::EthernetShort.name(), vec![2; 13]),
        (Malformed::Ipv4Checksum.name(), change(v4([203, 0, 113, 9], 64, 8, false), 22, 9)),
        (Malformed::Ipv6PayloadLength.name(), change(v6("2001:db8:1::9", 64, 8), 19, 9)),
        (Malformed::ArpShort.name(), frame(ether_type::ARP, &[0; 27])),
        ("other-station", change(v4([203, 0, 113, 9], 64, 8, false), 5, 9)),
        ("unknown-vlan", frame(ether_type::VLAN, &[0, 9, 8, 0])),
        ("unknown-type", frame(0x88cc, &[0; 46])),
        ("martian", v4([127, 0, 0, 1], 64, 8, false)),
        ("martian", v6("::1", 64, 8)),
        ("link-local-source", v6_of_its_link("2001:db8:1::9", 64)),
        ("link-local-source", v6_of_its_link("2001:db8::9", 1)),
        ("no-route", v4([8, 8, 8, 8], 64, 8, false)),
        ("no-route", v6("2001:db9::1", 64, 8)),
        ("blackhole", v4([192, 0, 2, 1], 64, 8, false)),
        ("unreachable", v4([192, 0, 2, 65], 64, 8, false)),
        ("prohibited", v4([192, 0, 2, 129], 64, 8, false)),
        ("no-port", v4([192, 0, 2, 193], 64, 8, false)),
        ("expired", v4([203, 0, 113, 9], 1, 8, false)),
        ("expired", v6("2001:db8:1::9", 0, 8)),
        ("too-big", v4([203, 0, 113, 9], 64, 1381, false)),
        ("too-big", v6("2001:db8:1::9", 64, 1361)),
    ] {
        let shown = format!("{frame:02x?}");
        assert_eq!(run(&mut [frame]).1, [(name, 1)], "{shown}");
    }
}

#[test]
fn tells_the_source_why() {
    for (frame, kind, code) in [
        (v4([203, 0, 113, 9], 1, 8, false), 11, 0),
        (v4([8, 8, 8, 8], 64, 8, false), 3, 0),
        (v4([192, 0, 2, 65], 64, 8, false), 3, 1),
        (v4([192, 0, 2, 129], 64, 8, false), 3, 13),
        (v4([203, 0, 113, 9], 64, 1381, true), 3, 4),
        (v6("2001:db8:1::9", 1, 8), 3, 0),
        (v6("2001:db9::1", 64, 8), 1, 0),
        (v6("2001:db8:2::1", 64, 8), 1, 0),
        (v6("2001:db8:3::1", 64, 8), 1, 1),
        (v6("2001:db8:1::9", 64, 1361), 2, 0),
    ] {
        let shown = format!("{:02x?}", &frame[12..54.min(frame.len())]);
        let (outcomes, _) = run(&mut [frame]);
        let [Outcome::Reply(reply)] = &outcomes[..] else { panic!("{outcomes:?} for {shown}") };
        let ethernet = Ethernet::read(reply).unwrap();
        assert_eq!((ethernet.destination, ethernet.source), (HOST, OURS[0]));
        let icmp = if ethernet.ether_type == ether_type::IPV4 {
            let header = Ipv4::read(&reply[14..]).unwrap();
            assert_eq!((header.source, header.destination, header.protocol), (OUR4, FROM4, protocol::ICMP));
            &reply[34..]
        } else {
            let header = Ipv6::read(&reply[14..]).unwrap();
            assert_eq!(
                (header.source, header.destination, header.next_header),
                (OUR6, FROM6, protocol::ICMP6)
            );
            &reply[54..]
        };
        assert_eq!((icmp[0], icmp[1]), (kind, code), "{shown}");
    }
}

#[test]
fn a_source_of_its_link_is_not_forwarded_and_told_so() {
    // The second comes when the next hop is known already.
    let mut frames = vec![v6("2001:db8:1::9", 64, 8), v6_of_its_link("2001:db8:1::9", 64)];
    let (outcomes, drops) = run(&mut frames);
    assert_eq!((&outcomes[0], &drops[..]), (&Outcome::Send(PortId(1)), &[("link-local-source", 1)][..]));
    let Outcome::Reply(reply) = &outcomes[1] else { panic!("{outcomes:?}") };
    let header = Ipv6::read(&reply[14..]).unwrap();
    assert_eq!((header.source, header.destination), (OUR6, "fe80::2".parse().unwrap()));
    assert_eq!(reply[54..56], [1, 2], "beyond the scope of the source");
}

#[test]
fn is_silent_about_blackholes_and_what_the_source_cannot_change() {
    for frame in [v4([192, 0, 2, 1], 64, 8, false), v4([203, 0, 113, 9], 64, 1381, false)] {
        assert_eq!(run(&mut [frame]).0, [Outcome::Drop]);
    }
}

#[test]
fn errors_are_limited_and_drops_still_counted() {
    let mut pipeline = Pipeline::new(Limits { errors: 3, ..LIMITS });
    let mut frames: Vec<_> = (0..50).map(|_| v4([8, 8, 8, 8], 64, 8, false)).collect();
    let mut replies = 0;
    pipeline.run(&tables(), PortId(0), &mut frames, Duration::from_secs(5), |_, outcome| {
        replies += usize::from(matches!(outcome, Outcome::Reply(_)));
    });
    assert_eq!((replies, pipeline.drops().get(DropReason::NoRoute)), (3, 50));
}

#[test]
fn several_paths_share_the_flows_and_keep_each_on_one() {
    let mut frames: Vec<_> = (0..200).map(|last| v4([198, 51, 100, last], 64, 8, false)).collect();
    let first = run(&mut frames.clone()).0;
    let on_one = first.iter().filter(|outcome| **outcome == Outcome::Send(PortId(1))).count();
    assert!((40..160).contains(&on_one), "{on_one} of 200 took the first path");
    assert_eq!(run(&mut frames).0, first, "the same flows take the same paths");
}

#[test]
fn a_burst_on_a_port_that_is_not_there_is_dropped() {
    let mut pipeline = Pipeline::new(LIMITS);
    let mut frames = vec![v4([203, 0, 113, 9], 64, 8, false); 2];
    pipeline.run(&tables(), PortId(9), &mut frames, Duration::ZERO, |_, outcome| {
        assert_eq!(outcome, Outcome::Drop);
    });
    assert_eq!(pipeline.drops().get(DropReason::NoPort), 2);
}

#[test]
fn an_unknown_neighbour_is_for_linux_to_ask_at_a_limited_rate() {
    let mut pipeline = Pipeline::new(LIMITS);
    let mut frames: Vec<_> = (0..5).map(|_| v4([10, 0, 0, 77], 64, 8, false)).collect();
    frames.push(v6("2001:db8::77", 64, 8));
    frames.push(v4([10, 0, 0, 77], 1, 8, false));
    let before = frames.clone();
    let mut outcomes = Vec::new();
    pipeline.run(&tables(), PortId(0), &mut frames, Duration::ZERO, |_, outcome| outcomes.push(outcome));
    assert_eq!(outcomes[..2], [Outcome::Punt, Outcome::Punt]);
    assert!(outcomes[2..6].iter().all(|outcome| *outcome == Outcome::Drop), "silently: {outcomes:?}");
    assert!(matches!(outcomes[6], Outcome::Reply(_)), "a packet at its end needs no neighbour: {outcomes:?}");
    assert_eq!(frames, before, "Linux takes one hop off itself");
    assert_eq!(pipeline.drops().get(DropReason::NoNeighbour), 4);
}

#[test]
fn what_is_remembered_of_a_next_hop_ends_with_a_change_of_the_tables() {
    let (mut tables, mut pipeline) = (tables(), Pipeline::new(LIMITS));
    let mut once = |tables: &Tables, mut frame: Vec<u8>| {
        let mut got = None;
        pipeline.run(tables, PortId(0), std::slice::from_mut(&mut frame), Duration::ZERO, |_, outcome| {
            got = Some(outcome);
        });
        (got.unwrap(), MacAddr(*frame.first_chunk().unwrap()))
    };
    let packet = || v4([203, 0, 113, 9], 64, 8, false);
    for _ in 0..2 {
        assert_eq!(once(&tables, packet()), (Outcome::Send(PortId(1)), ROUTER));
    }
    assert_eq!(
        once(&tables, v4([203, 0, 113, 9], 64, 1381, false)).0,
        Outcome::Drop,
        "a known link has its MTU"
    );
    tables.neighbours.set(PortId(1), "10.0.1.2".parse().unwrap(), HOST).unwrap();
    tables.changed();
    assert_eq!(once(&tables, packet()), (Outcome::Send(PortId(1)), HOST));
    tables.set_port(PortId(1), None);
    assert_eq!(once(&tables, packet()).0, Outcome::Drop);
}

#[test]
fn counts_the_work_of_each_node() {
    let mut pipeline = Pipeline::new(LIMITS);
    let mut frames = vec![v4([203, 0, 113, 9], 64, 8, false), v4([10, 0, 0, 1], 64, 8, false), vec![0; 3]];
    for _ in 0..2 {
        pipeline.run(&tables(), PortId(0), &mut frames.clone(), Duration::ZERO, |_, _| {});
    }
    frames.clear();
    let count = |node| {
        let count = pipeline.nodes().get(node);
        assert!(count.calls == 0 || count.cycles > 0);
        (count.calls, count.frames)
    };
    for node in [Node::Classify, Node::Lookup, Node::Adjacency] {
        assert_eq!(count(node), (2, 6), "{node:?}");
    }
    assert_eq!((count(Node::Rewrite), count(Node::Errors), count(Node::Inject)), ((2, 2), (2, 2), (0, 0)));
}

#[test]
fn a_flood_for_us_is_dropped_and_counted_and_neighbours_are_still_asked_for() {
    let punt = PuntLimits { other: 3, ..PuntLimits::NONE };
    let mut pipeline = Pipeline::new(Limits { punt, ..LIMITS });
    let mut frames: Vec<_> = (0..10).map(|_| v4([10, 0, 0, 1], 64, 8, false)).collect();
    // Nobody knows where this one is: it is not for us, and has a limit of its own.
    frames.push(v4([10, 0, 0, 77], 64, 8, false));
    let mut punted = 0;
    pipeline.run(&tables(), PortId(0), &mut frames, Duration::ZERO, |place, outcome| {
        assert_eq!(outcome == Outcome::Punt, place < 3 || place == 10, "{place}: {outcome:?}");
        punted += usize::from(outcome == Outcome::Punt);
    });
    assert_eq!((punted, pipeline.drops().get(DropReason::PuntLimit)), (4, 7));
}
