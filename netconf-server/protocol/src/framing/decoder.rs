//! From bytes to messages.

use super::chunked::Chunked;
use super::end_of_message::EndOfMessage;
use super::{FrameError, Framing};

/// What is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message.
    pub message: usize,
    /// Bytes of one chunk.
    pub chunk: usize,
}

impl Default for Limits {
    /// 64 MiB for a message and for a chunk: about two million leaves. Clients put a whole message into one chunk.
    fn default() -> Self {
        Self { message: 64 << 20, chunk: 64 << 20 }
    }
}

/// Takes bytes as they come, in pieces of any size.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    message: Vec<u8>,
    limits: Limits,
}

#[derive(Debug)]
enum State {
    EndOfMessage(EndOfMessage),
    Chunked(Chunked),
}

impl Decoder {
    /// A decoder for a stream that begins.
    pub fn new(framing: Framing, limits: Limits) -> Self {
        Self { state: State::of(framing), message: Vec::new(), limits }
    }

    /// Reads the bytes that follow in another framing. To be called between messages; bytes that were not consumed are
    /// given to [`Self::decode`] again.
    pub fn switch(&mut self, framing: Framing) {
        self.state = State::of(framing);
    }

    /// Takes bytes up to the end of the first message in them. Returns how many were taken, and the message if it is
    /// complete; without one all bytes were taken.
    ///
    /// # Errors
    /// [`FrameError`]; the stream cannot be read any further.
    pub fn decode(&mut self, input: &[u8]) -> Result<(usize, Option<String>), FrameError> {
        let (taken, complete) = match &mut self.state {
            State::EndOfMessage(state) => state.decode(input, &mut self.message, self.limits)?,
            State::Chunked(state) => state.decode(input, &mut self.message, self.limits)?,
        };
        if !complete {
            return Ok((taken, None));
        }
        let message = std::mem::take(&mut self.message);
        let text = String::from_utf8(message).map_err(|_| FrameError::Encoding)?;
        Ok((taken, Some(text)))
    }

    /// Whether the stream may end here: no message has begun.
    pub fn is_between_messages(&self) -> bool {
        self.message.iter().all(u8::is_ascii_whitespace)
            && match &self.state {
                State::EndOfMessage(state) => state.is_at_start(),
                State::Chunked(state) => state.is_at_start(),
            }
    }
}

impl State {
    fn of(framing: Framing) -> Self {
        match framing {
            Framing::EndOfMessage => Self::EndOfMessage(EndOfMessage::default()),
            Framing::Chunked => Self::Chunked(Chunked::default()),
        }
    }
}

/// Adds bytes to a message if they may be in one.
pub(super) fn append(message: &mut Vec<u8>, bytes: &[u8], limits: Limits) -> Result<(), FrameError> {
    if bytes.len() > limits.message - message.len().min(limits.message) {
        return Err(FrameError::MessageTooBig { limit: limits.message });
    }
    // Folding without an early exit is what the compiler can do many bytes at a time.
    let forbidden = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    if bytes.iter().fold(false, |any, byte| any | forbidden(*byte)) {
        let bad = bytes.iter().copied().find(|byte| forbidden(*byte)).unwrap_or(0);
        return Err(FrameError::ControlCharacter(bad));
    }
    message.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests;
