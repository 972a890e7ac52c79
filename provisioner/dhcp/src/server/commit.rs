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
    time::{Duration, Instant, SystemTime},
};

/// Records that one commit takes at most, in bytes.
const COMMIT_BYTES: usize = 1 << 20;
/// Least time between two commits.
const COMMIT_SPACING: Duration = Duration::from_millis(2);
/// Replies sent in one go. A disk that stalls for a moment leaves hundreds of acknowledgements waiting, while the
/// default receive buffer of a Linux socket, so of many relays, holds less than 300 packets.
const BURST: usize = 16;
/// Pause between bursts.
const BURST_SPACING: Duration = Duration::from_micros(500);
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

/// What the next commit will store.
#[derive(Default)]
struct Pending {
    records: Vec<u8>,
    batches: Vec<Batch>,
    last_commit: Option<Instant>,
}

impl Pending {
    fn add(&mut self, batch: Batch) {
        self.records.extend_from_slice(&batch.records);
        self.batches.push(batch);
    }
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
        let mut pending = Pending::default();
        let mut compact_at = 0;
        loop {
            if pending.batches.is_empty() {
                let Ok(first) = self.batches.recv() else { return };
                pending.add(first);
            }
            // While commits follow each other, more records share one; a single client never waits here.
            let due = pending.last_commit.map_or_else(Instant::now, |last| last + COMMIT_SPACING);
            self.gather(&mut pending, due);
            let Pending { records, batches, .. } = &mut pending;
            let stored = self.journal.append(records);
            records.clear();
            let waiting = std::mem::take(batches);
            pending.last_commit = Some(Instant::now());
            match stored {
                Ok(()) => self.acknowledge(waiting, &mut pending, &mut sender),
                Err(error) => self.give_up(&error, waiting),
            }
            if self.journal.wants_compaction() {
                compact_at = self.compact(compact_at, unix(self.clock));
            }
        }
    }

    /// Takes what waits, and what comes until `until`.
    fn gather(&self, pending: &mut Pending, until: Instant) {
        while pending.records.len() < COMMIT_BYTES {
            let left = until.saturating_duration_since(Instant::now());
            match self.batches.recv_timeout(left) {
                Ok(batch) => pending.add(batch),
                Err(_) => return,
            }
        }
    }

    /// Sends in bursts that a relay's socket buffer holds, and gathers for the next commit meanwhile.
    fn acknowledge(&self, waiting: Vec<Batch>, pending: &mut Pending, sender: &mut Sender) {
        self.counters.committed();
        let mut burst = 0;
        for mut batch in waiting {
            if burst >= BURST {
                self.gather(pending, Instant::now() + BURST_SPACING);
                burst = 0;
            }
            burst += batch.replies.len();
            let failed = sender.send(&self.links[batch.link], &mut batch.replies);
            self.counters.send_failed(failed);
            emit(&self.events, &self.counters, batch.events);
        }
    }

    fn give_up(&self, error: &JournalError, waiting: Vec<Batch>) {
        tracing::error!(%error, "leases not stored: their clients get no answer and will ask again");
        for mut batch in waiting {
            for event in &mut batch.events {
                event.outcome = Outcome::Dropped { reason: Reason::JournalFailed };
            }
            emit(&self.events, &self.counters, batch.events);
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
