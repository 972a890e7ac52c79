//! How long to rest when there is nothing to do.

use std::time::Duration;

/// Empty rounds before the first rest: a gap between bursts is not idleness.
const PATIENCE: u32 = 256;
const SHORTEST: Duration = Duration::from_micros(20);
/// A rest is this part of the silence so far: a packet waits for less than a quarter of the gap before it, and a lone packet
/// brings some thirty looks instead of two hundred. Each look costs an emulated machine more than a packet.
const PART: u32 = 4;
/// How many times longer than the longest rest of a busy appliance one of a sleeping appliance is.
const SLEEP: u32 = 8;
/// After so much silence the appliance sleeps twice as deep: what comes then waited for longer already.
const DEEP_AFTER: Duration = Duration::from_millis(200);

/// Rests grow while nothing comes, and end with the first packet.
#[derive(Debug)]
pub(super) struct Idle {
    empty: u32,
    longest: Duration,
    /// Rest since the last packet.
    rested: Duration,
}

impl Idle {
    /// Rests for a quarter of the silence, up to eight times `longest`, and twice that after 200 ms; zero never rests.
    pub(super) fn new(longest: Duration) -> Self {
        Self { empty: 0, longest, rested: Duration::ZERO }
    }

    /// How long to rest after a round with so many packets and jobs; `None` goes on at once. A job, which wakes the thread
    /// by itself, says nothing about when the next packet comes: statistics must not keep an idle appliance awake.
    pub(super) fn after(&mut self, packets: usize, jobs: usize) -> Option<Duration> {
        if packets > 0 {
            (self.empty, self.rested) = (0, Duration::ZERO);
        }
        if packets + jobs > 0 {
            return None;
        }
        if self.empty < PATIENCE {
            self.empty += 1;
            return None;
        }
        let deep = if self.rested < DEEP_AFTER { 1 } else { 2 };
        let rest = (self.rested / PART).max(SHORTEST).min(self.longest * SLEEP * deep);
        self.rested = self.rested.saturating_add(rest);
        (!rest.is_zero()).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_millis(1);

    /// Rests without a packet, for so long.
    fn silence(idle: &mut Idle, long: Duration) -> Vec<Duration> {
        let mut rests = Vec::new();
        while rests.iter().sum::<Duration>() < long {
            rests.extend(idle.after(0, 0));
        }
        rests
    }

    #[test]
    fn patience_comes_first_and_with_each_packet() {
        let mut idle = Idle::new(LONGEST);
        assert!((0..PATIENCE).all(|_| idle.after(0, 0).is_none()));
        assert_eq!(idle.after(0, 0), Some(SHORTEST));
        assert_eq!((idle.after(1, 0), idle.after(0, 0)), (None, None));
    }

    #[test]
    fn a_rest_is_a_part_of_the_silence_so_far() {
        let rests = silence(&mut Idle::new(LONGEST), Duration::from_millis(30));
        let mut since = Duration::ZERO;
        for rest in &rests {
            assert!(*rest <= (since / PART).max(SHORTEST), "{rest:?} after {since:?}");
            since += *rest;
        }
        assert!(rests.len() < 40, "{} looks in 30 ms", rests.len());
    }

    #[test]
    fn a_sleeping_appliance_looks_sixty_times_a_second() {
        let mut idle = Idle::new(LONGEST);
        let rests = silence(&mut idle, Duration::from_millis(190));
        assert_eq!(rests.last(), Some(&Duration::from_millis(8)));
        silence(&mut idle, Duration::from_millis(20));
        assert_eq!(idle.after(0, 0), Some(Duration::from_millis(16)));
        idle.after(1, 0);
        assert_eq!(silence(&mut idle, Duration::from_micros(1)), [SHORTEST]);
    }

    #[test]
    fn a_job_is_done_at_once_and_leaves_the_sleep_as_it_was() {
        let mut idle = Idle::new(LONGEST);
        silence(&mut idle, Duration::from_millis(100));
        assert_eq!(idle.after(0, 1), None);
        assert_eq!(idle.after(0, 0), Some(Duration::from_millis(8)));
    }

    #[test]
    fn a_rest_of_zero_polls_for_ever_and_a_short_one_is_kept() {
        let mut never = Idle::new(Duration::ZERO);
        assert!((0..2 * PATIENCE).all(|_| never.after(0, 0).is_none()));
        let rests = silence(&mut Idle::new(Duration::from_micros(1)), Duration::from_millis(1));
        assert_eq!(rests.iter().max(), Some(&Duration::from_micros(8)));
    }
}
