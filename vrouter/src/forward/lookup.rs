//! Second node: the next hop of each packet, looked up in batches.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::classify::Packet;
use super::tables::Tables;
use crate::fib::NextHopId;

/// Packets that are looked up together.
const BATCH: usize = 32;

/// Writes the next hop of each packet to `found`, which is as long.
pub(super) fn lookup(tables: &Tables, packets: &[Packet], found: &mut [Option<NextHopId>]) {
    for (packets, found) in packets.chunks(BATCH).zip(found.chunks_mut(BATCH)) {
        let (mut keys4, mut at4, mut count4) = ([Ipv4Addr::UNSPECIFIED; BATCH], [0; BATCH], 0);
        let (mut keys6, mut at6, mut count6) = ([Ipv6Addr::UNSPECIFIED; BATCH], [0; BATCH], 0);
        for (place, packet) in packets.iter().enumerate() {
            match packet {
                Packet::Ipv4(header) => {
                    (keys4[count4], at4[count4]) = (header.destination, place);
                    count4 += 1;
                }
                Packet::Ipv6(header) => {
                    (keys6[count6], at6[count6]) = (header.destination, place);
                    count6 += 1;
                }
                Packet::Done(_) => {}
            }
        }
        let mut values = [0; BATCH];
        tables.ipv4.lookup_batch(&keys4[..count4], &mut values);
        for (place, value) in at4[..count4].iter().zip(values) {
            found[*place] = NextHopId::new(value);
        }
        tables.ipv6.lookup_batch(&keys6[..count6], &mut values);
        for (place, value) in at6[..count6].iter().zip(values) {
            found[*place] = NextHopId::new(value);
        }
    }
}
