//! From messages to bytes.

use super::end_of_message::DELIMITER;
use super::{FrameError, Framing};

/// Bytes of the chunks that are sent. Peers refuse chunks above 4 MiB (some clients) or 10 MiB (libnetconf2).
pub const MAX_CHUNK: usize = 256 << 10;

/// The pieces of a framed message in their order, to be written one after the other.
///
/// # Errors
/// [`FrameError`] for an empty message, and for one that holds `]]>]]>` where that ends a message.
pub fn encode(message: &str, framing: Framing) -> Result<impl Iterator<Item = Piece<'_>>, FrameError> {
    if message.is_empty() {
        return Err(FrameError::Empty);
    }
    let size = match framing {
        Framing::EndOfMessage if holds(message.as_bytes(), DELIMITER) => {
            return Err(FrameError::Delimiter);
        }
        Framing::EndOfMessage => message.len(),
        Framing::Chunked => MAX_CHUNK,
    };
    let chunks = message.as_bytes().chunks(size).flat_map(move |chunk| {
        let header = (framing == Framing::Chunked).then(|| format!("\n#{}\n", chunk.len()).into_bytes());
        header.map(Piece::Header).into_iter().chain([Piece::Text(chunk)])
    });
    let end: &[u8] = match framing {
        Framing::EndOfMessage => DELIMITER,
        Framing::Chunked => b"\n##\n",
    };
    Ok(chunks.chain([Piece::Text(end)]))
}

/// A part of a framed message.
#[derive(Debug)]
pub enum Piece<'m> {
    /// The beginning of a chunk.
    Header(Vec<u8>),
    /// A part of the message, or what ends it.
    Text(&'m [u8]),
}

impl Piece<'_> {
    /// The bytes to write.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Header(bytes) => bytes,
            Self::Text(bytes) => bytes,
        }
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
