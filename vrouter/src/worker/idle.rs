//! How long to rest when there is nothing to do.

use std::time::Duration;

/// Empty rounds before the first rest: a gap between bursts is not idleness.
const PATIENCE: u32 = 256;
const SHORTEST: Duration = Duration::from_micros(20);
/// After so much rest without a packet the appliance sleeps: each look costs an emulated machine more than a packet.
const SLEEP_AFTER: Duration = Duration::from_millis(200);
/// How many times longer a rest of a sleeping appliance is.
const SLEEP: u32 = 8;

/// Rests grow while nothing comes, and end with the first packet.
#[derive(Debug)]
pub(super) struct Idle {
    empty: u32,
    rest: Duration,
    longest: Duration,
    /// Rest since the last packet.
    rested: Duration,
}

impl Idle {
    /// Rests up to `longest`, which is what an idle appliance adds to the latency of a first packet, and eight times that
    /// after 200 ms without any; zero never rests.
    pub(super) fn new(longest: Duration) -> Self {
        Self { empty: 0, rest: Duration::ZERO, longest, rested: Duration::ZERO }
    }

    /// How long to rest after a round with so many packets and jobs; `None` goes on at once. A job, which wakes the thread
    /// by itself, says nothing about when the next packet comes: statistics must not keep an idle appliance awake.
    pub(super) fn after(&mut self, packets: usize, jobs: usize) -> Option<Duration> {
        if packets > 0 {
            (self.empty, self.rest, self.rested) = (0, Duration::ZERO, Duration::ZERO);
        }
        if packets + jobs > 0 {
            return None;
        }
        if self.empty < PATIENCE {
            self.empty += 1;
            return None;
        }
        let longest = if self.rested < SLEEP_AFTER { self.longest } else { self.longest * SLEEP };
        self.rest = (self.rest * 2).max(SHORTEST).min(longest);
        self.rested = self.rested.saturating_add(self.rest);
        (!self.rest.is_zero()).then_some(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_to_the_longest_and_end_with_work() {
        let mut idle = Idle::new(Duration::from_millis(1));
        assert!((0..PATIENCE).all(|_| idle.after(0, 0).is_none()), "patience first");
        let rests: Vec<u128> = (0..8).filter_map(|_| idle.after(0, 0)).map(|rest| rest.as_micros()).collect();
        assert_eq!(rests, [20, 40, 80, 160, 320, 640, 1000, 1000]);
        assert_eq!((idle.after(1, 0), idle.after(0, 0)), (None, None), "a packet brings the patience back");
    }

    #[test]
    fn a_while_without_packets_makes_rests_eight_times_longer_until_the_next_packet() {
        let mut idle = Idle::new(Duration::from_millis(1));
        let rests: Vec<_> = (0..PATIENCE + 300).filter_map(|_| idle.after(0, 0)).collect();
        assert_eq!(rests.last(), Some(&Duration::from_millis(8)));
        assert!(rests.iter().take(180).all(|rest| *rest <= Duration::from_millis(1)));
        idle.after(1, 0);
        let rests: Vec<_> = (0..PATIENCE + 20).filter_map(|_| idle.after(0, 0)).collect();
        assert_eq!(rests.last(), Some(&Duration::from_millis(1)));
    }

    #[test]
    fn a_job_is_done_at_once_and_leaves_the_sleep_as_it_was() {
        let mut idle = Idle::new(Duration::from_millis(1));
        let rests: Vec<_> = (0..PATIENCE + 300).filter_map(|_| idle.after(0, 0)).collect();
        assert_eq!(idle.after(0, 1), None);
        assert_eq!(idle.after(0, 0), rests.last().copied());
    }

    #[test]
    fn a_longest_rest_of_zero_polls_for_ever_and_a_short_one_is_kept() {
        let mut never = Idle::new(Duration::ZERO);
        assert!((0..2 * PATIENCE).all(|_| never.after(0, 0).is_none()));
        let mut short = Idle::new(Duration::from_micros(5));
        let rests: Vec<u128> =
            (0..PATIENCE + 2).filter_map(|_| short.after(0, 0)).map(|rest| rest.as_micros()).collect();
        assert_eq!(rests, [5, 5]);
    }
}
