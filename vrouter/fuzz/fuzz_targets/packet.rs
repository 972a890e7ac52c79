//! Frames through the pipeline. The input is a list of frames: two bytes of length, the frame. To get past the first check,
//! the destination of each is overwritten with the port's address unless it is a group.
#![no_main]

use std::time::Duration;

use daybreak_vrouter::fib::{Fib, Neighbours, NextHop, NextHopPath, NextHops, PortId, Root};
use daybreak_vrouter::forward::{Limits, Outcome, Pipeline, PortInfo, PuntLimits, Tables};
use daybreak_vrouter::packet::MacAddr;
use libfuzzer_sys::fuzz_target;

const OWN: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const NEIGHBOUR: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);

fn tables() -> Tables {
    let (mut ipv4, mut ipv6) = (Fib::new(Root::Small, 16), Fib::new(Root::Small, 16));
    let (mut next_hops, mut neighbours) = (NextHops::new(8), Neighbours::new(8));
    let gateway = "10.0.0.2".parse().ok();
    let way = NextHop::Path(NextHopPath { port: PortId(0), gateway });
    let way = next_hops.push(way).expect("there is room");
    ipv4.insert("0.0.0.0/1".parse().expect("a prefix"), way).expect("there is room");
    ipv6.insert("::/1".parse().expect("a prefix"), way).expect("there is room");
    neighbours.set(PortId(0), gateway.expect("an address"), NEIGHBOUR).expect("there is room");
    let mut tables = Tables::new(ipv4, ipv6, next_hops, neighbours);
    let (ipv4, ipv6) = ("10.0.0.1".parse().ok(), "2001:db8::1".parse().ok());
    tables.set_port(PortId(0), Some(PortInfo { mac: OWN, mtu: 1500, ipv4, ipv6 }));
    tables
}

fuzz_target!(|data: &[u8]| {
    let (mut frames, mut rest) = (Vec::new(), data);
    while let [high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
        let (frame, tail) = tail.split_at(length);
        rest = tail;
        let mut frame = frame.to_vec();
        if let Some(destination) = frame.first_chunk_mut::<6>()
            && destination[0] & 1 == 0
        {
            *destination = OWN.0;
        }
        frames.push(frame);
    }
    let before = frames.clone();
    let mut outcomes = Vec::new();
    let mut pipeline = Pipeline::new(Limits { errors: 1000, resolutions: 1000, punt: PuntLimits::NONE });
    pipeline.run(&tables(), PortId(0), &mut frames, Duration::ZERO, |place, outcome| outcomes.push((place, outcome)));
    assert_eq!(outcomes.len(), frames.len());
    for (place, outcome) in outcomes {
        match outcome {
            Outcome::Send(_) => assert_eq!(frames[place][..6], NEIGHBOUR.0, "it goes to the neighbour"),
            Outcome::Punt => assert_eq!(frames[place], before[place], "Linux sees it as it came"),
            Outcome::Reply(reply) => assert!(reply.len() <= 1514, "an error of {} bytes", reply.len()),
            Outcome::Drop => {}
        }
    }
});
