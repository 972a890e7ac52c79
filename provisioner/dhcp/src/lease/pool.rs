//! Free addresses of a subnet, found without a search.

use crate::config::AddressRange;
use std::{collections::VecDeque, net::Ipv4Addr};

/// Addresses never used come first, then those given back, oldest first, so that a machine that was away finds
/// its address again.
#[derive(Debug)]
pub(super) struct Pool {
    ranges: Vec<AddressRange>,
    /// Range and address that come next of those never used.
    next: Option<(usize, u32)>,
    returned: VecDeque<u32>,
    /// Reserved for nodes when last looked at; looked at again on the next [`Pool::unpark`].
    parked: Vec<u32>,
}

impl Pool {
    pub(super) fn new(ranges: &[AddressRange]) -> Self {
        let next = ranges.first().map(|r| (0, u32::from(r.first())));
        Self { ranges: ranges.to_vec(), next, returned: VecDeque::new(), parked: Vec::new() }
    }

    pub(super) fn contains(&self, ip: Ipv4Addr) -> bool {
        self.ranges.iter().any(|range| range.contains(ip))
    }

    /// Puts an address at the end of the queue. The caller sees to it that it is in the queue once.
    pub(super) fn give_back(&mut self, ip: u32) {
        self.returned.push_back(ip);
    }

    /// Keeps an address aside that a node has reserved.
    pub(super) fn park(&mut self, ip: u32) {
        self.parked.push(ip);
    }

    /// Returns parked addresses to the queue: reservations may have gone.
    pub(super) fn unpark(&mut self) {
        self.returned.extend(self.parked.drain(..));
    }

    /// The next candidate; it leaves the queue, so each is looked at once.
    pub(super) fn take(&mut self) -> Option<Candidate> {
        if let Some((range, ip)) = self.next {
            let last = u32::from(self.ranges[range].last());
            self.next = if ip < last {
                Some((range, ip + 1))
            } else {
                self.ranges.get(range + 1).map(|r| (range + 1, u32::from(r.first())))
            };
            return Some(Candidate { ip, queued: false });
        }
        self.returned.pop_front().map(|ip| Candidate { ip, queued: true })
    }
}

/// An address from the pool, and whether it came from the queue of returned ones.
pub(super) struct Candidate {
    pub(super) ip: u32,
    pub(super) queued: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_first_then_returned_in_order_and_each_once() {
        let mut pool =
            Pool::new(&["10.0.0.1-10.0.0.2".parse().unwrap(), "10.0.0.9-10.0.0.9".parse().unwrap()]);
        pool.give_back(77);
        let taken: Vec<u32> = std::iter::from_fn(|| pool.take()).map(|c| c.ip & 0xff).collect();
        assert_eq!(taken, [1, 2, 9, 77]);
        pool.park(5);
        assert!(pool.take().is_none());
        pool.unpark();
        assert_eq!(pool.take().map(|c| c.ip), Some(5));
        assert!(pool.take().is_none());
        assert!(Pool::new(&[]).take().is_none());
    }
}
