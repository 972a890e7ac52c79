//! What Linux says by netlink, through reader and RIB.
#![no_main]

use daybreak_vrouter::fib::PortId;
use daybreak_vrouter::netlink::read_events;
use daybreak_vrouter::rib::{Limits, Rib};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut rib = Rib::new(Limits { next_hops: 64, neighbours: 8 });
    rib.port_added(PortId(0), 1);
    read_events(data, |event| {
        if let Ok(event) = event {
            rib.linux(event);
        }
    });
    rib.port_removed(PortId(0));
    rib.take_changes();
});
