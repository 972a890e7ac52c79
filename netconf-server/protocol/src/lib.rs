//! NETCONF (RFC 6241, RFC 6242) for both roles.

pub mod capability;
pub mod error;
pub mod xml;
