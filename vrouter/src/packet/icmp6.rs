//! ICMPv6 errors (RFC 4443).

use std::net::Ipv6Addr;

use super::checksum::Checksum;
use super::{Ipv6, protocol};

/// An error that a router reports to the source of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icmp6Error {
    /// No route to the destination.
    NoRoute,
    /// Forbidden by a filter.
    Prohibited,
    /// The source is known on its own link alone.
    BeyondScope,
    /// The last hop does not answer neighbour discovery.
    AddressUnreachable,
    /// Too long for the next link.
    PacketTooBig {
        /// Bytes of an IP packet that the link takes.
        mtu: u16,
    },
    /// Hop limit exceeded in transit.
    TimeExceeded,
}

impl Icmp6Error {
    /// "As much of invoking packet as possible without the ICMPv6 packet exceeding the minimum IPv6 MTU" (RFC 4443
    /// section 3).
    pub const MAX: usize = 1280;

    /// Bytes of the ICMPv6 header of an error.
    const HEADER: usize = 8;

    /// The error as an IPv6 packet from `from`, one of our addresses, about `offender`, a packet that
    /// [`Ipv6::read`] took. `None` when no error may be sent about it (RFC 4443 section 2.4 (e)); whether the frame
    /// came as a link-layer multicast the caller knows.
    pub fn packet(self, from: Ipv6Addr, offender: &[u8]) -> Option<Vec<u8>> {
        let header = Ipv6::read(offender).ok()?;
        let whole = offender.get(..Ipv6::HEADER + usize::from(header.payload_length))?;
        // (e.3) packets to a multicast address get an error only if they are too big.
        let group = header.destination.is_multicast() && !matches!(self, Self::PacketTooBig { .. });
        // (e.6) "A packet whose source address does not uniquely identify a single node"
        let nobody =
            header.source.is_unspecified() || header.source.is_multicast() || header.source.is_loopback();
        if group || nobody || is_icmp_error_or_unknown(header.next_header, &whole[Ipv6::HEADER..]) {
            return None;
        }
        let quoted = &whole[..whole.len().min(Self::MAX - Ipv6::HEADER - Self::HEADER)];
        let payload = u16::try_from(Self::HEADER + quoted.len()).ok()?;
        let (kind, code, mtu) = match self {
            Self::NoRoute => (1, 0, 0),
            Self::Prohibited => (1, 1, 0),
            Self::BeyondScope => (1, 2, 0),
            Self::AddressUnreachable => (1, 3, 0),
            Self::PacketTooBig { mtu } => (2, 0, u32::from(mtu)),
            Self::TimeExceeded => (3, 0, 0),
        };
        let mut packet = Vec::with_capacity(Ipv6::HEADER + usize::from(payload));
        packet.extend(Ipv6::header(from, header.source, protocol::ICMP6, payload));
        packet.extend([kind, code, 0, 0]);
        packet.extend(mtu.to_be_bytes());
        packet.extend(quoted);
        let sum = checksum(from, header.source, &packet[Ipv6::HEADER..]);
        packet[Ipv6::HEADER + 2..Ipv6::HEADER + 4].copy_from_slice(&sum.to_be_bytes());
        Some(packet)
    }
}

/// Checksum of an ICMPv6 message with its pseudo-header (RFC 8200 section 8.1).
fn checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> u16 {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    Checksum::default()
        .plus(&source.octets())
        .plus(&destination.octets())
        .plus(&length.to_be_bytes())
        .plus(&u32::from(protocol::ICMP6).to_be_bytes())
        .plus(message)
        .finish()
}

/// (e.1), (e.2): errors and redirects get no answer. The extension headers on the way are those of RFC 8200; a packet
/// whose headers do not end before its bytes do counts as unknown, and so does a later fragment.
fn is_icmp_error_or_unknown(mut next: u8, mut rest: &[u8]) -> bool {
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const OPTIONS: u8 = 60;
    const REDIRECT: u8 = 137;
    loop {
        match next {
            protocol::ICMP6 => return rest.first().is_none_or(|kind| *kind < 128 || *kind == REDIRECT),
            HOP_BY_HOP | ROUTING | OPTIONS | FRAGMENT => {
                let Some(fixed) = rest.first_chunk::<8>() else { return true };
                if next == FRAGMENT && u16::from_be_bytes([fixed[2], fixed[3]]) & 0xfff8 != 0 {
                    return true;
                }
                let length = if next == FRAGMENT { 8 } else { 8 + 8 * usize::from(fixed[1]) };
                let Some(after) = rest.get(length..) else { return true };
                next = fixed[0];
                rest = after;
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    const HOST: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x50);
    const FAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 9, 0, 0, 0, 0, 9);
    const GROUP: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 5);

    fn offender(from: Ipv6Addr, to: Ipv6Addr, next: u8, payload: &[u8]) -> Vec<u8> {
        [&Ipv6::header(from, to, next, u16::try_from(payload.len()).unwrap())[..], payload].concat()
    }

    #[test]
    fn says_type_code_and_mtu() {
        let about = offender(HOST, FAR, 17, &[7; 9]);
        for (error, kind, code, mtu) in [
            (Icmp6Error::NoRoute, 1, 0, 0),
            (Icmp6Error::Prohibited, 1, 1, 0),
            (Icmp6Error::BeyondScope, 1, 2, 0),
            (Icmp6Error::AddressUnreachable, 1, 3, 0),
            (Icmp6Error::PacketTooBig { mtu: 1400 }, 2, 0, 1400_u32),
            (Icmp6Error::TimeExceeded, 3, 0, 0),
        ] {
            let packet = error.packet(US, &about).unwrap();
            let header = Ipv6::read(&packet).unwrap();
            assert_eq!((header.source, header.destination, header.next_header), (US, HOST, protocol::ICMP6));
            let icmp = &packet[40..];
            assert_eq!((icmp[0], icmp[1]), (kind, code), "{error:?}");
            assert_eq!(icmp[4..8], mtu.to_be_bytes());
            assert_eq!(checksum(US, HOST, icmp), 0, "{error:?}");
            assert_eq!(icmp[8..], about);
        }
    }

    #[test]
    fn never_exceeds_the_minimum_mtu() {
        let long = offender(HOST, FAR, 17, &[7; 1460]);
        assert_eq!(Icmp6Error::TimeExceeded.packet(US, &long).unwrap().len(), Icmp6Error::MAX);
    }

    #[test]
    fn is_silent_where_rfc_4443_demands_it() {
        let icmp = protocol::ICMP6;
        for (what, about) in [
            ("ICMPv6 error", offender(HOST, FAR, icmp, &[3, 0, 0, 0])),
            ("redirect", offender(HOST, FAR, icmp, &[137, 0, 0, 0])),
            ("ICMPv6 without a type", offender(HOST, FAR, icmp, &[])),
            ("error behind options", offender(HOST, FAR, 60, &[icmp, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])),
            ("later fragment", offender(HOST, FAR, 44, &[17, 0, 0, 8, 0, 0, 0, 1, 1, 2])),
            ("options cut off", offender(HOST, FAR, 0, &[17, 9, 0, 0, 0, 0, 0, 0])),
            ("multicast", offender(HOST, GROUP, 17, &[7; 8])),
            ("no source", offender(Ipv6Addr::UNSPECIFIED, FAR, 17, &[7; 8])),
            ("multicast source", offender(GROUP, FAR, 17, &[7; 8])),
        ] {
            assert_eq!(Icmp6Error::TimeExceeded.packet(US, &about), None, "{what}");
        }
    }

    #[test]
    fn path_mtu_discovery_works_for_multicast_too() {
        let about = offender(HOST, GROUP, 17, &[7; 8]);
        assert!(Icmp6Error::PacketTooBig { mtu: 1280 }.packet(US, &about).is_some());
    }

    #[test]
    fn answers_echo_requests_and_first_fragments() {
        for about in [
            offender(HOST, FAR, protocol::ICMP6, &[128, 0, 0, 0]),
            offender(HOST, FAR, 44, &[17, 0, 0, 1, 0, 0, 0, 1, 1, 2]),
        ] {
            assert!(Icmp6Error::TimeExceeded.packet(US, &about).is_some());
        }
    }
}
