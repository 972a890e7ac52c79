//! Ethernet II headers with up to two VLAN tags.

use super::{MacAddr, Malformed};

/// Ether types that forwarding looks at.
pub mod ether_type {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// ARP.
    pub const ARP: u16 = 0x0806;
    /// Customer VLAN tag (IEEE 802.1Q).
    pub const VLAN: u16 = 0x8100;
    /// IPv6.
    pub const IPV6: u16 = 0x86dd;
    /// Service VLAN tag (IEEE 802.1ad).
    pub const SERVICE_VLAN: u16 = 0x88a8;
}

/// A VLAN number, 0 to 4095; 0 marks a tag that carries a priority only (IEEE 802.1Q, 9.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VlanId(u16);

impl VlanId {
    /// The number, if it fits in 12 bits.
    pub const fn new(number: u16) -> Option<Self> {
        if number < 4096 { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// An Ethernet header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ethernet {
    /// Destination address.
    pub destination: MacAddr,
    /// Source address.
    pub source: MacAddr,
    /// VLANs of the tags, the outer one first.
    pub vlans: [Option<VlanId>; 2],
    /// Type of what follows.
    pub ether_type: u16,
    /// Bytes of the header with its tags.
    pub length: usize,
}

impl Ethernet {
    /// Bytes of a header without tags.
    pub const UNTAGGED: usize = 14;

    /// Reads the header at the start of a frame.
    ///
    /// # Errors
    /// When the frame ends inside the header or has a third tag.
    #[inline]
    pub fn read(frame: &[u8]) -> Result<Self, Malformed> {
        let (header, mut rest) = frame.split_first_chunk::<14>().ok_or(Malformed::EthernetShort)?;
        let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] = *header;
        let mut ethernet = Self {
            destination: MacAddr([d0, d1, d2, d3, d4, d5]),
            source: MacAddr([s0, s1, s2, s3, s4, s5]),
            vlans: [None, None],
            ether_type: u16::from_be_bytes([t0, t1]),
            length: Self::UNTAGGED,
        };
        for place in 0..2 {
            if !is_tag(ethernet.ether_type) {
                return Ok(ethernet);
            }
            let (tag, after) = rest.split_first_chunk::<4>().ok_or(Malformed::EthernetShort)?;
            let [control_high, control_low, type_high, type_low] = *tag;
            ethernet.vlans[place] = VlanId::new(u16::from_be_bytes([control_high, control_low]) & 0x0fff);
            ethernet.ether_type = u16::from_be_bytes([type_high, type_low]);
            ethernet.length += 4;
            rest = after;
        }
        if is_tag(ethernet.ether_type) { Err(Malformed::EthernetTags) } else { Ok(ethernet) }
    }

    /// Writes both addresses over those of a frame; false when it is shorter than an address pair.
    #[inline]
    pub fn rewrite_addresses(frame: &mut [u8], destination: MacAddr, source: MacAddr) -> bool {
        let Some(addresses) = frame.first_chunk_mut::<12>() else { return false };
        addresses[..6].copy_from_slice(&destination.0);
        addresses[6..].copy_from_slice(&source.0);
        true
    }

    /// An untagged header.
    pub fn untagged(destination: MacAddr, source: MacAddr, ether_type: u16) -> [u8; Self::UNTAGGED] {
        let mut header = [0; Self::UNTAGGED];
        header[..6].copy_from_slice(&destination.0);
        header[6..12].copy_from_slice(&source.0);
        header[12..].copy_from_slice(&ether_type.to_be_bytes());
        header
    }
}

/// Whether an ether type says that a VLAN tag follows.
const fn is_tag(ether_type: u16) -> bool {
    matches!(ether_type, ether_type::VLAN | ether_type::SERVICE_VLAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
    const FROM: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);

    fn frame(rest: &[u8]) -> Vec<u8> {
        [&TO.0[..], &FROM.0, rest].concat()
    }

    #[test]
    fn reads_untagged_tagged_and_doubly_tagged_frames() {
        let vlan = VlanId::new;
        for (rest, vlans, length) in [
            (&[0x08, 0x00, 0x45][..], [None, None], 14),
            (&[0x81, 0x00, 0x20, 0x0a, 0x08, 0x00], [vlan(10), None], 18),
            (&[0x88, 0xa8, 0x0f, 0xff, 0x81, 0x00, 0, 1, 0x08, 0x00], [vlan(4095), vlan(1)], 22),
        ] {
            let read = Ethernet::read(&frame(rest)).unwrap();
            assert_eq!(
                read,
                Ethernet { destination: TO, source: FROM, vlans, ether_type: ether_type::IPV4, length }
            );
        }
    }

    #[test]
    fn refuses_frames_cut_anywhere_in_the_header() {
        let whole = frame(&[0x81, 0x00, 0, 1, 0x81, 0x00, 0, 2, 0x08, 0x00]);
        for end in 0..whole.len() {
            assert_eq!(Ethernet::read(&whole[..end]), Err(Malformed::EthernetShort), "{end} bytes");
        }
        assert!(Ethernet::read(&whole).is_ok());
    }

    #[test]
    fn refuses_a_third_tag() {
        let rest = [0x81, 0x00, 0, 1, 0x81, 0x00, 0, 2, 0x81, 0x00, 0, 3, 0x08, 0x00];
        assert_eq!(Ethernet::read(&frame(&rest)), Err(Malformed::EthernetTags));
    }

    #[test]
    fn rewriting_addresses_leaves_the_rest() {
        let mut bytes = frame(&[0x86, 0xdd, 0x60]);
        assert!(Ethernet::rewrite_addresses(&mut bytes, FROM, TO));
        assert_eq!(bytes[..14], Ethernet::untagged(FROM, TO, ether_type::IPV6));
        assert_eq!(bytes[14], 0x60);
        assert!(!Ethernet::rewrite_addresses(&mut bytes[..11], FROM, TO));
    }
}
