//! How sessions end.

use crate::framing::FrameError;
use crate::message::HelloError;
use std::time::Duration;
use thiserror::Error;

/// Why a session is over.
#[derive(Debug, Error)]
pub enum End {
    /// `<close-session>`.
    #[error("the client closed the session")]
    Closed,
    /// The stream ended between two messages.
    #[error("the peer hung up")]
    HungUp,
    /// `<kill-session>`, or the server stops.
    #[error("the session was killed")]
    Killed,
    /// The hello did not come in time.
    #[error("no hello within {0:?}")]
    NoHello(Duration),
    /// There was no request for too long.
    #[error("no request within {0:?}")]
    Idle(Duration),
    /// A message was begun and not ended for too long.
    #[error("a message was not whole within {0:?}")]
    Unfinished(Duration),
    /// The peer did not take what was sent.
    #[error("the peer took nothing for {0:?}")]
    Slow(Duration),
    /// The first message is not what it has to be.
    #[error(transparent)]
    Hello(#[from] HelloError),
    /// The framing is broken.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A request of a peer that can be told nothing about it.
    #[error("a message cannot be read: {0}")]
    Malformed(String),
    /// The stream broke, maybe within a message.
    #[error("the connection broke: {0}")]
    Broken(#[from] std::io::Error),
}

impl End {
    /// Whether the peer ended the session in the way that is meant for it, or at least between two requests.
    pub fn is_orderly(&self) -> bool {
        matches!(self, Self::Closed | Self::HungUp)
    }
}
