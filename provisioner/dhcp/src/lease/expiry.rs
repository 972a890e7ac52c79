//! When to look at which address again. A heap with one entry per address in the normal case.

use super::UnixSeconds;
use std::{cmp::Reverse, collections::BinaryHeap};

/// Entries are hints: whoever pops one asks the table for the truth and may schedule it again.
#[derive(Debug, Default)]
pub(super) struct Expiry {
    heap: BinaryHeap<Reverse<(UnixSeconds, u32)>>,
}

impl Expiry {
    pub(super) fn schedule(&mut self, at: UnixSeconds, ip: u32) {
        self.heap.push(Reverse((at, ip)));
    }

    /// The next address that is due.
    pub(super) fn due(&mut self, now: UnixSeconds) -> Option<(UnixSeconds, u32)> {
        let Reverse((at, _)) = *self.heap.peek()?;
        if at > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// Forgets all entries.
    pub(super) fn clear(&mut self) {
        self.heap.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}
