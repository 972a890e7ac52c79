//! ICMP errors for IPv4 (RFC 792, RFC 1812 section 4.3).

use std::net::Ipv4Addr;

use super::checksum::checksum;
use super::{Ipv4, protocol};

/// An error that a router reports to the source of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icmp4Error {
    /// No route.
    NetUnreachable,
    /// The last hop does not answer ARP.
    HostUnreachable,
    /// Forbidden by a filter (RFC 1812 section 5.2.7.1).
    Prohibited,
    /// Too long for the next link, and "don't fragment" is set.
    FragmentationNeeded {
        /// Bytes of an IP packet that the link takes (RFC 1191).
        mtu: u16,
    },
    /// Time to live exceeded in transit.
    TimeExceeded,
}

impl Icmp4Error {
    /// "The ICMP datagram SHOULD contain as much of the original datagram as possible without the length of the ICMP
    /// datagram exceeding 576 bytes" (RFC 1812 section 4.3.2.3).
    pub const MAX: usize = 576;

    /// Bytes of the ICMP header of an error.
    const HEADER: usize = 8;

    /// The error as an IPv4 packet from `from`, one of our addresses, about `offender`, a packet that
    /// [`Ipv4::read`] took. `None` when no error may be sent about it (RFC 1812 section 4.3.2.7); whether the frame
    /// came as a link-layer broadcast the caller knows.
    pub fn packet(self, from: Ipv4Addr, offender: &[u8]) -> Option<Vec<u8>> {
        let header = Ipv4::read(offender).ok()?;
        if !may_answer(&header, offender) {
            return None;
        }
        let whole = offender.get(..usize::from(header.total_length))?;
        let quoted = &whole[..whole.len().min(Self::MAX - Ipv4::HEADER - Self::HEADER)];
        let total = Ipv4::HEADER + Self::HEADER + quoted.len();
        let (kind, code, mtu) = match self {
            Self::NetUnreachable => (3, 0, 0),
            Self::HostUnreachable => (3, 1, 0),
            Self::FragmentationNeeded { mtu } => (3, 4, mtu),
            Self::Prohibited => (3, 13, 0),
            Self::TimeExceeded => (11, 0, 0),
        };
        let mut packet = Vec::with_capacity(total);
        packet.extend(Ipv4::header(from, header.source, protocol::ICMP, u16::try_from(total).ok()?));
        packet.extend([kind, code, 0, 0, 0, 0]);
        packet.extend(mtu.to_be_bytes());
        packet.extend(quoted);
        let sum = checksum(&packet[Ipv4::HEADER..]);
        packet[Ipv4::HEADER + 2..Ipv4::HEADER + 4].copy_from_slice(&sum.to_be_bytes());
        Some(packet)
    }
}

/// RFC 1812 section 4.3.2.7: "An ICMP error message MUST NOT be sent as the result of receiving" one of these.
fn may_answer(header: &Ipv4, packet: &[u8]) -> bool {
    // "An ICMP error message": what is no query or reply to one, or cannot be told.
    let icmp_error = header.protocol == protocol::ICMP
        && header.fragment_offset == 0
        && !matches!(packet.get(usize::from(header.header_length)), Some(0 | 8..=10 | 13..=18));
    // "A packet destined to an IP broadcast or IP multicast address"
    let group = header.destination.is_multicast() || header.destination.is_broadcast();
    // "A packet whose source address has a network prefix of zero or is an invalid source address", such as loopback,
    // a group, or the reserved class E: nobody could be meant by it.
    let source = header.source.octets()[0];
    let nobody = source == 0 || source == 127 || source >= 224;
    // "Any fragment of a datagram other then the first fragment"
    let later_fragment = header.fragment_offset != 0;
    !(icmp_error || group || nobody || later_fragment)
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const HOST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 50);
    const FAR: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);

    fn offender(from: Ipv4Addr, to: Ipv4Addr, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let total = u16::try_from(Ipv4::HEADER + payload.len()).unwrap();
        [&Ipv4::header(from, to, protocol, total)[..], payload].concat()
    }

    #[test]
    fn says_type_code_and_mtu() {
        let about = offender(HOST, FAR, 17, &[7; 8]);
        for (error, kind, code, mtu) in [
            (Icmp4Error::NetUnreachable, 3, 0, 0),
            (Icmp4Error::HostUnreachable, 3, 1, 0),
            (Icmp4Error::Prohibited, 3, 13, 0),
            (Icmp4Error::FragmentationNeeded { mtu: 1400 }, 3, 4, 1400_u16),
            (Icmp4Error::TimeExceeded, 11, 0, 0),
        ] {
            let packet = error.packet(US, &about).unwrap();
            let header = Ipv4::read(&packet).unwrap();
            assert_eq!((header.source, header.destination, header.protocol), (US, HOST, protocol::ICMP));
            let icmp = &packet[20..];
            assert_eq!((icmp[0], icmp[1]), (kind, code), "{error:?}");
            assert_eq!(icmp[6..8], mtu.to_be_bytes());
            assert_eq!(checksum(icmp), 0, "{error:?}");
            assert_eq!(icmp[8..], about);
        }
    }

    #[test]
    fn quotes_at_most_576_bytes_and_no_padding() {
        let long = offender(HOST, FAR, 17, &[7; 1480]);
        assert_eq!(Icmp4Error::TimeExceeded.packet(US, &long).unwrap().len(), Icmp4Error::MAX);
        let mut padded = offender(HOST, FAR, 17, &[7; 2]);
        padded.extend([0; 24]);
        assert_eq!(Icmp4Error::TimeExceeded.packet(US, &padded).unwrap().len(), 20 + 8 + 22);
    }

    #[test]
    fn is_silent_where_rfc_1812_demands_it() {
        let fragment = {
            let mut bytes = offender(HOST, FAR, 17, &[7; 8]);
            bytes[7] = 1;
            bytes[10..12].fill(0);
            let sum = checksum(&bytes[..20]);
            bytes[10..12].copy_from_slice(&sum.to_be_bytes());
            bytes
        };
        for (what, about) in [
            ("ICMP error", offender(HOST, FAR, protocol::ICMP, &[11, 0, 0, 0, 0, 0, 0, 0])),
            ("redirect", offender(HOST, FAR, protocol::ICMP, &[5, 0, 0, 0, 0, 0, 0, 0])),
            ("ICMP without a type", offender(HOST, FAR, protocol::ICMP, &[])),
            ("multicast", offender(HOST, Ipv4Addr::new(224, 0, 0, 5), 17, &[7; 8])),
            ("broadcast", offender(HOST, Ipv4Addr::BROADCAST, 17, &[7; 8])),
            ("no source", offender(Ipv4Addr::UNSPECIFIED, FAR, 17, &[7; 8])),
            ("loopback source", offender(Ipv4Addr::LOCALHOST, FAR, 17, &[7; 8])),
            ("multicast source", offender(Ipv4Addr::new(239, 1, 1, 1), FAR, 17, &[7; 8])),
            ("later fragment", fragment),
            ("garbage", vec![0; 40]),
        ] {
            assert_eq!(Icmp4Error::TimeExceeded.packet(US, &about), None, "{what}");
        }
    }

    #[test]
    fn answers_pings_as_any_other_packet() {
        let ping = offender(HOST, FAR, protocol::ICMP, &[8, 0, 0, 0, 0, 1, 0, 1]);
        assert!(Icmp4Error::TimeExceeded.packet(US, &ping).is_some(), "traceroute with ICMP needs it");
    }
}
