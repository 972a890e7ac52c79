//! What more traffic could take, from the times of the thread that moves packets.

use daybreak_control::v1::WorkerStatistics;

/// The reading before.
#[derive(Debug, Default)]
pub(super) struct Headroom(Option<(u64, WorkerStatistics)>);

impl Headroom {
    /// Share of the time since the reading before in which no packet was moved, in ten-thousandths. None for the first
    /// reading, after a new start, or when no time has passed.
    pub(super) fn next(&mut self, started: u64, worker: &WorkerStatistics) -> Option<u64> {
        let (before_started, before) = self.0.replace((started, *worker))?;
        if before_started != started {
            return None;
        }
        let busy = u128::from(worker.busy_ns.checked_sub(before.busy_ns)?);
        let idle = u128::from(worker.poll_ns.checked_sub(before.poll_ns)?)
            + u128::from(worker.rest_ns.checked_sub(before.rest_ns)?);
        u64::try_from((idle * 10_000).checked_div(busy + idle)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Headroom;
    use daybreak_control::v1::WorkerStatistics;

    fn worker(busy_ns: u64, poll_ns: u64, rest_ns: u64) -> WorkerStatistics {
        WorkerStatistics { busy_ns, poll_ns, rest_ns }
    }

    #[test]
    fn it_is_the_share_of_time_without_packets() {
        let mut headroom = Headroom::default();
        assert_eq!(headroom.next(1, &worker(100, 100, 0)), None);
        assert_eq!(headroom.next(1, &worker(125, 150, 25)), Some(7500));
        assert_eq!(headroom.next(1, &worker(225, 150, 25)), Some(0));
        assert_eq!(headroom.next(1, &worker(225, 150, 26)), Some(10_000));
        assert_eq!(headroom.next(1, &worker(225, 150, 26)), None, "no time has passed");
        assert_eq!(headroom.next(1, &worker(u64::MAX, u64::MAX, u64::MAX)), Some(6666));
    }

    #[test]
    fn a_new_start_is_no_headroom() {
        let mut headroom = Headroom::default();
        headroom.next(1, &worker(100, 100, 0));
        assert_eq!(headroom.next(2, &worker(200, 300, 0)), None, "it has already passed its old values");
        assert_eq!(headroom.next(2, &worker(200, 400, 0)), Some(10_000));
        assert_eq!(headroom.next(2, &worker(100, 400, 0)), None, "a counter went back");
    }
}
