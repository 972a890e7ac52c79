//! What `vrouterd` tells: the figures of control.proto.
//!
//! Sets with counters carry `started`, so a new start is seen even when the counters have already passed their old values.

use super::{Kpi, Set, Tag, Unit, counter, gauge};
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(10);

const SOURCE: &str = "vrouterd";

const STARTED: Kpi = gauge("started", Unit::Seconds, "When the counters began at 0.");

/// The process.
pub static DATAPLANE_INFO: Set = Set {
    name: "dataplane_info",
    about: "The process of the data plane and its configuration.",
    source: SOURCE,
    period: PERIOD,
    tags: &[],
    kpis: &[
        STARTED,
        gauge("generation", Unit::Count, "Configurations that were committed since the start."),
        gauge("ports", Unit::Count, "Ports that are configured."),
        gauge("ports_up", Unit::Count, "Ports whose link is up."),
    ],
};

/// Each port.
pub static DATAPLANE_PORT: Set = Set {
    name: "dataplane_port",
    about: "State and counters of each port of the data plane.",
    source: SOURCE,
    period: PERIOD,
    tags: &[Tag { name: "port", budget: 1024, about: "Name of the port and of its twin in Linux." }],
    kpis: &[
        STARTED,
        counter("rx_packets", Unit::Count, "Packets received."),
        counter("rx_bytes", Unit::Octets, "Bytes received."),
        counter("tx_packets", Unit::Count, "Packets sent."),
        counter("tx_bytes", Unit::Octets, "Bytes sent."),
        counter("rx_missed", Unit::Count, "Packets lost because the receive queue was full."),
        counter("rx_errors", Unit::Count, "Packets received with an error."),
        counter("rx_no_buffer", Unit::Count, "Packets lost because no buffer was free."),
        counter("tx_errors", Unit::Count, "Packets that could not be sent."),
        counter("punted_packets", Unit::Count, "Packets given to Linux."),
        counter("injected_packets", Unit::Count, "Packets that Linux sends."),
        gauge("link_up", Unit::Code, "Link of the port: 1 up, 0 down."),
        gauge("enabled", Unit::Code, "What was asked for: 1 receives and sends, 0 does not."),
        gauge("mtu", Unit::Bytes, "Largest IP packet."),
        gauge("speed", Unit::BitsPerSecond, "Speed of the line; absent while it is not known."),
    ],
};

/// Each forwarding step.
pub static DATAPLANE_NODE: Set = Set {
    name: "dataplane_node",
    about: "Work of each forwarding step.",
    source: SOURCE,
    period: PERIOD,
    tags: &[Tag { name: "node", budget: 256, about: "Name of the step." }],
    kpis: &[
        STARTED,
        counter("calls", Unit::Count, "Bursts that it was given."),
        counter("packets", Unit::Count, "Packets in them."),
        counter("cycles", Unit::Count, "Processor cycles that it took."),
    ],
};

/// Each reason for a drop.
pub static DATAPLANE_DROP: Set = Set {
    name: "dataplane_drop",
    about: "Packets that were dropped, by reason.",
    source: SOURCE,
    period: PERIOD,
    tags: &[Tag { name: "reason", budget: 256, about: "Name of the reason." }],
    kpis: &[STARTED, counter("packets", Unit::Count, "Packets dropped.")],
};

/// The thread that moves packets.
pub static DATAPLANE_WORKER: Set = Set {
    name: "dataplane_worker",
    about: "How the thread that moves packets spends its time.",
    source: SOURCE,
    period: PERIOD,
    tags: &[],
    kpis: &[
        STARTED,
        counter("busy", Unit::Nanoseconds, "Moving packets."),
        counter("poll", Unit::Nanoseconds, "Looking for packets in vain."),
        counter("rest", Unit::Nanoseconds, "Resting because there was nothing to do."),
        gauge(
            "headroom",
            Unit::TenThousandths,
            "Share of the time since the reading before in which no packet was moved: what more traffic could take.",
        ),
    ],
};

/// What is in the tables.
pub static DATAPLANE_TABLE: Set = Set {
    name: "dataplane_table",
    about: "Entries of the forwarding tables and of the packet pool.",
    source: SOURCE,
    period: PERIOD,
    tags: &[],
    kpis: &[
        gauge("ipv4_routes", Unit::Count, "IPv4 routes."),
        gauge("ipv6_routes", Unit::Count, "IPv6 routes."),
        gauge("next_hops", Unit::Count, "Next hops, groups of them included."),
        gauge("neighbours", Unit::Count, "Neighbours with their hardware addresses."),
        gauge("buffers", Unit::Count, "Packet buffers."),
        gauge("buffers_used", Unit::Count, "Packet buffers that hold a packet or wait at a device."),
        gauge(
            "audit_missing",
            Unit::Count,
            "Routes that were learnt and are not in the table, found by the audit.",
        ),
        gauge("audit_stale", Unit::Count, "Routes in the table that nobody taught, found by the audit."),
    ],
};

/// The connection on which FRR sends routes.
pub static DATAPLANE_FPM: Set = Set {
    name: "dataplane_fpm",
    about: "The connection on which FRR sends routes.",
    source: SOURCE,
    period: PERIOD,
    tags: &[],
    kpis: &[
        STARTED,
        gauge("connected", Unit::Code, "Whether FRR is connected: 1 yes, 0 no."),
        counter("connections", Unit::Count, "How often FRR connected."),
        counter("messages", Unit::Count, "Messages received."),
        counter("errors", Unit::Count, "Messages that could not be used."),
    ],
};
