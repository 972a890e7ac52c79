//! Sessions that are open, and sums over those that were.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use daybreak_netconf::session::{Counters, Counts, End, Peer, Source};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::state;

/// The registry.
pub(super) struct Sessions {
    started: SystemTime,
    /// The number of the last session; numbers are not used twice.
    last: AtomicU32,
    open: Mutex<BTreeMap<u32, Open>>,
    begun: AtomicU32,
    dropped: AtomicU32,
    bad_hellos: AtomicU32,
    /// Sums over all sessions.
    pub(super) counters: Counters,
}

struct Open {
    user: String,
    source: Source,
    login: SystemTime,
    kill: CancellationToken,
    gone: CancellationToken,
    counters: Arc<Counters>,
}

/// A session in the registry.
pub(super) struct Ticket {
    pub(super) id: u32,
    pub(super) kill: CancellationToken,
    pub(super) counters: Arc<Counters>,
}

impl Sessions {
    pub(super) fn new() -> Self {
        Self {
            started: SystemTime::now(),
            last: AtomicU32::new(0),
            open: Mutex::default(),
            begun: AtomicU32::new(0),
            dropped: AtomicU32::new(0),
            bad_hellos: AtomicU32::new(0),
            counters: Counters::default(),
        }
    }

    pub(super) fn enter(&self, peer: &Peer) -> Ticket {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let ticket = Ticket { id, kill: CancellationToken::new(), counters: Arc::default() };
        let open = Open {
            user: peer.user.clone(),
            source: peer.source,
            login: SystemTime::now(),
            kill: ticket.kill.clone(),
            gone: CancellationToken::new(),
            counters: Arc::clone(&ticket.counters),
        };
        self.open.lock().insert(id, open);
        self.begun.fetch_add(1, Ordering::Relaxed);
        ticket
    }

    /// To be called when nothing of the session is left, its locks included.
    pub(super) fn leave(&self, id: u32, end: &End) {
        if let Some(open) = self.open.lock().remove(&id) {
            open.gone.cancel();
        }
        match end {
            End::Closed => {}
            End::Hello(_) | End::NoHello(_) => {
                self.bad_hellos.fetch_add(1, Ordering::Relaxed);
            }
            _ => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Ends a session; gives what is cancelled when it is gone, or `None` if there is none of that number.
    pub(super) fn kill(&self, id: u32) -> Option<CancellationToken> {
        let open = self.open.lock();
        let open = open.get(&id)?;
        open.kill.cancel();
        Some(open.gone.clone())
    }

    pub(super) fn list(&self) -> Vec<state::Session> {
        let open = self.open.lock();
        open.iter()
            .map(|(id, open)| state::Session {
                id: *id,
                username: open.user.clone(),
                source_host: match open.source {
                    Source::Ssh(address) => Some(address.ip().to_canonical().to_string()),
                    Source::Local { .. } => None,
                },
                login: open.login,
                counters: counters(open.counters.get()),
            })
            .collect()
    }

    pub(super) fn statistics(&self) -> state::Statistics {
        state::Statistics {
            started: self.started,
            in_bad_hellos: self.bad_hellos.load(Ordering::Relaxed),
            in_sessions: self.begun.load(Ordering::Relaxed),
            dropped_sessions: self.dropped.load(Ordering::Relaxed),
            counters: counters(self.counters.get()),
        }
    }
}

fn counters(counts: Counts) -> state::Counters {
    state::Counters {
        in_rpcs: counts.requests,
        in_bad_rpcs: counts.bad_requests,
        out_rpc_errors: counts.errors,
        out_notifications: counts.notifications,
    }
}
