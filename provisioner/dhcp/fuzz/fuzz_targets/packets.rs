//! A run of packets through decoding, decision and encoding, in server and proxy mode. The input is a list of
//! packets: one byte (bit 0: port 4011), two bytes of length, the packet.
#![no_main]

use daybreak_dhcp::{
    Subnet,
    decide::{Arrival, Engine, Output, Port, SubnetPlan},
    directory::EmptyDirectory,
    lease::{LeaseTable, SeenClients},
    wire::Packet,
};
use libfuzzer_sys::fuzz_target;
use std::{
    net::{Ipv4Addr, SocketAddrV4},
    sync::{Arc, LazyLock},
};

static SUBNETS: LazyLock<Vec<Subnet>> = LazyLock::new(|| {
    let yaml = "[{interface: a, subnet: 10.0.0.0/24, pools: [10.0.0.8/29], boot: {next_server: 10.0.0.1}}, \
        {interface: a, subnet: 10.1.0.0/24, pools: [10.1.0.8/29], relays: [10.1.0.1, 0.0.0.1]}, \
        {interface: b, subnet: 10.2.0.0/24, mode: proxy, boot: {next_server: 10.2.0.1}}]";
    serde_saphyr::from_str(yaml).expect("the configuration of the fuzzer is right")
});

fuzz_target!(|data: &[u8]| {
    let mut table = LeaseTable::new(SUBNETS.iter().map(|s| (s.subnet, s.pools.as_slice())));
    let mut seen = SeenClients::default();
    let plan = |(i, subnet): (usize, &Subnet)| {
        SubnetPlan::new(i, usize::from(subnet.interface == "b"), Ipv4Addr::new(10, 0, 0, 1), subnet.clone())
    };
    let engine = Engine::new(SUBNETS.iter().enumerate().map(plan).collect(), Arc::new(EmptyDirectory));
    let mut rest = data;
    let mut now = 1_000_000;
    while let [flags, high, low, tail @ ..] = rest {
        let len = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
        let (packet, tail) = tail.split_at(len);
        rest = tail;
        now += u64::from(*flags >> 2);
        table.expire(now);
        let arrival = Arrival {
            interface: usize::from(flags & 2 != 0),
            port: if flags & 1 == 0 { Port::Dhcp } else { Port::Pxe },
            source: SocketAddrV4::new(Ipv4Addr::new(10, 2, 0, 9), 68),
        };
        let mut output = Output::default();
        let decision = engine.decide(&mut table, &mut seen, arrival, packet, now, &mut output);
        assert_eq!(decision.destination.is_some(), !output.replies.is_empty());
        if decision.destination.is_some() {
            assert!((300..=1472).contains(&output.replies.len()));
            let mut echo = output.replies;
            echo[0] = 1;
            assert!(Packet::parse(&echo).is_ok(), "our own reply can be read");
        }
    }
});
