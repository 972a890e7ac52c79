//! Keeping neighbours alive: Linux does not see what is forwarded, and lets grow old what it does not use itself.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::Duration;

use crate::fib::PortId;
use crate::netlink::{NeighbourKey, Prober};
use crate::rib::Rib;
use crate::worker::{RequestError, WorkerHandle};

/// How often. Linux probes a neighbour 5 s after it is told of its use.
pub(super) const INTERVAL: Duration = Duration::from_secs(5);
/// Stale neighbours that are asked about in one request to the packet thread.
const PAGE: usize = 256;
/// Neighbours in use that are probed per interval at most.
const PROBES: usize = 500;
/// Gateways without an answer that are asked for per interval at most.
const SEARCHES: usize = 50;

/// Where the last round stopped for its limits.
#[derive(Debug, Default)]
pub(super) struct KeepAlive {
    probed: Option<NeighbourKey>,
    searched: Option<NeighbourKey>,
    failed: bool,
}

impl KeepAlive {
    /// Has Linux confirm neighbours that it has not heard of for a while and that packets were sent to since the last
    /// time, and look for gateways that it does not know.
    ///
    /// # Errors
    /// When the packet thread has ended.
    pub(super) async fn round(
        &mut self,
        rib: &Rib,
        worker: &WorkerHandle,
        prober: &mut Prober,
    ) -> Result<(), RequestError> {
        let mut room = PROBES;
        while room > 0 {
            let stale = rib.stale_neighbours(self.probed, PAGE);
            let end = stale.len() < PAGE;
            self.probed = stale.last().filter(|_| !end).map(|(_, key)| *key);
            for key in used(worker, stale).await? {
                self.probe(prober, key).await;
                room = room.saturating_sub(1);
            }
            if end {
                break;
            }
        }
        let unknown = rib.unknown_gateways();
        let round = turn(&unknown, self.searched, SEARCHES);
        self.searched = round.last().copied();
        for key in round {
            self.probe(prober, key).await;
        }
        Ok(())
    }

    async fn probe(&mut self, prober: &mut Prober, key: NeighbourKey) {
        let outcome = prober.probe(key).await;
        if let Err(error) = &outcome
            && !self.failed
        {
            tracing::warn!(%error, address = %key.address, "cannot have Linux probe a neighbour");
        }
        self.failed = outcome.is_err();
    }
}

/// Those that packets were sent to since this was last asked.
async fn used(
    worker: &WorkerHandle,
    neighbours: Vec<(PortId, NeighbourKey)>,
) -> Result<Vec<NeighbourKey>, RequestError> {
    if neighbours.is_empty() {
        return Ok(Vec::new());
    }
    let question = move |tables: &mut crate::forward::Tables, _: &_| {
        let used =
            neighbours.into_iter().filter(|(port, key)| tables.neighbours.take_used(*port, key.address));
        used.map(|(_, key)| key).collect()
    };
    worker.ask(question).await
}

/// The next `count` after the last one, from the beginning again after the end.
fn turn(all: &BTreeSet<NeighbourKey>, last: Option<NeighbourKey>, count: usize) -> Vec<NeighbourKey> {
    let Some(last) = last else { return all.iter().take(count).copied().collect() };
    let after = all.range((Bound::Excluded(last), Bound::Unbounded));
    after.chain(all.range(..=last)).take(count).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_turn() {
        let key = |index| NeighbourKey { index, address: [10, 0, 0, 1].into() };
        let all: BTreeSet<_> = (0..5).map(key).collect();
        let mut last = None;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let round = turn(&all, last, 2);
            last = round.last().copied();
            seen.extend(round.iter().map(|key| key.index));
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 0]);
        assert_eq!(turn(&all, last, 9).len(), 5, "nobody twice");
        assert!(turn(&BTreeSet::new(), last, 9).is_empty());
    }
}
