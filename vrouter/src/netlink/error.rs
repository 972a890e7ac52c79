//! What can be wrong with a netlink message.

use thiserror::Error;

/// One message that was not understood. Those after it are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MessageError {
    /// A netlink length that is shorter than its header or longer than the frame.
    #[error("a netlink message of type {kind} claims {length} bytes where {available} are")]
    Length {
        /// Netlink message type.
        kind: u16,
        /// What it claims.
        length: u32,
        /// What the frame has.
        available: usize,
    },
    /// The fixed header of a route or next hop is cut off.
    #[error("a netlink message of type {0} ends inside its header")]
    Header(u16),
    /// An attribute's length is impossible.
    #[error("attribute {kind} of a netlink message of type {message} has an impossible length")]
    Attribute {
        /// Netlink message type.
        message: u16,
        /// Attribute type.
        kind: u16,
    },
    /// Neither IPv4 nor IPv6.
    #[error("address family {0} is neither IPv4 nor IPv6")]
    Family(u8),
    /// Prefix longer than its address.
    #[error("prefix length {0} is longer than the address")]
    PrefixLength(u8),
    /// A route type that we have no forwarding for.
    #[error("route type {0} is not supported")]
    RouteType(u8),
    /// An encapsulation (MPLS, SRv6) that we have no forwarding for.
    #[error("encapsulation type {0} is not supported")]
    Encapsulation(u16),
    /// A route or next hop that leads nowhere.
    #[error("a netlink message of type {0} names no next hop")]
    NoTarget(u16),
    /// A next hop without its number, or with number 0.
    #[error("a next hop without a number")]
    NoId,
    /// An interface's address or a neighbour without an address.
    #[error("a netlink message of type {0} has no address")]
    NoAddress(u16),
}
