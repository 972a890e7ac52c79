//! Who has how many sessions, and which request is a repetition.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Refusal;

/// The register of sessions, shared by all workers.
#[derive(Debug)]
pub(crate) struct Admission {
    sessions: usize,
    sessions_per_client: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    clients: HashMap<IpAddr, usize>,
    /// The newest session of each client port.
    ports: HashMap<SocketAddr, Arc<Flags>>,
}

/// What a session and its successor tell each other.
#[derive(Debug, Default)]
struct Flags {
    answered: AtomicBool,
    superseded: AtomicBool,
}

/// What a request leads to.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A session may start.
    Place(Place),
    /// A repetition of a request whose session waits for its first answer: that session repeats what was lost.
    Duplicate,
    /// A limit is reached.
    Full(Refusal),
}

impl Admission {
    pub(crate) fn new(sessions: usize, sessions_per_client: usize) -> Arc<Self> {
        Arc::new(Self { sessions, sessions_per_client, open: Mutex::default() })
    }

    pub(crate) fn enter(self: &Arc<Self>, client: SocketAddr) -> Entry {
        let mut open = self.lock();
        let earlier = open.ports.get(&client);
        if earlier.is_some_and(|flags| !flags.answered.load(Ordering::Relaxed)) {
            return Entry::Duplicate;
        }
        if open.total >= self.sessions {
            return Entry::Full(Refusal::Sessions(self.sessions));
        }
        if open.clients.get(&client.ip()).is_some_and(|&count| count >= self.sessions_per_client) {
            return Entry::Full(Refusal::SessionsOfClient(self.sessions_per_client));
        }
        let flags = Arc::new(Flags::default());
        if let Some(earlier) = open.ports.insert(client, Arc::clone(&flags)) {
            earlier.superseded.store(true, Ordering::Relaxed);
        }
        open.total += 1;
        *open.clients.entry(client.ip()).or_default() += 1;
        Entry::Place(Place { admission: Arc::clone(self), client, flags })
    }

    /// Sessions that are open now.
    pub(crate) fn open(&self) -> usize {
        self.lock().total
    }

    /// The counts are whole after every statement, so a panic elsewhere leaves nothing to repair.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One counted session. It is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Arc<Admission>,
    client: SocketAddr,
    flags: Arc<Flags>,
}

impl Place {
    /// The client has answered: a further request from its port is a new one.
    pub(crate) fn answered(&self) {
        self.flags.answered.store(true, Ordering::Relaxed);
    }

    /// The client has started another session from the same port.
    pub(crate) fn superseded(&self) -> bool {
        self.flags.superseded.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.admission.lock();
        open.total -= 1;
        if let Some(count) = open.clients.get_mut(&self.client.ip()) {
            *count -= 1;
            if *count == 0 {
                open.clients.remove(&self.client.ip());
            }
        }
        if open.ports.get(&self.client).is_some_and(|flags| Arc::ptr_eq(flags, &self.flags)) {
            open.ports.remove(&self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, host], port))
    }

    fn place(entry: Entry) -> Place {
        match entry {
            Entry::Place(place) => place,
            other => panic!("not admitted: {other:?}"),
        }
    }

    #[test]
    fn both_limits_hold_and_places_come_back() {
        let admission = Admission::new(3, 2);
        let first = place(admission.enter(at(1, 1)));
        let _second = place(admission.enter(at(1, 2)));
        assert!(matches!(admission.enter(at(1, 3)), Entry::Full(Refusal::SessionsOfClient(2))));
        let _third = place(admission.enter(at(2, 1)));
        assert!(matches!(admission.enter(at(2, 2)), Entry::Full(Refusal::Sessions(3))));
        drop(first);
        assert_eq!(admission.open(), 2);
        place(admission.enter(at(1, 1)));
        assert_eq!(admission.open(), 2);
    }

    #[test]
    fn a_repeated_request_is_a_duplicate_until_the_client_answers() {
        let admission = Admission::new(10, 10);
        let first = place(admission.enter(at(1, 1)));
        assert!(matches!(admission.enter(at(1, 1)), Entry::Duplicate));
        first.answered();
        let second = place(admission.enter(at(1, 1)));
        assert!(first.superseded() && !second.superseded());
        drop(first);
        assert!(matches!(admission.enter(at(1, 1)), Entry::Duplicate));
        drop(second);
        assert_eq!(admission.open(), 0);
        let open = admission.lock();
        assert!(open.ports.is_empty() && open.clients.is_empty());
    }
}
