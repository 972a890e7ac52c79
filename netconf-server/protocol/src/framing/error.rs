//! What is wrong with a stream.

use thiserror::Error;

/// The stream is not what the framing demands, or holds what no message may hold. Nothing after it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// A chunk must begin with a line feed, a number sign and its size.
    #[error("expected {expected} where a chunk begins, found byte 0x{found:02x}")]
    ChunkHeader {
        /// What had to be there.
        expected: &'static str,
        /// What was there.
        found: u8,
    },
    /// RFC 6242 §4.2: a size is 1 to 4294967295, without leading zeros.
    #[error("a chunk's size is not between 1 and 4294967295")]
    ChunkSize,
    /// There is nothing in it.
    #[error("a message is empty")]
    Empty,
    /// Larger than is accepted.
    #[error("a chunk of {size} bytes, at most {limit} are accepted")]
    ChunkTooBig {
        /// Bytes it announces.
        size: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// Larger than is accepted.
    #[error("a message of more than {limit} bytes")]
    MessageTooBig {
        /// Bytes accepted.
        limit: usize,
    },
    /// XML 1.0 §2.2 allows only tab, line feed and carriage return below a blank.
    #[error("byte 0x{0:02x} is not allowed in a message")]
    ControlCharacter(u8),
    /// It would be read as two messages.
    #[error("a message holds the text ]]>]]>, which ends a message")]
    Delimiter,
    /// RFC 6242 §3: messages are UTF-8.
    #[error("a message is not UTF-8")]
    Encoding,
}
