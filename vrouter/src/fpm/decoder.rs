//! From the bytes of the connection to messages.

use super::error::FrameError;
use super::message::FpmMessage;
use super::{nexthop, route};
use crate::netlink::MessageError;
use crate::netlink::wire::{Message, next_message};

/// Bytes of the FPM header: version, type, length of the frame with this header in network order.
const HEADER: usize = 4;

/// Splits a stream into frames and reads them. It keeps at most one incomplete frame, that is under 64 KiB.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Start of a frame whose end has not come yet.
    partial: Vec<u8>,
}

impl Decoder {
    /// Reads what has come and hands each message, or what is wrong with it, to `take`, in order.
    ///
    /// # Errors
    /// When the stream is out of step. What was complete before that point has been handed over.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(Result<FpmMessage, MessageError>),
    ) -> Result<(), FrameError> {
        let joined;
        let mut rest = if self.partial.is_empty() {
            bytes
        } else {
            let mut whole = std::mem::take(&mut self.partial);
            whole.extend_from_slice(bytes);
            joined = whole;
            &joined
        };
        while let Some(length) = frame_length(rest)? {
            let Some(payload) = rest.get(HEADER..length) else { break };
            rest = &rest[length..];
            read_frame(payload, &mut take);
        }
        self.partial.extend_from_slice(rest);
        Ok(())
    }
}

/// Length of the frame at the start; `None` while its header is incomplete.
fn frame_length(bytes: &[u8]) -> Result<Option<usize>, FrameError> {
    let Some(&[version, kind, high, low]) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
    let length = u16::from_be_bytes([high, low]);
    match (version, kind) {
        (1, 1) if usize::from(length) >= HEADER => Ok(Some(usize::from(length))),
        (1, 1) => Err(FrameError::Length(length)),
        (1, kind) => Err(FrameError::Kind(kind)),
        (version, _) => Err(FrameError::Version(version)),
    }
}

/// Reads the netlink messages of one frame.
fn read_frame(mut payload: &[u8], take: &mut impl FnMut(Result<FpmMessage, MessageError>)) {
    while let Some(message) = next_message(&mut payload) {
        take(message.and_then(read_message));
    }
}

/// Reads one netlink message.
fn read_message(message: Message<'_>) -> Result<FpmMessage, MessageError> {
    match message.kind {
        route::RTM_NEWROUTE | route::RTM_DELROUTE => route::read(message),
        nexthop::RTM_NEWNEXTHOP | nexthop::RTM_DELNEXTHOP => nexthop::read(message),
        other => Ok(FpmMessage::Other(other)),
    }
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
