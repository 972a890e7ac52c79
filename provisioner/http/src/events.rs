//! What the front saw, as typed events on a bounded channel.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::head::HeadError;
use crate::target::TargetError;

/// Something an operator may want on a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A step of one artefact's transfer.
    Transfer(Transfer),
    /// A connection was closed at once because a limit was reached.
    ConnectionRefused {
        /// Who connected.
        peer: SocketAddr,
        /// True when the limit per address was hit, false for the total.
        per_peer: bool,
    },
    /// A request head that cannot be served; the connection was closed after the answer.
    HeadRefused {
        /// Who sent it.
        peer: SocketAddr,
        /// Why.
        reason: HeadError,
    },
    /// A request target that is no plain path: traversal, odd encoding.
    TargetRefused {
        /// Who asked.
        peer: SocketAddr,
        /// The target as it was sent, at most 200 characters of it.
        target: String,
        /// Why.
        reason: TargetError,
    },
}

/// One artefact on its way to one peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Same number for all events of one transfer; unique within one server.
    pub id: u64,
    /// The receiver.
    pub peer: SocketAddr,
    /// The decoded path.
    pub path: Arc<str>,
    /// First and last byte asked for, when the answer is a part (206).
    pub range: Option<(u64, u64)>,
    /// Bytes that this answer carries.
    pub total: u64,
    /// Length of the whole artefact in bytes.
    pub size: u64,
    /// `User-Agent`, at most 200 characters of it.
    pub user_agent: Option<Arc<str>>,
    /// How far it is.
    pub outcome: Outcome,
}

/// How far a transfer is. `sent` counts bytes that the kernel took, of which the last few may still be unacknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The head of the answer goes out.
    Started,
    /// Some of it went, at most one event per [`crate::Limits::progress_every`].
    Progress {
        /// Bytes so far.
        sent: u64,
        /// Time since the start.
        elapsed: Duration,
    },
    /// All of it went.
    Done {
        /// Bytes.
        sent: u64,
        /// Time since the start.
        elapsed: Duration,
    },
    /// It broke off.
    Aborted {
        /// Bytes until then.
        sent: u64,
        /// Time since the start.
        elapsed: Duration,
        /// Why.
        reason: AbortReason,
    },
}

impl Outcome {
    /// Bytes per second so far; `None` before there is a time to divide by.
    pub fn rate(&self) -> Option<u64> {
        let (Self::Progress { sent, elapsed }
        | Self::Done { sent, elapsed }
        | Self::Aborted { sent, elapsed, .. }) = self
        else {
            return None;
        };
        let micros = u64::try_from(elapsed.as_micros()).ok().filter(|&micros| micros > 0)?;
        Some(u64::try_from(u128::from(*sent) * 1_000_000 / u128::from(micros)).unwrap_or(u64::MAX))
    }
}

/// Why a transfer ended early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AbortReason {
    /// The receiver closed or reset the connection.
    #[error("the receiver closed the connection")]
    PeerClosed,
    /// The receiver took no byte for [`crate::Limits::send_stall`].
    #[error("the receiver took no byte for {0:?}")]
    Stalled(Duration),
    /// The file became shorter while it was served.
    #[error("the file became shorter while it was served; write artefacts aside and rename them")]
    Truncated,
    /// The server was stopped and its grace time passed.
    #[error("the server was stopped")]
    Stopped,
    /// Reading the file or writing the socket failed otherwise.
    #[error("{0}")]
    Failed(String),
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
        let progress = matches!(&event, Event::Transfer(Transfer { outcome: Outcome::Progress { .. }, .. }));
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

    fn transfer(outcome: Outcome) -> Event {
        Event::Transfer(Transfer {
            id: 1,
            peer: SocketAddr::from(([127, 0, 0, 1], 9)),
            path: "/x".into(),
            range: None,
            total: 10,
            size: 10,
            user_agent: None,
            outcome,
        })
    }

    #[test]
    fn a_full_channel_counts_what_it_drops() {
        let (sink, mut receiver) = channel(4);
        for _ in 0..6 {
            sink.emit(transfer(Outcome::Started));
        }
        assert_eq!(sink.dropped(), 2);
        assert!(receiver.try_recv().is_ok());
    }

    #[test]
    fn progress_is_dropped_before_starts_and_ends() {
        let (sink, _receiver) = channel(8);
        for _ in 0..7 {
            sink.emit(transfer(Outcome::Started));
        }
        sink.emit(transfer(Outcome::Progress { sent: 1, elapsed: Duration::ZERO }));
        assert_eq!(sink.dropped(), 1);
        sink.emit(transfer(Outcome::Done { sent: 10, elapsed: Duration::ZERO }));
        assert_eq!(sink.dropped(), 1);
    }

    #[test]
    fn rate_is_bytes_per_second() {
        let done = Outcome::Done { sent: 500, elapsed: Duration::from_millis(250) };
        assert_eq!(done.rate(), Some(2000));
        assert_eq!(Outcome::Done { sent: 5, elapsed: Duration::ZERO }.rate(), None);
        assert_eq!(Outcome::Started.rate(), None);
    }
}
