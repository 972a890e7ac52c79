//! How many connections are open, in total and per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counts. A [`Place`] is taken per connection and given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    total: usize,
    per_peer: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    peers: HashMap<IpAddr, usize>,
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    Total,
    PerPeer,
}

impl Admission {
    pub(crate) fn new(total: usize, per_peer: usize) -> Arc<Self> {
        Arc::new(Self { total, per_peer, open: Mutex::default() })
    }

    pub(crate) fn enter(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Full> {
        let mut open = self.lock();
        if open.total >= self.total {
            return Err(Full::Total);
        }
        if open.peers.get(&peer).is_some_and(|&count| count >= self.per_peer) {
            return Err(Full::PerPeer);
        }
        open.total += 1;
        *open.peers.entry(peer).or_default() += 1;
        Ok(Place { admission: Arc::clone(self), peer })
    }

    pub(crate) fn open(&self) -> usize {
        self.lock().total
    }

    /// The counts are whole after every statement, so a panic elsewhere leaves nothing to repair.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One counted connection.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Arc<Admission>,
    peer: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.admission.lock();
        open.total -= 1;
        if let Some(count) = open.peers.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                open.peers.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_hold_and_places_come_back() {
        let admission = Admission::new(3, 2);
        let (one, two) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let first = admission.enter(one).unwrap();
        let _second = admission.enter(one).unwrap();
        assert_eq!(admission.enter(one).unwrap_err(), Full::PerPeer);
        let _third = admission.enter(two).unwrap();
        assert_eq!(admission.enter(two).unwrap_err(), Full::Total);
        drop(first);
        assert_eq!(admission.open(), 2);
        assert!(admission.enter(one).is_ok());
        assert_eq!(admission.lock().peers.len(), 2);
    }
}
