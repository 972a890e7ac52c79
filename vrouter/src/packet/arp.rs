//! ARP for IPv4 over Ethernet (RFC 826).

use std::net::Ipv4Addr;

use super::{MacAddr, Malformed};

/// What an ARP packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArpOperation {
    /// Who has the target's protocol address?
    Request,
    /// The sender has it.
    Reply,
}

/// An ARP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// Request or reply.
    pub operation: ArpOperation,
    /// Hardware address of the sender.
    pub sender_mac: MacAddr,
    /// IPv4 address of the sender; unspecified in a probe (RFC 5227).
    pub sender: Ipv4Addr,
    /// Hardware address of the target; meaningless in a request.
    pub target_mac: MacAddr,
    /// IPv4 address of the target.
    pub target: Ipv4Addr,
}

impl Arp {
    /// Bytes of an ARP packet for IPv4 over Ethernet.
    pub const LENGTH: usize = 28;

    /// Hardware type 1, protocol type IPv4, address lengths 6 and 4.
    const KIND: [u8; 6] = [0, 1, 8, 0, 6, 4];

    /// Reads the packet after an Ethernet header; what follows it is padding.
    ///
    /// # Errors
    /// When it is too short or for something else.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let bytes = bytes.first_chunk::<{ Self::LENGTH }>().ok_or(Malformed::ArpShort)?;
        if bytes[..6] != Self::KIND {
            return Err(Malformed::ArpKind);
        }
        let operation = match u16::from_be_bytes([bytes[6], bytes[7]]) {
            1 => ArpOperation::Request,
            2 => ArpOperation::Reply,
            _ => return Err(Malformed::ArpKind),
        };
        let mac = |at: usize| MacAddr(std::array::from_fn(|i| bytes[at + i]));
        let ip = |at: usize| Ipv4Addr::from_octets(std::array::from_fn(|i| bytes[at + i]));
        Ok(Self { operation, sender_mac: mac(8), sender: ip(14), target_mac: mac(18), target: ip(24) })
    }

    /// The packet's bytes.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..6].copy_from_slice(&Self::KIND);
        bytes[7] = match self.operation {
            ArpOperation::Request => 1,
            ArpOperation::Reply => 2,
        };
        bytes[8..14].copy_from_slice(&self.sender_mac.0);
        bytes[14..18].copy_from_slice(&self.sender.octets());
        bytes[18..24].copy_from_slice(&self.target_mac.0);
        bytes[24..].copy_from_slice(&self.target.octets());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Arp = Arp {
        operation: ArpOperation::Request,
        sender_mac: MacAddr([2, 0, 0, 0, 0, 9]),
        sender: Ipv4Addr::new(192, 0, 2, 9),
        target_mac: MacAddr([0; 6]),
        target: Ipv4Addr::new(192, 0, 2, 1),
    };

    #[test]
    fn reads_what_it_writes_and_ignores_padding() {
        for operation in [ArpOperation::Request, ArpOperation::Reply] {
            let arp = Arp { operation, ..REQUEST };
            let mut bytes = arp.to_bytes().to_vec();
            bytes.extend([0; 18]);
            assert_eq!(Arp::read(&bytes), Ok(arp));
        }
    }

    #[test]
    fn the_bytes_are_those_of_rfc_826() {
        let bytes = REQUEST.to_bytes();
        assert_eq!(bytes[..8], [0, 1, 8, 0, 6, 4, 0, 1]);
        assert_eq!(bytes[8..18], [2, 0, 0, 0, 0, 9, 192, 0, 2, 9]);
        assert_eq!(bytes[18..], [0, 0, 0, 0, 0, 0, 192, 0, 2, 1]);
    }

    #[test]
    fn refuses_short_packets_and_other_kinds() {
        let good = REQUEST.to_bytes();
        assert_eq!(Arp::read(&good[..27]), Err(Malformed::ArpShort));
        for (at, value) in [(1, 6), (2, 0x86), (4, 8), (5, 16), (7, 3), (6, 1)] {
            let mut bytes = good;
            bytes[at] = value;
            assert_eq!(Arp::read(&bytes), Err(Malformed::ArpKind), "byte {at}");
        }
    }
}
