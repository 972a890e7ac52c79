//! The way of changes to the packet thread: in small batches, few of them under way, so that a flood of routes never holds
//! up packets.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use crate::rib::{Change, Refused, apply};
use crate::worker::{RequestError, WorkerHandle};

/// Changes that are made between two bursts: some 50 microseconds of work when the table is large.
const BATCH: usize = 32;
/// Batches that are under way at once.
const UNDER_WAY: usize = 3;

/// Sends changes.
#[derive(Debug)]
pub(super) struct Batches {
    worker: WorkerHandle,
    under_way: VecDeque<oneshot::Receiver<Vec<Refused>>>,
    refused: u64,
}

impl Batches {
    pub(super) fn new(worker: WorkerHandle) -> Self {
        Self { worker, under_way: VecDeque::new(), refused: 0 }
    }

    /// Sends changes, in order; returns when all but a few are made.
    ///
    /// # Errors
    /// When the packet thread has ended.
    pub(super) async fn send(&mut self, changes: Vec<Change>) -> Result<(), RequestError> {
        let mut changes = changes.into_iter();
        loop {
            let batch: Vec<Change> = changes.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            while self.under_way.len() >= UNDER_WAY {
                self.first_done().await?;
            }
            let (answer, answered) = oneshot::channel();
            let request = move |tables: &mut _, _: &_| {
                let refused = batch.into_iter().filter_map(|change| apply(tables, change).err()).collect();
                let _ = answer.send(refused);
            };
            self.worker.send(Box::new(request)).await?;
            self.under_way.push_back(answered);
        }
    }

    /// Waits until everything that was sent is made.
    ///
    /// # Errors
    /// When the packet thread has ended.
    pub(super) async fn all_done(&mut self) -> Result<(), RequestError> {
        while !self.under_way.is_empty() {
            self.first_done().await?;
        }
        Ok(())
    }

    async fn first_done(&mut self) -> Result<(), RequestError> {
        let Some(answered) = self.under_way.front_mut() else { return Ok(()) };
        let refused = answered.await.map_err(|_| RequestError::Ended)?;
        self.under_way.pop_front();
        for error in refused {
            self.refused += 1;
            // The first, and then ever fewer: a full table refuses every route.
            if self.refused.is_power_of_two() {
                tracing::error!(%error, so_far = self.refused, "the forwarding tables refuse a change");
            }
        }
        Ok(())
    }
}
