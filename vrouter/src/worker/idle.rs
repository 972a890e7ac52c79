//! How long to rest when there is nothing to do.

use std::time::Duration;

/// Empty rounds before the first rest: a gap between bursts is not idleness.
const PATIENCE: u32 = 256;
const SHORTEST: Duration = Duration::from_micros(20);
/// What an idle appliance adds to the latency of a first packet at most.
const LONGEST: Duration = Duration::from_millis(1);

/// Rests grow while nothing comes, and end with the first packet.
#[derive(Debug, Default)]
pub(super) struct Idle {
    empty: u32,
    rest: Duration,
}

impl Idle {
    /// How long to rest after a round with `work` packets and changes; `None` goes on at once.
    pub(super) fn after(&mut self, work: usize) -> Option<Duration> {
        if work > 0 {
            *self = Self::default();
            return None;
        }
        self.empty = self.empty.saturating_add(1);
        if self.empty <= PATIENCE {
            return None;
        }
        self.rest = (self.rest * 2).clamp(SHORTEST, LONGEST);
        Some(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_to_a_millisecond_and_end_with_work() {
        let mut idle = Idle::default();
        assert!((0..PATIENCE).all(|_| idle.after(0).is_none()), "patience first");
        let rests: Vec<u128> = (0..8).filter_map(|_| idle.after(0)).map(|rest| rest.as_micros()).collect();
        assert_eq!(rests, [20, 40, 80, 160, 320, 640, 1000, 1000]);
        assert_eq!((idle.after(1), idle.after(0)), (None, None), "a packet brings the patience back");
    }
}
