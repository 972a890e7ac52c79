//! When a call is made again, and how long to wait before.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tries of one call: with the waits below, a service that is away for a minute is waited for.
pub(crate) const TRIES: u32 = 10;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(20);

/// Wait after the `tries`th try failed. `spread` differs between calls that are made side by side, so that those which
/// were refused together do not come back together.
pub(crate) fn wait(tries: u32, spread: u32) -> Duration {
    let full = LONGEST.min(FIRST.saturating_mul(1 << tries.saturating_sub(1).min(10)));
    // Knuth's multiplicative hash; its upper bits give a part of a second half.
    let part = spread.wrapping_mul(2_654_435_761) >> 16;
    full / 2 + full / 2 * part / 0xffff
}

/// Tells those who work side by side that the work is over.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Ends every wait.
    pub(crate) fn set(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Whether it was set.
    pub(crate) fn is_set(&self) -> bool {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `time` is over or it is set; tells whether it is set.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        while !*set {
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            set = self.changed.wait_timeout(set, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_are_spread_over_their_second_half() {
        for (tries, full) in [(1, 250), (2, 500), (4, 2000), (8, 20_000), (10, 20_000), (u32::MAX, 20_000)] {
            let full = Duration::from_millis(full);
            let waits: Vec<_> = (0..1000).map(|spread| wait(tries, spread)).collect();
            assert!(waits.iter().all(|wait| *wait >= full / 2 && *wait <= full), "{tries}");
            let low = waits.iter().filter(|wait| **wait < full * 3 / 4).count();
            assert!((400..600).contains(&low), "{tries}: {low} of 1000 in the lower half");
        }
    }

    #[test]
    fn all_tries_together_outlast_a_minute() {
        let least: Duration = (1..TRIES).map(|tries| wait(tries, 0)).sum();
        assert!(least > Duration::from_secs(30), "{least:?}");
    }

    #[test]
    fn a_stop_ends_a_wait_and_no_wait_begins_after_it() {
        let stop = Stop::default();
        assert!(!stop.wait(Duration::from_millis(1)));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| stop.wait(Duration::from_hours(1)));
            stop.set();
            assert!(waiting.join().unwrap());
        });
        assert!(stop.is_set() && stop.wait(Duration::from_hours(1)));
    }
}
