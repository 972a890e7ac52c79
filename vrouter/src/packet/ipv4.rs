//! IPv4 headers as a router reads them (RFC 791, RFC 1812).

use std::net::Ipv4Addr;

use super::Malformed;
use super::checksum::{checksum, updated};

/// What forwarding needs of an IPv4 header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4 {
    /// Bytes of the header, 20 to 60.
    pub header_length: u8,
    /// Bytes of the packet; the frame may be longer by padding.
    pub total_length: u16,
    /// "Don't fragment".
    pub dont_fragment: bool,
    /// Whether more fragments follow.
    pub more_fragments: bool,
    /// Place of this fragment in units of 8 bytes; 0 in a whole packet and in a first fragment.
    pub fragment_offset: u16,
    /// Time to live.
    pub ttl: u8,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
}

impl Ipv4 {
    /// Bytes of a header without options.
    pub const HEADER: usize = 20;

    /// Reads and checks the header of the packet that `bytes` begin with, as RFC 1812 section 5.2.2 demands of a
    /// router: the five tests are marked with their numbers.
    ///
    /// # Errors
    /// The test that failed.
    #[inline]
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        // (1) "The packet length reported by the Link Layer must be large enough to hold the minimum length legal IP
        // datagram (20 bytes)."
        let fixed = bytes.first_chunk::<{ Self::HEADER }>().ok_or(Malformed::Ipv4Short)?;
        // (3) "The IP version number must be 4."
        if fixed[0] >> 4 != 4 {
            return Err(Malformed::Ipv4Version);
        }
        // (4) "The IP header length field must be large enough to hold the minimum length legal IP datagram."
        let header_length = (fixed[0] & 0x0f) * 4;
        if usize::from(header_length) < Self::HEADER {
            return Err(Malformed::Ipv4HeaderLength);
        }
        let header = bytes.get(..usize::from(header_length)).ok_or(Malformed::Ipv4HeaderLength)?;
        // (5) "The IP total length field must be large enough to hold the IP datagram header, whose length is
        // specified in the IP header length field." And the link must have delivered that much.
        let total_length = u16::from_be_bytes([fixed[2], fixed[3]]);
        if total_length < u16::from(header_length) || usize::from(total_length) > bytes.len() {
            return Err(Malformed::Ipv4TotalLength);
        }
        // (2) "The IP checksum must be correct."
        // Nearly every header is of the fixed length, for which the compiler makes straight code.
        let sum = if header.len() == Self::HEADER { checksum(fixed) } else { checksum(header) };
        if sum != 0 {
            return Err(Malformed::Ipv4Checksum);
        }
        let fragment = u16::from_be_bytes([fixed[6], fixed[7]]);
        Ok(Self {
            header_length,
            total_length,
            dont_fragment: fragment & 0x4000 != 0,
            more_fragments: fragment & 0x2000 != 0,
            fragment_offset: fragment & 0x1fff,
            ttl: fixed[8],
            protocol: fixed[9],
            source: Ipv4Addr::new(fixed[12], fixed[13], fixed[14], fixed[15]),
            destination: Ipv4Addr::new(fixed[16], fixed[17], fixed[18], fixed[19]),
        })
    }

    /// Lowers the time to live of a header by one and mends its checksum; false, and nothing changed, when a router
    /// must not forward the packet any more ("MUST NOT forward a packet whose TTL it decremented to zero", RFC 1812
    /// section 4.2.2.9 and 5.3.1) or it is no header.
    #[inline]
    pub fn decrement_ttl(header: &mut [u8]) -> bool {
        let Some(fixed) = header.first_chunk_mut::<{ Self::HEADER }>() else { return false };
        if fixed[8] <= 1 {
            return false;
        }
        let old = u16::from_be_bytes([fixed[8], fixed[9]]);
        fixed[8] -= 1;
        let new = u16::from_be_bytes([fixed[8], fixed[9]]);
        let sum = updated(u16::from_be_bytes([fixed[10], fixed[11]]), old, new);
        fixed[10..12].copy_from_slice(&sum.to_be_bytes());
        true
    }

    /// A header without options for a packet of ours that may be fragmented on its way.
    pub fn header(
        source: Ipv4Addr,
        destination: Ipv4Addr,
        protocol: u8,
        total_length: u16,
    ) -> [u8; Self::HEADER] {
        let mut header = [0; Self::HEADER];
        header[0] = 0x45;
        header[2..4].copy_from_slice(&total_length.to_be_bytes());
        header[8] = 64;
        header[9] = protocol;
        header[12..16].copy_from_slice(&source.octets());
        header[16..].copy_from_slice(&destination.octets());
        let sum = checksum(&header);
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        header
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::packet::protocol;

    const FROM: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const TO: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

    fn packet(payload: usize) -> Vec<u8> {
        let total = u16::try_from(Ipv4::HEADER + payload).unwrap();
        [&Ipv4::header(FROM, TO, protocol::ICMP, total)[..], &vec![0xaa; payload]].concat()
    }

    fn resum(bytes: &mut [u8]) {
        bytes[10..12].fill(0);
        let end = usize::from(bytes[0] & 15) * 4;
        let sum = checksum(&bytes[..end.min(bytes.len())]);
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
    }

    #[test]
    fn reads_a_header_and_lets_padding_pass() {
        let mut bytes = packet(6);
        bytes[6] = 0x60;
        bytes[7] = 0x05;
        resum(&mut bytes);
        bytes.extend([0; 20]);
        let read = Ipv4::read(&bytes).unwrap();
        assert_eq!(
            read,
            Ipv4 {
                header_length: 20,
                total_length: 26,
                dont_fragment: true,
                more_fragments: true,
                fragment_offset: 5,
                ttl: 64,
                protocol: protocol::ICMP,
                source: FROM,
                destination: TO,
            }
        );
    }

    #[test]
    fn fails_each_test_of_rfc_1812() {
        let change = |edit: &dyn Fn(&mut Vec<u8>), sum: bool| {
            let mut bytes = packet(4);
            edit(&mut bytes);
            if sum {
                resum(&mut bytes);
            }
            Ipv4::read(&bytes)
        };
        assert_eq!(change(&|b| b.truncate(19), false), Err(Malformed::Ipv4Short));
        assert_eq!(change(&|b| b[0] = 0x65, true), Err(Malformed::Ipv4Version));
        assert_eq!(change(&|b| b[0] = 0x44, true), Err(Malformed::Ipv4HeaderLength));
        assert_eq!(change(&|b| b[0] = 0x4f, true), Err(Malformed::Ipv4HeaderLength));
        assert_eq!(change(&|b| b[3] = 19, true), Err(Malformed::Ipv4TotalLength));
        assert_eq!(change(&|b| b[3] = 25, true), Err(Malformed::Ipv4TotalLength));
        assert_eq!(change(&|b| b[8] ^= 1, false), Err(Malformed::Ipv4Checksum));
    }

    #[test]
    fn a_packet_at_the_end_of_its_life_is_left_as_it_was() {
        for ttl in [0, 1] {
            let mut bytes = packet(0);
            bytes[8] = ttl;
            resum(&mut bytes);
            let before = bytes.clone();
            assert!(!Ipv4::decrement_ttl(&mut bytes));
            assert_eq!(bytes, before);
        }
        assert!(!Ipv4::decrement_ttl(&mut packet(0)[..19]));
    }

    proptest! {
        #[test]
        fn lowering_the_ttl_keeps_the_checksum_right(ttl in 2_u8.., id: u16, source: [u8; 4], destination: [u8; 4]) {
            let mut bytes = Ipv4::header(source.into(), destination.into(), 17, 20);
            bytes[8] = ttl;
            bytes[4..6].copy_from_slice(&id.to_be_bytes());
            resum(&mut bytes);
            prop_assert!(Ipv4::decrement_ttl(&mut bytes));
            prop_assert_eq!(Ipv4::read(&bytes).map(|header| header.ttl), Ok(ttl - 1));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(header) = Ipv4::read(&bytes) {
                prop_assert!(usize::from(header.header_length) <= usize::from(header.total_length));
                prop_assert!(usize::from(header.total_length) <= bytes.len());
            }
        }
    }
}
