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

#[cfg(test)]
mod tests {
    use super::of;
    use crate::catalogue::{DATAPLANE_INFO, DATAPLANE_PORT};
    use crate::collect::dataplane::Answers;
    use crate::gate::Gate;
    use crate::line::{self, CommonTags};
    use daybreak_control::v1::{
        DropStatistics, FpmStatistics, Info, NodeStatistics, Port, PortConfig, PortStatistics, Statistics,
        TableStatistics, WorkerStatistics,
    };
    use jiff::Timestamp;

    fn lines(answers: &Answers, headroom: Option<u64>) -> String {
        let (mut out, mut gate) = (String::new(), Gate::default());
        for point in of(answers, headroom) {
            gate.admit(&point).unwrap();
            line::write(&mut out, &point, &CommonTags::default(), Timestamp::UNIX_EPOCH);
        }
        out
    }

    /// Every number is another one, so that none can stand in another's place.
    fn answers() -> Answers {
        let config = |name: &str, mtu| {
            Some(PortConfig { name: name.into(), mtu, enabled: true, ..PortConfig::default() })
        };
        let port = |name: &str, mtu, speed_mbps| Port {
            config: config(name, mtu),
            speed_mbps,
            link_up: true,
            ..Port::default()
        };
        Answers {
            info: Info { started: 1, generation: 2, ..Info::default() },
            ports: vec![port("p1", 9000, 0), port("et-0/1/0", 0, 10_000)],
            statistics: Statistics {
                time: 3,
                started: 4,
                ports: vec![PortStatistics {
                    port: "et-0/1/0".into(),
                    rx_packets: 5,
                    rx_bytes: 6,
                    tx_packets: 7,
                    tx_bytes: 8,
                    rx_missed: 9,
                    rx_errors: 10,
                    rx_no_buffer: 11,
                    tx_errors: 12,
                    punted_packets: 13,
                    injected_packets: u64::MAX,
                    link_up: false,
                }],
                nodes: vec![NodeStatistics { node: "ip4_lookup".into(), calls: 14, packets: 15, cycles: 16 }],
                drops: vec![DropStatistics { reason: "ttl".into(), packets: 17 }],
                worker: Some(WorkerStatistics { busy_ns: 18, poll_ns: 19, rest_ns: 20 }),
                tables: Some(TableStatistics {
                    ipv4_routes: 21,
                    ipv6_routes: 22,
                    next_hops: 23,
                    neighbours: 24,
                    buffers: 25,
                    buffers_used: 26,
                    audit_missing: 27,
                    audit_stale: 28,
                }),
                fpm: Some(FpmStatistics { connected: true, connections: 29, messages: 30, errors: 31 }),
            },
        }
    }

    #[test]
    fn every_number_has_its_place() {
        assert_eq!(
            lines(&answers(), Some(9750)),
            "dataplane_info started=1i,generation=2i,ports=2i,ports_up=2i 0\n\
             dataplane_port,port=et-0/1/0 started=4i,rx_packets=5i,rx_bytes=6i,tx_packets=7i,tx_bytes=8i,rx_missed=9i,\
             rx_errors=10i,rx_no_buffer=11i,tx_errors=12i,punted_packets=13i,injected_packets=9223372036854775807i,\
             link_up=0i,enabled=1i,mtu=1500i,speed=10000000000i 0\n\
             dataplane_node,node=ip4_lookup started=4i,calls=14i,packets=15i,cycles=16i 0\n\
             dataplane_drop,reason=ttl started=4i,packets=17i 0\n\
             dataplane_worker started=4i,busy=18i,poll=19i,rest=20i,headroom=9750i 0\n\
             dataplane_table ipv4_routes=21i,ipv6_routes=22i,next_hops=23i,neighbours=24i,buffers=25i,buffers_used=26i,\
             audit_missing=27i,audit_stale=28i 0\n\
             dataplane_fpm started=4i,connected=1i,connections=29i,messages=30i,errors=31i 0\n"
        );
    }

    #[test]
    fn what_is_not_said_is_left_out() {
        let mut answers = answers();
        answers.ports = Vec::new();
        answers.statistics = Statistics { ports: answers.statistics.ports, ..Statistics::default() };
        let points = of(&answers, None);
        let sets: Vec<_> = points.iter().map(|point| point.set).collect();
        assert_eq!(sets, [&DATAPLANE_INFO, &DATAPLANE_PORT]);
        assert!(points[1].values.iter().all(|(name, _)| !["enabled", "mtu", "speed"].contains(name)));
    }
}
