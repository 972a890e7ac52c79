//! The commit thread: one `fdatasync` for all records that wait, then their acknowledgements.

use super::{
    send::{Link, Outbox, Sender},
    unix,
};
use crate::{
    counters::{Counters, Reason},
    event::{Event, Outcome, Sink, emit},
    lease::{Journal, JournalError, Leases, UnixSeconds},
};
use std::{
    sync::{Arc, mpsc::Receiver},
    time::SystemTime,
};

/// Records that one commit takes at most, in bytes.
const COMMIT_BYTES: usize = 1 << 20;
/// Seconds between attempts to rewrite the journal when that fails.
const RETRY_SECONDS: u64 = 5;

/// Records and the replies and events that wait for them.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) link: usize,
    pub(super) records: Vec<u8>,
    pub(super) replies: Outbox,
    pub(super) events: Vec<Event>,
}

pub(super) struct Committer {
    pub(super) journal: Journal,
    pub(super) batches: Receiver<Batch>,
    pub(super) links: Arc<Vec<Link>>,
    pub(super) leases: Leases,
    pub(super) counters: Arc<Counters>,
    pub(super) events: Sink,
    pub(super) clock: fn() -> SystemTime,
}

impl Committer {
    /// Runs until the packet thread is gone and everything is stored.
    pub(super) fn run(mut self) {
        let mut sender = Sender::new();
        let mut records = Vec::new();
        let mut waiting = Vec::new();
        let mut compact_at = 0;
        while let Ok(first) = self.batches.recv() {
            records.clear();
            records.extend_from_slice(&first.records);
            waiting.push(first);
            while records.len() < COMMIT_BYTES
                && let Ok(more) = self.batches.try_recv()
            {
                records.extend_from_slice(&more.records);
                waiting.push(more);
            }
            let stored = self.journal.append(&records);
            self.finish(stored, &mut waiting, &mut sender);
            if self.journal.wants_compaction() {
                compact_at = self.compact(compact_at, unix(self.clock));
            }
        }
    }

    fn finish(&self, stored: Result<(), JournalError>, waiting: &mut Vec<Batch>, sender: &mut Sender) {
        match stored {
            Ok(()) => self.counters.committed(),
            Err(error) => {
                tracing::error!(%error, "leases not stored: their clients get no answer and will ask again");
                for event in waiting.drain(..).flat_map(|batch| batch.events) {
                    let outcome = Outcome::Dropped { reason: Reason::JournalFailed };
                    emit(&self.events, &self.counters, Event { outcome, ..event });
                }
                return;
            }
        }
        for mut batch in waiting.drain(..) {
            let failed = sender.send(&self.links[batch.link], &mut batch.replies);
            self.counters.send_failed(failed);
            for event in batch.events {
                emit(&self.events, &self.counters, event);
            }
        }
    }

    /// Rewrites the journal unless an attempt failed moments ago; the result is when to try again.
    fn compact(&mut self, not_before: UnixSeconds, now: UnixSeconds) -> UnixSeconds {
        if now < not_before {
            return not_before;
        }
        match self.journal.compact(&self.leases.table, now) {
            Ok(()) => {
                self.counters.compacted();
                0
            }
            Err(error) => {
                tracing::error!(%error, "lease journal not rewritten; it grows, and this is tried again");
                now + RETRY_SECONDS
            }
        }
    }
}
