//! Deadlines that stretch with the machine's load.
//!
//! The same boot takes 40 s on an idle machine and 100 s when others compile on it. A deadline counted on the wall
//! clock is either flaky or useless; this one lets its time pass more slowly while the run queue is long.

use std::time::{Duration, Instant};

use crate::error::{LabError, Result};

/// The most that load can stretch a deadline.
const STRETCH_LIMIT: f64 = 6.0;

/// How far load stretches time: run-queue length per processor, at least 1, at most [`STRETCH_LIMIT`].
fn stretch(load: f64, processors: usize) -> f64 {
    let processors = u32::try_from(processors).map_or(1.0, f64::from).max(1.0);
    (load / processors).clamp(1.0, STRETCH_LIMIT)
}

/// The one-minute load average of `/proc/loadavg`; 0 when it cannot be read.
fn load_average() -> f64 {
    std::fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|line| line.split(' ').next()?.parse().ok())
        .unwrap_or(0.0)
}

/// A deadline in seconds of a quiet machine.
#[derive(Debug)]
pub struct Patience {
    left: Duration,
    started: Instant,
    last: Instant,
    processors: usize,
}

impl Patience {
    /// A deadline `quiet` from now, as it would be on a machine that does nothing else.
    pub fn new(quiet: Duration) -> Self {
        let now = Instant::now();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { left: quiet, started: now, last: now, processors }
    }

    /// A deadline `quiet` seconds from now.
    pub fn secs(quiet: u64) -> Self {
        Self::new(Duration::from_secs(quiet))
    }

    /// Wall-clock time since the start.
    pub fn waited(&self) -> Duration {
        self.started.elapsed()
    }

    /// Looks `every` so often until `look` finds what is awaited; what it saw instead is in the error.
    ///
    /// # Errors
    /// [`LabError::TimedOut`] when it is not found in time, or the error of `look`.
    pub fn find<T>(
        mut self,
        awaited: &str,
        every: Duration,
        mut look: impl FnMut() -> Result<std::result::Result<T, String>>,
    ) -> Result<T> {
        loop {
            let seen = match look()? {
                Ok(found) => return Ok(found),
                Err(seen) => seen,
            };
            let Some(wait) = self.next_wait(every) else {
                return Err(LabError::TimedOut { awaited: awaited.to_owned(), waited: self.waited(), seen });
            };
            std::thread::park_timeout(wait);
        }
    }

    /// How long to wait for the next event before asking again, at most `slice`; `None` when time is up.
    pub fn next_wait(&mut self, slice: Duration) -> Option<Duration> {
        let now = Instant::now();
        let passed = now.duration_since(self.last).div_f64(stretch(load_average(), self.processors));
        self.last = now;
        self.left = self.left.saturating_sub(passed);
        if self.left.is_zero() { None } else { Some(self.left.min(slice)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_stretches_time_within_limits() {
        for (load, processors, want) in
            [(0.0, 2, 1.0), (2.0, 2, 1.0), (6.0, 2, 3.0), (90.0, 2, STRETCH_LIMIT), (3.0, 0, 3.0)]
        {
            assert!((stretch(load, processors) - want).abs() < 1e-9, "load {load} on {processors}");
        }
    }

    #[test]
    fn a_spent_deadline_says_so() {
        let mut patience = Patience::new(Duration::ZERO);
        assert_eq!(patience.next_wait(Duration::from_secs(1)), None);
    }

    #[test]
    fn a_wait_is_never_longer_than_the_slice() {
        let mut patience = Patience::secs(100);
        assert_eq!(patience.next_wait(Duration::from_millis(20)), Some(Duration::from_millis(20)));
    }
}
