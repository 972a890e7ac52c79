//! What the server saw, as typed events on a bounded channel.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::name::NameError;
use crate::options::Asked;
use crate::packet::Malformed;

/// Something an operator may want on a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The client.
    pub client: SocketAddr,
    /// The name as it was asked for, with what is not printable ASCII escaped; empty when it could not be read.
    pub name: Arc<str>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// It is served: a transfer starts.
    Started {
        /// Length of the content in bytes.
        size: u64,
        /// The options that the client asked for.
        asked: Asked,
    },
    /// It is not served.
    Refused(Refusal),
    /// Some of it was acknowledged, at most one event per [`crate::Limits::progress_every`].
    Progress {
        /// Bytes so far.
        acked: u64,
        /// Length of the content in bytes.
        size: u64,
    },
    /// All of it was acknowledged.
    Finished {
        /// Bytes.
        bytes: u64,
        /// Time since the request.
        elapsed: Duration,
        /// Packets that had to be sent more than once.
        resent: u64,
    },
    /// It broke off.
    Failed {
        /// Bytes that were acknowledged.
        acked: u64,
        /// Length of the content in bytes.
        size: u64,
        /// Time since the request.
        elapsed: Duration,
        /// Why.
        reason: FailReason,
    },
}

impl EventKind {
    /// Bytes per second of a finished transfer; `None` for others and when there is no time to divide by.
    pub fn rate(&self) -> Option<u64> {
        let Self::Finished { bytes, elapsed, .. } = self else {
            return None;
        };
        let micros = elapsed.as_micros();
        (micros > 0).then(|| u64::try_from(u128::from(*bytes) * 1_000_000 / micros).unwrap_or(u64::MAX))
    }
}

/// Why a request is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a TFTP packet that may start something.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// A packet of a transfer that this server does not have.
    #[error("the packet belongs to no transfer")]
    UnknownTransfer,
    /// A write request.
    #[error("this server takes no files")]
    Write,
    /// A mode other than octet.
    #[error("only mode octet (binary) is served")]
    Mode,
    /// The name is no key: a traversal in some spelling, or not printable.
    #[error("{0}")]
    Name(#[from] NameError),
    /// No such name in the map.
    #[error("no such file")]
    NotFound,
    /// [`crate::Limits::sessions`] is reached. The client gets no answer and will ask again.
    #[error("the server has its {0} sessions; raise the limit of sessions")]
    Sessions(usize),
    /// [`crate::Limits::sessions_per_client`] is reached. The client gets no answer and will ask again.
    #[error("the client has its {0} sessions; raise the limit of sessions per client")]
    SessionsOfClient(usize),
    /// No socket could be had. The client gets no answer and will ask again.
    #[error("no socket for the session: {0}; check the limit of open files")]
    Socket(String),
}

/// Why a transfer ended early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FailReason {
    /// The client refused the options. Boot ROMs do that on purpose when they only want the size.
    #[error("the client only asked for the options (code {code}: {message})")]
    Declined {
        /// Error code of the client.
        code: u16,
        /// Its message, escaped.
        message: String,
    },
    /// The client sent an ERROR.
    #[error("the client gave up (code {code}: {message})")]
    Client {
        /// Error code of the client.
        code: u16,
        /// Its message, escaped.
        message: String,
    },
    /// The client closed its port.
    #[error("the client closed its port")]
    PortClosed,
    /// No answer after all repetitions.
    #[error("the client did not answer")]
    NoAnswer,
    /// All was sent, but the last acknowledgement never came; some clients do not send it.
    #[error("all was sent, the last acknowledgement is missing")]
    NoLastAnswer,
    /// The session reached [`crate::Limits::deadline`].
    #[error("the transfer took longer than a session may")]
    Deadline,
    /// The client started another transfer from the same port.
    #[error("the client asked again")]
    Superseded,
    /// The server was stopped.
    #[error("the server was stopped")]
    Stopped,
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Socket(String),
}

/// Makes a bounded channel of events.
pub fn channel(capacity: usize) -> (EventSink, mpsc::Receiver<Event>) {
    let (sender, receiver) = mpsc::channel(capacity.max(4));
    (EventSink { sender, dropped: Arc::default() }, receiver)
}

/// The sending end. It never blocks: what does not fit is dropped and counted, progress first.
#[derive(Debug, Clone)]
pub struct EventSink {
    sender: mpsc::Sender<Event>,
    dropped: Arc<AtomicU64>,
}

impl EventSink {
    /// Events that were dropped because the reader was too slow.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn emit(&self, event: Event) {
        // The last quarter is kept for starts and ends, which a timeline cannot do without.
        let progress = matches!(event.kind, EventKind::Progress { .. });
        if progress && self.sender.capacity() * 4 < self.sender.max_capacity() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(event) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind) -> Event {
        Event { client: SocketAddr::from(([127, 0, 0, 1], 9)), name: "x".into(), kind }
    }

    #[test]
    fn a_full_channel_counts_what_it_drops() {
        let (sink, mut receiver) = channel(4);
        for _ in 0..6 {
            sink.emit(event(EventKind::Refused(Refusal::NotFound)));
        }
        assert_eq!(sink.dropped(), 2);
        assert!(receiver.try_recv().is_ok());
    }

    #[test]
    fn progress_is_dropped_before_starts_and_ends() {
        let (sink, _receiver) = channel(8);
        for _ in 0..7 {
            sink.emit(event(EventKind::Refused(Refusal::NotFound)));
        }
        sink.emit(event(EventKind::Progress { acked: 1, size: 2 }));
        assert_eq!(sink.dropped(), 1);
        sink.emit(event(EventKind::Refused(Refusal::NotFound)));
        assert_eq!(sink.dropped(), 1);
    }

    #[test]
    fn rate_is_bytes_per_second() {
        let elapsed = Duration::from_millis(250);
        assert_eq!(EventKind::Finished { bytes: 500, elapsed, resent: 0 }.rate(), Some(2000));
        assert_eq!(EventKind::Progress { acked: 1, size: 1 }.rate(), None);
    }
}
