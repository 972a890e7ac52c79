//! A table like that of the internet, and packets for it.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use daybreak_vrouter::packet::{Ethernet, Ipv4, MacAddr, ether_type};
use ipnet::Ipv4Net;

/// Destinations: more than any cache holds headers for.
pub(crate) const PACKETS: usize = 1 << 20;

/// Numbers that look random and are the same in every run (xorshift64*).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    pub(crate) fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        u32::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32).unwrap_or(0)
    }
}

/// Distinct prefixes: 60 % /24, 2 % longer, the rest shorter, as in a full table.
pub(crate) fn prefixes(count: usize, numbers: &mut Numbers) -> Vec<Ipv4Net> {
    let mut seen = HashSet::with_capacity(count);
    let mut list = Vec::with_capacity(count);
    while list.len() < count {
        let length = match numbers.next() % 100 {
            0..60 => 24,
            60..70 => 23,
            70..81 => 22,
            81..86 => 21,
            86..91 => 20,
            91..95 => 19,
            95..98 => 16,
            98 => 25,
            _ => 32,
        };
        // 1.0.0.0 to 126.255.255.255: neither loopback nor multicast.
        let address = Ipv4Addr::from(numbers.next() % (126 << 24) + (1 << 24));
        let prefix = Ipv4Net::new_assert(address, length).trunc();
        let first = prefix.network().octets()[0];
        if (1..127).contains(&first) && seen.insert(prefix) {
            list.push(prefix);
        }
    }
    list
}

/// Frames of 64 bytes to random hosts in random prefixes, as far as their headers go.
pub(crate) fn headers(prefixes: &[Ipv4Net], to: MacAddr, numbers: &mut Numbers) -> Vec<[u8; 34]> {
    let mut one = || {
        let prefix = prefixes[numbers.next() as usize % prefixes.len()];
        let host = u64::from(numbers.next()) & ((1_u64 << (32 - prefix.prefix_len())) - 1);
        let address = Ipv4Addr::from(prefix.network().to_bits() | u32::try_from(host).unwrap_or(0));
        let mut frame = [0; 34];
        let source = MacAddr([2, 0, 0, 0, 0, 9]);
        frame[..14].copy_from_slice(&Ethernet::untagged(to, source, ether_type::IPV4));
        frame[14..].copy_from_slice(&Ipv4::header(Ipv4Addr::new(198, 18, 0, 1), address, 17, 46));
        frame
    };
    (0..PACKETS).map(|_| one()).collect()
}
