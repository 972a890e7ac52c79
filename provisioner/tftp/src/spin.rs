//! Whether to wait awake for the next packet.
//!
//! In lockstep a block is a round trip, and on a fast network falling asleep and waking up costs more than the trip. So
//! when a worker has one session whose client keeps answering at once, it asks the socket again for a moment before it
//! sleeps. A client that is slower than that moment, as any across a real distance, is never waited for awake.

use std::time::Duration;

/// How long to wait awake.
pub(crate) const PATIENCE: Duration = Duration::from_micros(50);

/// Answers in a row that must have been quick.
const TRUST: u8 = 4;

/// What a worker knows of its clients' speed.
#[derive(Debug, Default)]
pub(crate) struct Spin {
    quick: u8,
}

impl Spin {
    /// An answer came so long after the packets that it answers.
    pub(crate) fn answered(&mut self, after: Duration) {
        self.quick =
            if after <= PATIENCE { (self.quick + 1).min(2 * TRUST) } else { self.quick.saturating_sub(2) };
    }

    /// Whether the next answer is likely to come within [`PATIENCE`].
    pub(crate) fn worthwhile(&self) -> bool {
        self.quick >= TRUST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quick_clients_are_waited_for() {
        let mut spin = Spin::default();
        for _ in 0..100 {
            spin.answered(Duration::from_micros(200));
            assert!(!spin.worthwhile());
        }
        for _ in 0..TRUST {
            assert!(!spin.worthwhile());
            spin.answered(Duration::from_micros(8));
        }
        assert!(spin.worthwhile());
        for _ in 0..2 * TRUST {
            spin.answered(Duration::from_micros(200));
        }
        assert!(!spin.worthwhile());
    }
}
