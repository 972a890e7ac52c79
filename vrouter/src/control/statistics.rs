//! Counters in the words of the protocol.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use daybreak_control::v1;

use crate::daemon::ports::PortState;
use crate::forward::Node;
use crate::worker::Counts;

/// The counters of the packet thread; the rest is for the caller.
pub(super) fn of_worker(counts: &Counts) -> v1::Statistics {
    let node = |node: Node| {
        let count = counts.nodes.get(node);
        v1::NodeStatistics {
            node: node.name().into(),
            calls: count.calls,
            packets: count.frames,
            cycles: count.cycles,
        }
    };
    let drops = counts.drops.all();
    v1::Statistics {
        time: nanos(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
        nodes: Node::ALL.into_iter().map(node).collect(),
        drops: drops
            .map(|(reason, packets)| v1::DropStatistics { reason: reason.name().into(), packets })
            .collect(),
        worker: Some(v1::WorkerStatistics {
            busy_ns: nanos(counts.busy),
            poll_ns: nanos(counts.poll),
            rest_ns: nanos(counts.rest),
        }),
        ..v1::Statistics::default()
    }
}

/// The counters of ports: those of their drivers, and our own of what went to and came from Linux.
pub(super) fn of_ports(ports: &[PortState], counts: &Counts) -> Vec<v1::PortStatistics> {
    let one = |state: &PortState| {
        // A driver without counters shows zeroes.
        let stats = state.opened.port.stats().unwrap_or_default();
        let twin = counts.ports.get(usize::from(state.id.0)).copied().flatten().unwrap_or_default();
        v1::PortStatistics {
            port: state.opened.wanted.name.to_string(),
            rx_packets: stats.rx_packets,
            rx_bytes: stats.rx_bytes,
            tx_packets: stats.tx_packets,
            tx_bytes: stats.tx_bytes,
            rx_missed: stats.rx_missed,
            rx_errors: stats.rx_errors,
            rx_no_buffer: stats.rx_no_buffer,
            tx_errors: stats.tx_errors,
            punted_packets: twin.punted,
            injected_packets: twin.injected,
            link_up: state.link.up,
        }
    };
    ports.iter().map(one).collect()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forward::{DropReason, Drops, Nodes};

    #[test]
    fn every_node_and_every_reason_is_there_also_with_zero() {
        let mut drops = Drops::default();
        drops.count(DropReason::NoRoute, 7);
        let counts = Counts {
            ports: Vec::new(),
            nodes: Nodes::default(),
            drops,
            busy: Duration::from_secs(1),
            poll: Duration::ZERO,
            rest: Duration::MAX,
        };
        let statistics = of_worker(&counts);
        assert_eq!(
            (statistics.nodes.len(), statistics.drops.len()),
            (Node::ALL.len(), DropReason::ALL.len())
        );
        let no_route = statistics.drops.iter().find(|drop| drop.reason == "no-route").unwrap();
        assert_eq!(no_route.packets, 7);
        let worker = statistics.worker.unwrap();
        assert_eq!((worker.busy_ns, worker.rest_ns), (1_000_000_000, u64::MAX));
    }
}
