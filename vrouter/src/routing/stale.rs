//! When routes go that FRR has not sent again after it came back.
//!
//! zebra of FRR 8 does not say when its table is complete, and a BGP session that is set up anew takes its time: so the
//! time since FRR connected decides, and while routes still come in then, the end of that.

use std::time::Duration;

use tokio::time::Instant;

/// Silence after which FRR is taken to have sent all that it has.
const QUIET: Duration = Duration::from_secs(5);

/// When to sweep.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stale {
    time: Duration,
    /// Since when FRR is connected, as long as a sweep is to come.
    connected: Option<Instant>,
    last_message: Instant,
}

impl Stale {
    pub(super) fn new(time: Duration, now: Instant) -> Self {
        Self { time, connected: None, last_message: now }
    }

    /// FRR has connected.
    pub(super) fn connected(&mut self, now: Instant) {
        (self.connected, self.last_message) = (Some(now), now);
    }

    /// FRR has said something.
    pub(super) fn heard(&mut self, now: Instant) {
        self.last_message = now;
    }

    /// FRR has gone: what it said stays until it comes back.
    pub(super) fn lost(&mut self) {
        self.connected = None;
    }

    /// The sweep is done.
    pub(super) fn done(&mut self) {
        self.connected = None;
    }

    /// When the sweep is due, as far as is known now; `None` when none is to come. It is at most twice the configured
    /// time after FRR connected.
    pub(super) fn due(&self) -> Option<Instant> {
        let connected = self.connected?;
        let quiet = self.last_message + QUIET.min(self.time);
        Some((connected + self.time).max(quiet).min(connected + 2 * self.time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sweep_waits_for_its_time_and_for_silence_but_not_for_ever() {
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        let mut stale = Stale::new(Duration::from_mins(2), start);
        assert_eq!(stale.due(), None);
        stale.connected(at(10));
        assert_eq!(stale.due(), Some(at(130)));
        stale.heard(at(50));
        assert_eq!(stale.due(), Some(at(130)), "early silence says nothing");
        stale.heard(at(129));
        assert_eq!(stale.due(), Some(at(134)), "routes still come in");
        stale.heard(at(249));
        assert_eq!(stale.due(), Some(at(250)), "twice the time is the end");
        stale.lost();
        assert_eq!(stale.due(), None);
        stale.connected(at(300));
        assert_eq!(stale.due(), Some(at(420)));
        stale.done();
        assert_eq!(stale.due(), None);
    }
}
