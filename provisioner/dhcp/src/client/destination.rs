//! Where a reply goes (RFC 2131 §4.1).

use crate::wire::{MessageType, Packet};
use std::net::{Ipv4Addr, SocketAddrV4};

/// Address of one reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// Through the socket, the kernel finds the way: relays and clients with an address.
    Udp(SocketAddrV4),
    /// On the link to everyone, 255.255.255.255 port 68.
    Broadcast,
    /// On the link to a client that has no address yet and answers no ARP.
    Frame {
        /// `chaddr`.
        mac: [u8; 6],
        /// `yiaddr`.
        ip: Ipv4Addr,
    },
}

/// The rule of RFC 2131 §4.1 in its order: relay, DHCPNAK, `ciaddr`, broadcast flag, then unicast to `yiaddr`.
///
/// A client without an Ethernet address, or a reply without `yiaddr`, can only be broadcast to.
pub fn destination(packet: &Packet<'_>, reply: MessageType, yiaddr: Ipv4Addr) -> Destination {
    if !packet.giaddr().is_unspecified() {
        return Destination::Udp(SocketAddrV4::new(packet.giaddr(), 67));
    }
    if reply == MessageType::Nak {
        return Destination::Broadcast;
    }
    if !packet.ciaddr().is_unspecified() {
        return Destination::Udp(SocketAddrV4::new(packet.ciaddr(), 68));
    }
    if packet.wants_broadcast() || yiaddr.is_unspecified() {
        return Destination::Broadcast;
    }
    match packet.hw_addr().and_then(|hw| hw.mac()) {
        // A group address is nobody's own: answering it would let one packet reach many.
        Some(mac) if mac[0] & 1 == 0 => Destination::Frame { mac, ip: yiaddr },
        _ => Destination::Broadcast,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::PacketSpec;

    #[test]
    fn table_of_rfc_2131_section_4_1() {
        let ip = Ipv4Addr::new(10, 0, 0, 9);
        let none = Ipv4Addr::UNSPECIFIED;
        let relay = Ipv4Addr::new(10, 9, 0, 1);
        let udp = |ip, port| Destination::Udp(SocketAddrV4::new(ip, port));
        let frame = Destination::Frame { mac: PacketSpec::MAC, ip };
        let d = PacketSpec::discover;
        let cases = [
            ("relay", d().giaddr(relay), MessageType::Offer, ip, udp(relay, 67)),
            ("relay wins over flag", d().giaddr(relay).broadcast(), MessageType::Offer, ip, udp(relay, 67)),
            ("NAK to relay", d().giaddr(relay), MessageType::Nak, none, udp(relay, 67)),
            ("NAK on link", d().ciaddr(ip), MessageType::Nak, none, Destination::Broadcast),
            ("renewing", d().ciaddr(ip), MessageType::Ack, ip, udp(ip, 68)),
            ("renewing, flag", d().ciaddr(ip).broadcast(), MessageType::Ack, ip, udp(ip, 68)),
            ("flag", d().broadcast(), MessageType::Offer, ip, Destination::Broadcast),
            ("no flag", d(), MessageType::Offer, ip, frame),
            ("no flag, ACK", d(), MessageType::Ack, ip, frame),
            ("proxy offer", d(), MessageType::Offer, none, Destination::Broadcast),
            ("no hardware address", d().no_hw(), MessageType::Offer, ip, Destination::Broadcast),
            ("group address", d().mac([1, 0, 94, 0, 0, 1]), MessageType::Offer, ip, Destination::Broadcast),
        ];
        for (name, spec, reply, yiaddr, expected) in cases {
            let bytes = spec.bytes();
            assert_eq!(destination(&Packet::parse(&bytes).unwrap(), reply, yiaddr), expected, "{name}");
        }
    }
}
