//! Addresses as bit strings.

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// An address that a [`super::Fib`] is keyed by.
pub trait Key: Copy + Eq + Hash + Debug {
    /// Bits of an address.
    const BITS: u8;

    /// The prefixes of the family, ordered by address and then by length: what contains a prefix comes before it.
    type Prefix: Copy + Ord + Hash + Debug + Display;

    /// `count` bits (1 to 24) from bit `from` on, counted from the highest; what is beyond the end reads as 0.
    fn bits(self, from: u8, count: u8) -> usize;

    /// Address and length of a prefix.
    fn split(prefix: Self::Prefix) -> (Self, u8);

    /// The prefix of length `length` that the address is in. `length` is at most [`Self::BITS`].
    fn prefix(self, length: u8) -> Self::Prefix;

    /// How many of the first bits are those of `other` too.
    fn common(self, other: Self) -> u8;
}

impl Key for Ipv4Addr {
    const BITS: u8 = 32;
    type Prefix = Ipv4Net;

    #[inline]
    fn bits(self, from: u8, count: u8) -> usize {
        ((self.to_bits() << from) >> (32 - count)) as usize
    }

    fn split(prefix: Ipv4Net) -> (Self, u8) {
        (prefix.network(), prefix.prefix_len())
    }

    fn prefix(self, length: u8) -> Ipv4Net {
        Ipv4Net::new_assert(self, length).trunc()
    }

    fn common(self, other: Self) -> u8 {
        u8::try_from((self.to_bits() ^ other.to_bits()).leading_zeros()).unwrap_or(<Self as Key>::BITS)
    }
}

impl Key for Ipv6Addr {
    const BITS: u8 = 128;
    type Prefix = Ipv6Net;

    #[inline]
    fn bits(self, from: u8, count: u8) -> usize {
        let top = (self.to_bits() << from) >> (128 - count);
        usize::try_from(top).unwrap_or(0)
    }

    fn split(prefix: Ipv6Net) -> (Self, u8) {
        (prefix.network(), prefix.prefix_len())
    }

    fn prefix(self, length: u8) -> Ipv6Net {
        Ipv6Net::new_assert(self, length).trunc()
    }

    fn common(self, other: Self) -> u8 {
        u8::try_from((self.to_bits() ^ other.to_bits()).leading_zeros()).unwrap_or(<Self as Key>::BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_bits_from_anywhere() {
        let v4 = Ipv4Addr::new(0x12, 0x34, 0x56, 0x78);
        for (from, count, bits) in [(0, 24, 0x12_3456), (24, 8, 0x78), (16, 8, 0x56), (0, 16, 0x1234)] {
            assert_eq!(v4.bits(from, count), bits);
        }
        let v6 = Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 3, 4, 5, 0x1234);
        for (from, count, bits) in
            [(0, 24, 0x20_010d), (24, 8, 0xb8), (112, 8, 0x12), (120, 8, 0x34), (0, 16, 0x2001)]
        {
            assert_eq!(v6.bits(from, count), bits);
        }
    }
}
