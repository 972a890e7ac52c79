//! The bounds of the server. Nothing in it grows past these.

use std::time::Duration;

/// Bounds on sessions, sizes and waiting. [`Default`] suits a site of some thousand machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Threads that serve sessions; at least one.
    pub workers: usize,
    /// Sessions at once. Each takes one socket, so the process's limit of open files must allow for it.
    pub sessions: usize,
    /// Sessions at once of one IP address.
    pub sessions_per_client: usize,
    /// Largest block in bytes that a client may negotiate (RFC 2348: 8 to 65464).
    pub blksize: u16,
    /// Largest window in blocks that a client may negotiate (RFC 7440: 1 to 65535).
    pub windowsize: u16,
    /// Largest window in bytes: a client that asks for more is granted fewer blocks, at least one. A client's socket has
    /// to hold a window while the client is busy, and Linux gives it 208 KiB, bookkeeping included.
    pub window_bytes: u32,
    /// First wait for an answer when the client negotiated no `timeout`; it doubles with every repetition, three times
    /// at most.
    pub timeout: Duration,
    /// How often the same packets are sent again before the transfer is given up.
    pub retries: u32,
    /// Longest life of one session.
    pub deadline: Duration,
    /// Shortest time between two progress events of one transfer.
    pub progress_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: 2,
            sessions: 4096,
            sessions_per_client: 1024,
            blksize: 65464,
            windowsize: 64,
            window_bytes: 160 * 1024,
            timeout: Duration::from_secs(1),
            retries: 5,
            deadline: Duration::from_hours(1),
            progress_every: Duration::from_secs(1),
        }
    }
}
