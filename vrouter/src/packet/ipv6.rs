//! IPv6 headers as a router reads them (RFC 8200).

use std::net::Ipv6Addr;

use super::Malformed;

/// What forwarding needs of an IPv6 header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6 {
    /// Bytes after the header; the frame may be longer by padding.
    pub payload_length: u16,
    /// Type of what follows: an extension header or the payload.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
}

impl Ipv6 {
    /// Bytes of the header.
    pub const HEADER: usize = 40;

    /// Reads and checks the header of the packet that `bytes` begin with.
    ///
    /// # Errors
    /// What is wrong with it.
    #[inline]
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let (fixed, rest) = bytes.split_first_chunk::<{ Self::HEADER }>().ok_or(Malformed::Ipv6Short)?;
        if fixed[0] >> 4 != 6 {
            return Err(Malformed::Ipv6Version);
        }
        let payload_length = u16::from_be_bytes([fixed[4], fixed[5]]);
        if usize::from(payload_length) > rest.len() {
            return Err(Malformed::Ipv6PayloadLength);
        }
        let address = |at: usize| Ipv6Addr::from_octets(std::array::from_fn(|i| fixed[at + i]));
        Ok(Self {
            payload_length,
            next_header: fixed[6],
            hop_limit: fixed[7],
            source: address(8),
            destination: address(24),
        })
    }

    /// Lowers the hop limit of a header by one; false, and nothing changed, when the packet must be discarded: "If
    /// Hop Limit is zero when received or is decremented to zero" (RFC 8200 section 3), or it is no header.
    #[inline]
    pub fn decrement_hop_limit(header: &mut [u8]) -> bool {
        match header.get_mut(7) {
            Some(limit) if *limit > 1 => {
                *limit -= 1;
                true
            }
            _ => false,
        }
    }

    /// A header for a packet of ours.
    pub fn header(
        source: Ipv6Addr,
        destination: Ipv6Addr,
        next_header: u8,
        payload_length: u16,
    ) -> [u8; Self::HEADER] {
        let mut header = [0; Self::HEADER];
        header[0] = 0x60;
        header[4..6].copy_from_slice(&payload_length.to_be_bytes());
        header[6] = next_header;
        header[7] = 64;
        header[8..24].copy_from_slice(&source.octets());
        header[24..].copy_from_slice(&destination.octets());
        header
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FROM: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    const TO: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 2);

    #[test]
    fn reads_a_header_and_lets_padding_pass() {
        let bytes = [&Ipv6::header(FROM, TO, 17, 8)[..], &[0; 14]].concat();
        let read = Ipv6::read(&bytes).unwrap();
        assert_eq!(
            read,
            Ipv6 { payload_length: 8, next_header: 17, hop_limit: 64, source: FROM, destination: TO }
        );
    }

    #[test]
    fn refuses_what_is_cut_off_or_another_version() {
        let mut bytes = [&Ipv6::header(FROM, TO, 17, 8)[..], &[0; 8]].concat();
        assert_eq!(Ipv6::read(&bytes[..39]), Err(Malformed::Ipv6Short));
        assert_eq!(Ipv6::read(&bytes[..47]), Err(Malformed::Ipv6PayloadLength));
        bytes[0] = 0x45;
        assert_eq!(Ipv6::read(&bytes), Err(Malformed::Ipv6Version));
    }

    #[test]
    fn the_hop_limit_never_reaches_zero() {
        for (before, after) in [(0, None), (1, None), (2, Some(1)), (255, Some(254))] {
            let mut bytes = Ipv6::header(FROM, TO, 17, 0);
            bytes[7] = before;
            assert_eq!(Ipv6::decrement_hop_limit(&mut bytes), after.is_some());
            assert_eq!(bytes[7], after.unwrap_or(before));
        }
        assert!(!Ipv6::decrement_hop_limit(&mut [0x60; 7]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            if let Ok(header) = Ipv6::read(&bytes) {
                prop_assert!(Ipv6::HEADER + usize::from(header.payload_length) <= bytes.len());
            }
        }
    }
}
