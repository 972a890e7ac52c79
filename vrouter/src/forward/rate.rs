//! A limit on the errors that we send: RFC 1812 section 4.3.2.8 and RFC 4443 section 2.4 (f) demand one.

use std::time::Duration;

/// A token bucket.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: u64,
    /// Tokens in billionths, at most one second's.
    tokens: u64,
    last: Duration,
}

/// A token in the unit of [`Rate::tokens`].
const TOKEN: u64 = 1_000_000_000;

impl Rate {
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = u64::from(per_second);
        Self { per_second, tokens: per_second * TOKEN, last: Duration::ZERO }
    }

    /// Whether one more may be sent at `now`, a time that never goes back.
    pub(super) fn take(&mut self, now: Duration) -> bool {
        self.make(now, || Some(())).is_some()
    }

    /// What is made to be sent at `now`. It is made only if one more may be sent, for a flood must cost little; and only what
    /// comes of it counts.
    pub(super) fn make<T>(&mut self, now: Duration, one: impl FnOnce() -> Option<T>) -> Option<T> {
        let passed = now.saturating_sub(self.last).min(Duration::from_secs(1));
        self.last = self.last.max(now);
        let earned = u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX).saturating_mul(self.per_second);
        self.tokens = self.tokens.saturating_add(earned).min(self.per_second * TOKEN);
        if self.tokens < TOKEN {
            return None;
        }
        let made = one()?;
        self.tokens -= TOKEN;
        Some(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_nothing_beyond_the_rate_and_counts_nothing_that_came_to_none() {
        let (mut rate, mut made) = (Rate::new(2), 0);
        assert_eq!(rate.make(Duration::ZERO, || None::<u8>), None);
        let sent = (0..50).filter(|_| {
            let one = rate.make(Duration::ZERO, || {
                made += 1;
                Some(made)
            });
            one.is_some()
        });
        assert_eq!((sent.count(), made), (2, 2));
    }

    #[test]
    fn allows_a_second_of_burst_and_then_the_rate() {
        let mut rate = Rate::new(100);
        let start = Duration::from_secs(1000);
        assert_eq!((0..200).filter(|_| rate.take(start)).count(), 100);
        let half = start + Duration::from_millis(500);
        assert_eq!((0..200).filter(|_| rate.take(half)).count(), 50);
        assert!(!rate.take(start), "an earlier time gives nothing");
        assert_eq!((0..200).filter(|_| rate.take(half + Duration::from_secs(9))).count(), 100);
    }
}
