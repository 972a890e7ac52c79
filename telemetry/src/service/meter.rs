//! What a reading costs.

use rustix::time::{ClockId, clock_gettime};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// What a reading cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// From its begin to its end.
    pub time: Duration,
    /// Time of the processor in this daemon.
    pub cpu: Duration,
}

/// Measures what happens on this thread.
pub(super) fn measure<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (begun, cpu) = (Instant::now(), thread_time());
    let outcome = work();
    (outcome, Cost { time: begun.elapsed(), cpu: thread_time().saturating_sub(cpu) })
}

/// Measures a future: its own work, without what its thread does for others while it waits.
pub(super) fn measured<F: Future>(future: F) -> Measured<F> {
    Measured { future: Box::pin(future), begun: Instant::now(), cpu: Duration::ZERO }
}

/// See [`measured`].
pub(super) struct Measured<F> {
    future: Pin<Box<F>>,
    begun: Instant,
    cpu: Duration,
}

impl<F: Future> Future for Measured<F> {
    type Output = (F::Output, Cost);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.future.as_mut();
        let (poll, cost) = measure(|| future.poll(context));
        self.cpu += cost.cpu;
        poll.map(|output| (output, Cost { time: self.begun.elapsed(), cpu: self.cpu }))
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{measure, measured, thread_time};
    use std::time::Duration;

    /// Uses the processor for at least a millisecond.
    fn work() {
        let begun = thread_time();
        while thread_time().saturating_sub(begun) < Duration::from_millis(1) {}
    }

    #[test]
    fn work_is_counted() {
        let ((), cost) = measure(work);
        assert!(cost.cpu >= Duration::from_millis(1) && cost.time >= Duration::from_millis(1), "{cost:?}");
    }

    #[tokio::test]
    async fn what_others_do_while_it_waits_is_not_counted() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let other = async {
            work();
            sender.send(()).unwrap();
        };
        let ((outcome, cost), ()) = tokio::join!(measured(receiver), other);
        outcome.unwrap();
        assert!(cost.time >= Duration::from_millis(1) && cost.cpu < Duration::from_millis(1), "{cost:?}");
    }
}
