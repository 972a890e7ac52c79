//! How long to wait before the next try.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Doubles from 1 s to 30 s and starts anew after a success.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// After one more failure: between half and all of the time, as `chance` says, so that a thousand appliances do not
    /// come back to a database in the same moment.
    pub(crate) fn failed(&mut self, chance: u8) -> Duration {
        let full = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        full / 2 + full / 2 * u32::from(chance) / 255
    }

    /// After a success.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, LONGEST};

    #[test]
    fn grows_to_its_bound_and_starts_anew() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..7).map(|_| backoff.failed(255).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        for _ in 0..100 {
            assert!(backoff.failed(255) <= LONGEST && backoff.failed(0) >= LONGEST / 2);
        }
        backoff.succeeded();
        assert_eq!(backoff.failed(0).as_millis(), 500);
    }
}
