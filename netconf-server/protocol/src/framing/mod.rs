//! Where messages begin and end in a stream of bytes (RFC 6242 §4).
//!
//! A [`Decoder`] looks at each byte once and keeps only the message that is not complete yet. Both sides begin with
//! [`Framing::EndOfMessage`]; after the hellos they may go over to [`Framing::Chunked`].

mod chunked;
mod decoder;
mod encode;
mod end_of_message;
mod error;

pub use decoder::{Decoder, Limits};
pub use encode::{MAX_CHUNK, encode};
pub use error::FrameError;

/// How messages are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `]]>]]>` after each message (RFC 6242 §4.3).
    EndOfMessage,
    /// Chunks that say how long they are (RFC 6242 §4.2).
    Chunked,
}
