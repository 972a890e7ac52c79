//! NETCONF (RFC 6241, RFC 6242) for both roles.
//!
//! [`framing`] turns bytes into messages and back, [`xml`] reads and writes what messages are made of, [`message`] is
//! their content, [`error`] the `rpc-error`; none of them does I/O. [`session`] runs them over any stream; [`ssh`] and
//! [`unix`] bring streams.

pub mod capability;
pub mod error;
pub mod framing;
pub mod message;
pub mod session;
pub mod ssh;
pub mod unix;
pub mod xml;
