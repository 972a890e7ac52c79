//! Bytes on the wire: borrowed packet view, reply writer, link-layer frame.
//!
//! This is our own codec rather than `dhcproto` because the server must echo options 82, 61 and 97 byte for byte,
//! must survive a client that gets *one* option wrong, and must not allocate per option. `dhcproto` is the
//! independent second opinion in the tests: it encodes what we read and decodes what we wrote.

pub mod code;
pub mod frame;
pub mod packet;
pub mod reply;

pub use code::MessageType;
pub use packet::{DecodeError, HwAddr, Packet};
pub use reply::ReplyWriter;
