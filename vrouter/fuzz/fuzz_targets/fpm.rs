//! What FRR sends, through decoder, RIB and forwarding tables. The first byte says where the stream is cut in two, which
//! must change nothing.
#![no_main]

use daybreak_vrouter::fib::{Fib, Neighbours, NextHops, PortId, Root};
use daybreak_vrouter::forward::Tables;
use daybreak_vrouter::fpm::Decoder;
use daybreak_vrouter::rib::{Limits, Rib, apply};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((cut, stream)) = data.split_first() else { return };
    let read = |pieces: &[&[u8]]| {
        let (mut decoder, mut messages, mut end) = (Decoder::default(), Vec::new(), Ok(()));
        for piece in pieces {
            end = end.and_then(|()| decoder.feed(piece, |message| messages.push(message)));
        }
        (messages, end)
    };
    let whole = read(&[stream]);
    let (head, tail) = stream.split_at(usize::from(*cut).min(stream.len()));
    assert_eq!(read(&[head, tail]), whole);

    let mut rib = Rib::new(Limits { next_hops: 64, neighbours: 8 });
    let (ipv4, ipv6) = (Fib::new(Root::Small, 4096), Fib::new(Root::Small, 4096));
    let mut tables = Tables::new(ipv4, ipv6, NextHops::new(64), Neighbours::new(8));
    for index in 0..4 {
        rib.port_added(PortId(index), u32::from(index) + 1);
    }
    for message in whole.0.into_iter().flatten() {
        rib.fpm(message);
    }
    for change in rib.take_changes() {
        apply(&mut tables, change).expect("the tables are large enough");
    }
    let ids = tables.ipv4.routes().map(|(_, id)| id).chain(tables.ipv6.routes().map(|(_, id)| id));
    for id in ids {
        assert!(tables.next_hops.get(id).is_some(), "a route leads nowhere");
    }
});
