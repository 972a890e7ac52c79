//! From what the packet servers saw to the nodes' timelines.

mod dhcp;
mod http;
mod tftp;

use super::Service;
use crate::events::{Code, NewEvent};
use crate::node::Node;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

/// Events that the packet servers may be ahead of the store; more are dropped and counted by them.
pub(super) const QUEUE: usize = 8_192;
/// Events stored in one transaction.
const BATCH: usize = 256;

/// What any of the packet servers saw.
pub(super) enum Seen {
    Dhcp(Vec<daybreak_dhcp::Event>),
    Tftp(daybreak_tftp::Event),
    Http(daybreak_http::Event),
}

/// Stores what is seen until the senders are gone or it is cancelled.
pub(super) async fn run(service: Arc<Service>, mut seen: Receiver<Seen>, stop: CancellationToken) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let count = tokio::select! {
            count = seen.recv_many(&mut batch, BATCH) => count,
            () = stop.cancelled() => 0,
        };
        if count == 0 {
            return;
        }
        let events: Vec<_> = batch.drain(..).flat_map(|seen| service.told(seen)).collect();
        if !events.is_empty() {
            service.engine.record_all(events).await;
        }
    }
}

impl Service {
    /// The events for nodes' timelines that are about a node and worth a line; notes what they say of the node's status.
    fn told(&self, seen: Seen) -> Vec<NewEvent> {
        match seen {
            Seen::Dhcp(events) => events.iter().filter_map(|event| self.told_dhcp(event)).collect(),
            Seen::Tftp(event) => self.told_tftp(&event).into_iter().collect(),
            Seen::Http(event) => self.told_http(&event).into_iter().collect(),
        }
    }

    /// The node at an address, which was just seen there.
    fn seen_at(&self, peer: IpAddr) -> Option<Node> {
        let node = self.node_at(peer)?;
        let now = self.engine.now();
        self.engine.registry().see(node.id, |status| status.last_seen = Some(now));
        Some(node)
    }

    /// Says that the packet servers dropped events since the last look.
    pub(super) async fn lost(&self, server: &str, count: u64) {
        let message = format!("{server} dropped {count} events");
        self.engine.record(None, Code::EventsLost, message, json!({"server": server, "count": count})).await;
    }
}

/// `12.3 MB`, decimal as links are sold.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        1_000_000..1_000_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000),
    }
}

/// 0 to 100; a whole of nothing is done.
fn percent(part: u64, whole: u64) -> u8 {
    let percent = if whole == 0 { 100 } else { u128::from(part) * 100 / u128::from(whole) };
    u8::try_from(percent.min(100)).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::{percent, size};

    #[test]
    fn sizes_and_percents_for_people() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_234), "1.2 kB");
        assert_eq!(size(238_000_000), "238.0 MB");
        assert_eq!(size(3_210_000_000), "3.2 GB");
        assert_eq!((percent(0, 0), percent(1, 3), percent(3, 3), percent(9, 3)), (100, 33, 100, 100));
        assert_eq!(percent(u64::MAX, u64::MAX), 100);
    }
}
