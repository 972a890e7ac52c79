//! The bounds of the front. Nothing in it grows past these.

use std::time::Duration;

/// Bounds on connections, heads, bodies and waiting. [`Default`] suits a site of some thousand machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Threads that serve connections; at least one.
    pub workers: usize,
    /// Connections open at once; the next is answered 503 and closed.
    pub connections: usize,
    /// Connections open at once from one IP address; the next is answered 503 and closed.
    pub connections_per_peer: usize,
    /// Bytes of request line and header fields; more is answered 431.
    pub head_bytes: usize,
    /// From the first byte of a head to its last; slower is answered 408.
    pub head_deadline: Duration,
    /// From the end of one request to the first byte of the next; then the connection is closed.
    pub idle: Duration,
    /// Bytes of a request body that is announced by `Content-Length`; more is answered 413. A chunked body is not
    /// counted here: the router's own body limit ends it.
    pub body_bytes: u64,
    /// From the end of the head to the last byte of the request body; slower is cut.
    pub body_deadline: Duration,
    /// Longest time in which a receiver takes not one byte; then the transfer is aborted.
    pub send_stall: Duration,
    /// Shortest time between two progress events of one transfer.
    pub progress_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: 2,
            connections: 4096,
            connections_per_peer: 1024,
            head_bytes: 16 * 1024,
            head_deadline: Duration::from_secs(10),
            idle: Duration::from_mins(1),
            body_bytes: 8 * 1024 * 1024,
            body_deadline: Duration::from_secs(30),
            send_stall: Duration::from_secs(30),
            progress_every: Duration::from_secs(1),
        }
    }
}
