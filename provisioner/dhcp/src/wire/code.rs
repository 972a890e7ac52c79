//! Option codes (RFC 2132 unless said otherwise) and message types.

/// RFC 2132 §3.3.
pub const SUBNET_MASK: u8 = 1;
/// RFC 2132 §3.5.
pub const ROUTER: u8 = 3;
/// RFC 2132 §3.8.
pub const DNS: u8 = 6;
/// RFC 2132 §3.14.
pub const HOST_NAME: u8 = 12;
/// RFC 2132 §3.17.
pub const DOMAIN_NAME: u8 = 15;
/// RFC 2132 §5.1.
pub const MTU: u8 = 26;
/// RFC 2132 §5.3.
pub const BROADCAST: u8 = 28;
/// RFC 2132 §8.3.
pub const NTP: u8 = 42;
/// RFC 2132 §8.4; for PXE its content is the PXE 2.1 tag list.
pub const VENDOR: u8 = 43;
/// RFC 2132 §9.1.
pub const REQUESTED_IP: u8 = 50;
/// RFC 2132 §9.2.
pub const LEASE_TIME: u8 = 51;
/// RFC 2132 §9.3.
pub const OVERLOAD: u8 = 52;
/// RFC 2132 §9.6.
pub const MESSAGE_TYPE: u8 = 53;
/// RFC 2132 §9.7.
pub const SERVER_ID: u8 = 54;
/// RFC 2132 §9.8.
pub const PARAMETERS: u8 = 55;
/// RFC 2132 §9.9.
pub const MESSAGE: u8 = 56;
/// RFC 2132 §9.10.
pub const MAX_SIZE: u8 = 57;
/// T1, RFC 2132 §9.11.
pub const RENEWAL_TIME: u8 = 58;
/// T2, RFC 2132 §9.12.
pub const REBINDING_TIME: u8 = 59;
/// RFC 2132 §9.13.
pub const VENDOR_CLASS: u8 = 60;
/// RFC 2132 §9.14.
pub const CLIENT_ID: u8 = 61;
/// RFC 2132 §9.4.
pub const TFTP_SERVER: u8 = 66;
/// RFC 2132 §9.5.
pub const BOOT_FILE: u8 = 67;
/// RFC 3004.
pub const USER_CLASS: u8 = 77;
/// RFC 3046.
pub const RELAY_INFO: u8 = 82;
/// RFC 4578 §2.1.
pub const CLIENT_ARCH: u8 = 93;
/// RFC 4578 §2.3.
pub const CLIENT_UUID: u8 = 97;
/// Encapsulated settings of iPXE and Etherboot.
pub const IPXE: u8 = 175;

/// Link selection, sub-option 5 of option 82 (RFC 3527).
pub const RELAY_LINK_SELECTION: u8 = 5;

/// DHCP message types (RFC 2132 §9.6) that a server receives or sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MessageType {
    /// Client looks for servers.
    Discover = 1,
    /// Server proposes an address.
    Offer = 2,
    /// Client takes an offer, verifies or extends a lease.
    Request = 3,
    /// Client found the address in use.
    Decline = 4,
    /// Server confirms.
    Ack = 5,
    /// Server refuses.
    Nak = 6,
    /// Client gives the address back.
    Release = 7,
    /// Client has an address and wants the other settings.
    Inform = 8,
}

impl MessageType {
    /// Value of option 53, or `None` for one that this server has no use for.
    pub fn from_wire(value: u8) -> Option<Self> {
        Some(match value {
            1 => Self::Discover,
            2 => Self::Offer,
            3 => Self::Request,
            4 => Self::Decline,
            5 => Self::Ack,
            6 => Self::Nak,
            7 => Self::Release,
            8 => Self::Inform,
            _ => return None,
        })
    }

    /// The name as operators write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Discover => "DISCOVER",
            Self::Offer => "OFFER",
            Self::Request => "REQUEST",
            Self::Decline => "DECLINE",
            Self::Ack => "ACK",
            Self::Nak => "NAK",
            Self::Release => "RELEASE",
            Self::Inform => "INFORM",
        }
    }
}
