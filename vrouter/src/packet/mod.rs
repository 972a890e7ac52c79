//! Packets as bytes: reading, checking and rewriting headers. No I/O and no DPDK.
//!
//! Each reader takes the bytes from its header on, checks what the RFC asks a router to check, and says with
//! [`Malformed`] what was wrong.

mod arp;
mod checksum;
mod ethernet;
mod icmp4;
mod icmp6;
mod ipv4;
mod ipv6;
mod mac;
mod malformed;

pub use arp::{Arp, ArpOperation};
pub use checksum::{Checksum, checksum};
pub use ethernet::{Ethernet, VlanId, ether_type};
pub use icmp4::Icmp4Error;
pub use icmp6::Icmp6Error;
pub use ipv4::Ipv4;
pub use ipv6::Ipv6;
pub use mac::{MacAddr, MacError};
pub use malformed::Malformed;

/// Protocol numbers of IP (the IANA's registry) that forwarding looks at.
pub mod protocol {
    /// ICMP.
    pub const ICMP: u8 = 1;
    /// IGMP.
    pub const IGMP: u8 = 2;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// ICMPv6.
    pub const ICMP6: u8 = 58;
    /// OSPF.
    pub const OSPF: u8 = 89;
    /// PIM.
    pub const PIM: u8 = 103;
    /// VRRP.
    pub const VRRP: u8 = 112;
}
