//! Chunked framing (RFC 6242 §4.2).

use super::FrameError;
use super::decoder::{Limits, append};

/// What the next byte is.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    next: Next,
    /// Whether the message has a chunk.
    any: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The line feed before a chunk or before the end of the message.
    #[default]
    LineFeed,
    /// The number sign after it.
    Sign,
    /// The first digit of a size, or the second sign of the end of the message.
    First,
    /// A digit of the size, or the line feed after it.
    Digit(u64),
    /// This many bytes of the chunk.
    Data(usize),
    /// The line feed that ends the message.
    Last,
}

/// RFC 6242 §4.2: "chunk-size [...] up to 4294967295".
const MAX_SIZE: u64 = 4_294_967_295;

impl Chunked {
    pub(super) fn is_at_start(&self) -> bool {
        self.next == Next::LineFeed && !self.any
    }

    pub(super) fn decode(
        &mut self,
        input: &[u8],
        message: &mut Vec<u8>,
        limits: Limits,
    ) -> Result<(usize, bool), FrameError> {
        let mut at = 0;
        while at < input.len() {
            if let Next::Data(left) = self.next {
                let part = &input[at..input.len().min(at.saturating_add(left))];
                append(message, part, limits)?;
                at += part.len();
                self.next = if part.len() == left { Next::LineFeed } else { Next::Data(left - part.len()) };
                continue;
            }
            let byte = input[at];
            at += 1;
            self.next = match (self.next, byte) {
                (Next::LineFeed, b'\n') => Next::Sign,
                (Next::Sign, b'#') => Next::First,
                (Next::First, b'1'..=b'9') => Next::Digit(u64::from(byte - b'0')),
                (Next::First, b'0') => return Err(FrameError::ChunkSize),
                (Next::First, b'#') if !self.any => return Err(FrameError::Empty),
                (Next::First, b'#') => Next::Last,
                (Next::Digit(size), b'0'..=b'9') => match size * 10 + u64::from(byte - b'0') {
                    size @ ..=MAX_SIZE => Next::Digit(size),
                    _ => return Err(FrameError::ChunkSize),
                },
                (Next::Digit(size), b'\n') => self.begin(size, message.len(), limits)?,
                (Next::Last, b'\n') => {
                    *self = Self::default();
                    return Ok((at, true));
                }
                (next, found) => return Err(FrameError::ChunkHeader { expected: expected(next), found }),
            };
        }
        Ok((at, false))
    }

    /// The limits are checked before the data is there, so that nobody sends for minutes what will be refused.
    fn begin(&mut self, size: u64, before: usize, limits: Limits) -> Result<Next, FrameError> {
        let size = usize::try_from(size).map_err(|_| FrameError::ChunkSize)?;
        if size > limits.chunk {
            return Err(FrameError::ChunkTooBig { size, limit: limits.chunk });
        }
        if size > limits.message.saturating_sub(before) {
            return Err(FrameError::MessageTooBig { limit: limits.message });
        }
        self.any = true;
        Ok(Next::Data(size))
    }
}

fn expected(next: Next) -> &'static str {
    match next {
        Next::LineFeed | Next::Last => "a line feed",
        Next::Sign => "a number sign",
        Next::First => "a digit or a number sign",
        Next::Digit(_) => "a digit or a line feed",
        Next::Data(_) => "data",
    }
}
