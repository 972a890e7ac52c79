//! Deadlines of many sessions, most of which move before they come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// A heap of (time, key). An entry is a promise to look at the key not later than that time: whoever looks may find that
/// the true deadline has moved on, and then books again. So an answered packet costs no heap operation.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
}

impl<K: Ord + Copy> Timers<K> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new() }
    }

    pub(crate) fn book(&mut self, at: Instant, key: K) {
        self.heap.push(Reverse((at, key)));
    }

    /// The earliest time at which there is something to look at.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// The next key whose time has come.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Instant, K)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn keys_come_in_order_of_time_and_not_early() {
        let zero = Instant::now();
        let at = |seconds| zero + Duration::from_secs(seconds);
        let mut timers = Timers::new();
        timers.book(at(3), 'c');
        timers.book(at(1), 'a');
        timers.book(at(2), 'b');
        assert_eq!(timers.next(), Some(at(1)));
        assert_eq!(timers.pop(zero), None);
        assert_eq!(timers.pop(at(2)), Some((at(1), 'a')));
        assert_eq!(timers.pop(at(2)), Some((at(2), 'b')));
        assert_eq!(timers.pop(at(2)), None);
        assert_eq!(timers.pop(at(3)), Some((at(3), 'c')));
        assert_eq!(timers.next(), None);
    }
}
