//! What is counted about sessions (RFC 6022 §2.1.5).

use std::sync::atomic::{AtomicU32, Ordering};

/// Counters of one session or of all. They wrap around.
#[derive(Debug, Default)]
pub struct Counters {
    requests: AtomicU32,
    bad_requests: AtomicU32,
    errors: AtomicU32,
    notifications: AtomicU32,
}

/// Their values at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Correct `<rpc>` messages received.
    pub requests: u32,
    /// Messages received that were none.
    pub bad_requests: u32,
    /// `<rpc-reply>` messages sent with an error.
    pub errors: u32,
    /// `<notification>` messages sent.
    pub notifications: u32,
}

impl Counters {
    /// The values now.
    pub fn get(&self) -> Counts {
        Counts {
            requests: self.requests.load(Ordering::Relaxed),
            bad_requests: self.bad_requests.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            notifications: self.notifications.load(Ordering::Relaxed),
        }
    }

    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn bad_request(&self) {
        self.bad_requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }
}
