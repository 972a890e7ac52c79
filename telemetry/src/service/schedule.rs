//! Which sets are to be read when.

use crate::catalogue::Set;
use std::time::Duration;

/// The next time of each set, counted from the start.
#[derive(Debug)]
pub(super) struct Schedule(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    set: &'static Set,
    period: Duration,
    next: Duration,
}

impl Schedule {
    /// All sets are due at once, then each after its period.
    pub(super) fn new(sets: impl IntoIterator<Item = (&'static Set, Duration)>) -> Self {
        let entry = |(set, period)| Entry { set, period, next: Duration::ZERO };
        Self(sets.into_iter().map(entry).collect())
    }

    /// When the next set is due; none without sets.
    pub(super) fn next(&self) -> Option<Duration> {
        self.0.iter().map(|entry| entry.next).min()
    }

    /// The sets that are due, and how many times of them were missed. Missed times are not made up for: each set stays on
    /// its own grid.
    pub(super) fn due(&mut self, now: Duration) -> (Vec<&'static Set>, u64) {
        let (mut due, mut missed) = (Vec::new(), 0);
        for entry in self.0.iter_mut().filter(|entry| entry.next <= now) {
            due.push(entry.set);
            let behind = now.saturating_sub(entry.next).as_nanos() / entry.period.as_nanos().max(1);
            let behind = u32::try_from(behind).unwrap_or(u32::MAX - 1);
            missed += u64::from(behind);
            entry.next = entry.next.saturating_add(entry.period.saturating_mul(behind + 1));
        }
        (due, missed)
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use crate::catalogue::{CPU, LOAD};
    use std::time::Duration;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn each_set_keeps_its_period() {
        let mut schedule = Schedule::new([(&CPU, s(5)), (&LOAD, s(10))]);
        let mut times = Vec::new();
        while let Some(next) = schedule.next().filter(|next| *next <= s(20)) {
            let (due, missed) = schedule.due(next);
            assert_eq!(missed, 0);
            times.push((next.as_secs(), due.iter().map(|set| set.name).collect::<Vec<_>>()));
        }
        let both = vec!["system_cpu", "system_load"];
        let cpu = vec!["system_cpu"];
        assert_eq!(times, [(0, both.clone()), (5, cpu.clone()), (10, both.clone()), (15, cpu), (20, both)]);
    }

    #[test]
    fn missed_times_are_counted_and_not_made_up_for() {
        let mut schedule = Schedule::new([(&CPU, s(5))]);
        assert_eq!(schedule.due(s(0)).1, 0);
        assert_eq!(schedule.due(s(17)), (vec![&CPU], 2));
        assert_eq!(schedule.next(), Some(s(20)));
        assert_eq!(schedule.due(s(18)), (vec![], 0));
    }

    #[test]
    fn nothing_to_read_is_never_due() {
        let mut schedule = Schedule::new([]);
        assert_eq!(schedule.next(), None);
        assert_eq!(schedule.due(s(100)), (vec![], 0));
    }
}
