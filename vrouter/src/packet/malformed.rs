//! What can be wrong with a packet.

use thiserror::Error;

/// Why a packet cannot be forwarded. Each is a drop counter of its own, named by [`Self::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Malformed {
    /// Shorter than an Ethernet header, or cut inside a VLAN tag.
    #[error("the frame ends inside its Ethernet header")]
    EthernetShort,
    /// More VLAN tags than the two that we read.
    #[error("the frame has more than two VLAN tags")]
    EthernetTags,
    /// ARP packet too short.
    #[error("the ARP packet is too short")]
    ArpShort,
    /// ARP for something else than IPv4 over Ethernet, or an unknown operation.
    #[error("the ARP packet is not a request or reply for IPv4 over Ethernet")]
    ArpKind,
    /// The link gave fewer bytes than a legal IPv4 header.
    #[error("the IPv4 header is cut off")]
    Ipv4Short,
    /// IP version is not 4.
    #[error("the IPv4 packet has another version")]
    Ipv4Version,
    /// Header length under 20 bytes or over the packet.
    #[error("the IPv4 header length is impossible")]
    Ipv4HeaderLength,
    /// Total length under the header length, or over what the link gave.
    #[error("the IPv4 total length is impossible")]
    Ipv4TotalLength,
    /// Header checksum does not add up.
    #[error("the IPv4 header checksum is wrong")]
    Ipv4Checksum,
    /// The link gave fewer bytes than an IPv6 header.
    #[error("the IPv6 header is cut off")]
    Ipv6Short,
    /// IP version is not 6.
    #[error("the IPv6 packet has another version")]
    Ipv6Version,
    /// Payload length over what the link gave.
    #[error("the IPv6 payload length is impossible")]
    Ipv6PayloadLength,
}

impl Malformed {
    /// The counter's name: stable, lower case, with dashes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EthernetShort => "ethernet-short",
            Self::EthernetTags => "ethernet-tags",
            Self::ArpShort => "arp-short",
            Self::ArpKind => "arp-kind",
            Self::Ipv4Short => "ipv4-short",
            Self::Ipv4Version => "ipv4-version",
            Self::Ipv4HeaderLength => "ipv4-header-length",
            Self::Ipv4TotalLength => "ipv4-total-length",
            Self::Ipv4Checksum => "ipv4-checksum",
            Self::Ipv6Short => "ipv6-short",
            Self::Ipv6Version => "ipv6-version",
            Self::Ipv6PayloadLength => "ipv6-payload-length",
        }
    }
}
