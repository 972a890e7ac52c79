//! Points from the answers of `vrouterd`.

use super::Answers;
use crate::catalogue::{
    DATAPLANE_DROP, DATAPLANE_FPM, DATAPLANE_INFO, DATAPLANE_NODE, DATAPLANE_PORT, DATAPLANE_TABLE,
    DATAPLANE_WORKER,
};
use crate::point::Point;
use daybreak_control::v1::{
    DropStatistics, FpmStatistics, NodeStatistics, Port, PortStatistics, TableStatistics, WorkerStatistics,
};

/// Points of all sets. What `vrouterd` leaves out is left out.
pub(super) fn of(answers: &Answers, headroom: Option<u64>) -> Vec<Point> {
    let statistics = &answers.statistics;
    let started = statistics.started;
    let mut points = vec![info(answers)];
    points.extend(statistics.ports.iter().map(|port| {
        let configured = answers.ports.iter().find(|of| name(of) == Some(&port.port));
        port_point(port, configured, started)
    }));
    points.extend(statistics.nodes.iter().map(|node| node_point(node, started)));
    points.extend(statistics.drops.iter().map(|drop| drop_point(drop, started)));
    points.extend(statistics.worker.as_ref().map(|worker| worker_point(worker, headroom, started)));
    points.extend(statistics.tables.as_ref().map(table_point));
    points.extend(statistics.fpm.as_ref().map(|fpm| fpm_point(fpm, started)));
    points
}

fn name(port: &Port) -> Option<&String> {
    port.config.as_ref().map(|config| &config.name)
}

fn info(answers: &Answers) -> Point {
    Point::new(&DATAPLANE_INFO, [])
        .with("started", answers.info.started)
        .with("generation", answers.info.generation)
        .with("ports", answers.ports.len() as u64)
        .with("ports_up", answers.ports.iter().filter(|port| port.link_up).count() as u64)
}

fn port_point(port: &PortStatistics, configured: Option<&Port>, started: u64) -> Point {
    let config = configured.and_then(|port| port.config.as_ref());
    let mtu = config.map(|config| if config.mtu == 0 { 1500 } else { u64::from(config.mtu) });
    let speed = configured.map(|port| u64::from(port.speed_mbps) * 1_000_000).filter(|speed| *speed > 0);
    Point::new(&DATAPLANE_PORT, [&port.port])
        .with("started", started)
        .with("rx_packets", port.rx_packets)
        .with("rx_bytes", port.rx_bytes)
        .with("tx_packets", port.tx_packets)
        .with("tx_bytes", port.tx_bytes)
        .with("rx_missed", port.rx_missed)
        .with("rx_errors", port.rx_errors)
        .with("rx_no_buffer", port.rx_no_buffer)
        .with("tx_errors", port.tx_errors)
        .with("punted_packets", port.punted_packets)
        .with("injected_packets", port.injected_packets)
        .with("link_up", u64::from(port.link_up))
        .with_known("enabled", config.map(|config| u64::from(config.enabled)))
        .with_known("mtu", mtu)
        .with_known("speed", speed)
}

fn node_point(node: &NodeStatistics, started: u64) -> Point {
    Point::new(&DATAPLANE_NODE, [&node.node])
        .with("started", started)
        .with("calls", node.calls)
        .with("packets", node.packets)
        .with("cycles", node.cycles)
}

fn drop_point(drop: &DropStatistics, started: u64) -> Point {
    Point::new(&DATAPLANE_DROP, [&drop.reason]).with("started", started).with("packets", drop.packets)
}

fn worker_point(worker: &WorkerStatistics, headroom: Option<u64>, started: u64) -> Point {
    Point::new(&DATAPLANE_WORKER, [])
        .with("started", started)
        .with("busy", worker.busy_ns)
        .with("poll", worker.poll_ns)
        .with("rest", worker.rest_ns)
        .with_known("headroom", headroom)
}

fn table_point(tables: &TableStatistics) -> Point {
    Point::new(&DATAPLANE_TABLE, [])
        .with("ipv4_routes", tables.ipv4_routes)
        .with("ipv6_routes", tables.ipv6_routes)
        .with("next_hops", tables.next_hops)
        .with("neighbours", tables.neighbours)
        .with("buffers", tables.buffers)
        .with("buffers_used", tables.buffers_used)
        .with("audit_missing", tables.audit_missing)
        .with("audit_stale", tables.audit_stale)
}

fn fpm_point(fpm: &FpmStatistics, started: u64) -> Point {
    Point::new(&DATAPLANE_FPM, [])
        .with("started", started)
        .with("connected", u64::from(fpm.connected))
        .with("connections", fpm.connections)
        .with("messages", fpm.messages)
        .with("errors", fpm.errors)
}
