//! The dashboard of a router, row by row.

use super::UnknownKpi;
use super::panel::{Look, Panel, State};
use super::query::{Query, growth, of, ratio, rest, state, total, unit};
use crate::catalogue::{
    AGENT, BGP_NEIGHBOR, BGP_TOTAL, COLLECTOR, CPU, DATAPLANE_DROP, DATAPLANE_FPM, DATAPLANE_INFO,
    DATAPLANE_NODE, DATAPLANE_PORT, DATAPLANE_TABLE, DATAPLANE_WORKER, DISK, HUGEPAGES, INTERFACE, LOAD,
    MEMORY, OUTPUT, PROCESS, Set, UPTIME,
};

/// A row: its title and panels.
pub(super) type Row = (&'static str, Vec<Panel>);

const UP: &[State] =
    &[State { value: 0, text: "down", color: "red" }, State { value: 1, text: "up", color: "green" }];

const SESSION: &[State] = &[
    State { value: 1, text: "idle", color: "red" },
    State { value: 2, text: "connect", color: "orange" },
    State { value: 3, text: "active", color: "orange" },
    State { value: 4, text: "OpenSent", color: "yellow" },
    State { value: 5, text: "OpenConfirm", color: "yellow" },
    State { value: 6, text: "established", color: "green" },
];

/// Every row, from the top.
pub(super) fn rows() -> Result<Vec<Row>, UnknownKpi> {
    Ok(vec![
        ("Overview", overview()?),
        ("Ports", ports()?),
        ("Drops", drops()?),
        ("Worker headroom", worker()?),
        ("BGP", bgp()?),
        ("System", system()?),
        ("Telemetry", telemetry()?),
    ])
}

fn overview() -> Result<Vec<Panel>, UnknownKpi> {
    let number = |title, unit, set, query| panel(title, Look::Number, unit, set, vec![query]);
    Ok(vec![
        number("Up for", "s", &UPTIME, state(&UPTIME, "uptime")?),
        number("Received", "bps", &DATAPLANE_PORT, total(&DATAPLANE_PORT, "rx_bytes")?),
        number("Sent", "bps", &DATAPLANE_PORT, total(&DATAPLANE_PORT, "tx_bytes")?),
        number("Dropped", "pps", &DATAPLANE_DROP, total(&DATAPLANE_DROP, "packets")?),
        number("Headroom", "percentunit", &DATAPLANE_WORKER, of(&DATAPLANE_WORKER, "headroom")?),
        number("Ports up", "short", &DATAPLANE_INFO, state(&DATAPLANE_INFO, "ports_up")?),
        number("IPv4 routes", "short", &DATAPLANE_TABLE, state(&DATAPLANE_TABLE, "ipv4_routes")?),
        number("IPv6 routes", "short", &DATAPLANE_TABLE, state(&DATAPLANE_TABLE, "ipv6_routes")?),
        number("BGP established", "short", &BGP_TOTAL, state(&BGP_TOTAL, "established")?),
        number("Commits", "short", &DATAPLANE_INFO, state(&DATAPLANE_INFO, "generation")?),
        number("Not in the FIB", "short", &DATAPLANE_TABLE, state(&DATAPLANE_TABLE, "audit_missing")?),
        number("Too much in the FIB", "short", &DATAPLANE_TABLE, state(&DATAPLANE_TABLE, "audit_stale")?),
    ])
}

fn ports() -> Result<Vec<Panel>, UnknownKpi> {
    let set = &DATAPLANE_PORT;
    Ok(vec![
        lines("Traffic", set, &["rx_bytes", "tx_bytes"])?,
        lines("Packets", set, &["rx_packets", "tx_packets"])?,
        lines("Losses and errors", set, &["rx_missed", "rx_no_buffer", "rx_errors", "tx_errors"])?,
        lines("To and from Linux", set, &["punted_packets", "injected_packets"])?,
        panel("Link", Look::States(UP), "none", set, vec![state(set, "link_up")?]),
        lines("Line speed", set, &["speed"])?,
    ])
}

fn drops() -> Result<Vec<Panel>, UnknownKpi> {
    let cycles = ratio(&DATAPLANE_NODE, "cycles", "packets")?;
    Ok(vec![
        stack("Dropped by reason", &DATAPLANE_DROP, &["packets"])?,
        panel(
            "Dropped in each interval",
            Look::Lines,
            "short",
            &DATAPLANE_DROP,
            vec![growth(&DATAPLANE_DROP, "packets")?],
        ),
        lines("Packets of each step", &DATAPLANE_NODE, &["packets"])?,
        panel("Cycles per packet of each step", Look::Lines, "short", &DATAPLANE_NODE, vec![cycles]),
    ])
}

fn worker() -> Result<Vec<Panel>, UnknownKpi> {
    Ok(vec![
        lines("Headroom", &DATAPLANE_WORKER, &["headroom"])?,
        stack("Time of the worker", &DATAPLANE_WORKER, &["busy", "poll", "rest"])?,
        lines("Packet buffers", &DATAPLANE_TABLE, &["buffers", "buffers_used"])?,
        lines("Bursts of each step", &DATAPLANE_NODE, &["calls"])?,
    ])
}

fn bgp() -> Result<Vec<Panel>, UnknownKpi> {
    let neighbor = &BGP_NEIGHBOR;
    Ok(vec![
        panel("Sessions", Look::States(SESSION), "none", neighbor, vec![state(neighbor, "state")?]),
        panel("Lost sessions", Look::Lines, "short", neighbor, vec![growth(neighbor, "flaps")?]),
        lines("Prefixes", neighbor, &["prefixes_received", "prefixes_sent"])?,
        lines("Messages", neighbor, &["messages_in", "messages_out"])?,
        lines("Established for", neighbor, &["up"])?,
        lines("Tables of bgpd", &BGP_TOTAL, &["rib_entries", "neighbors", "established"])?,
        lines(
            "Tables of the data plane",
            &DATAPLANE_TABLE,
            &["ipv4_routes", "ipv6_routes", "next_hops", "neighbours"],
        )?,
        lines("Routes from FRR", &DATAPLANE_FPM, &["messages", "errors"])?,
        panel(
            "Connection of FRR",
            Look::States(UP),
            "none",
            &DATAPLANE_FPM,
            vec![state(&DATAPLANE_FPM, "connected")?],
        ),
    ])
}

fn system() -> Result<Vec<Panel>, UnknownKpi> {
    Ok(vec![
        panel("Busy cores", Look::Lines, "percentunit", &CPU, vec![rest(&CPU, "idle")?]),
        lines("Load", &LOAD, &["load1", "load5", "load15"])?,
        lines("Memory", &MEMORY, &["total", "available", "cached"])?,
        lines("Huge pages", &HUGEPAGES, &["pages", "free"])?,
        lines("Processors of processes", &PROCESS, &["cpu_user", "cpu_system"])?,
        lines("Memory of processes", &PROCESS, &["resident"])?,
        lines("Disks", &DISK, &["read", "written"])?,
        lines("Linux interfaces", &INTERFACE, &["in_octets", "out_octets"])?,
    ])
}

fn telemetry() -> Result<Vec<Panel>, UnknownKpi> {
    Ok(vec![
        lines("Points that wait", &OUTPUT, &["queued_points"])?,
        panel(
            "Points lost",
            Look::Lines,
            "short",
            &OUTPUT,
            vec![growth(&OUTPUT, "gap_points")?, growth(&OUTPUT, "rejected_points")?],
        ),
        panel("Failed readings", Look::Lines, "short", &COLLECTOR, vec![growth(&COLLECTOR, "failures")?]),
        lines("Processor time of readings", &COLLECTOR, &["cpu_time"])?,
        lines("Points made", &AGENT, &["points"])?,
        panel(
            "Points refused",
            Look::Lines,
            "short",
            &AGENT,
            vec![growth(&AGENT, "refused_points")?, growth(&AGENT, "over_budget_points")?],
        ),
    ])
}

/// KPIs of one set and one unit.
fn lines(title: &'static str, set: &'static Set, kpis: &[&str]) -> Result<Panel, UnknownKpi> {
    let queries = kpis.iter().map(|kpi| of(set, kpi)).collect::<Result<_, _>>()?;
    let unit = kpis.first().and_then(|kpi| set.kpi(kpi)).map_or("short", unit);
    Ok(panel(title, Look::Lines, unit, set, queries))
}

fn stack(title: &'static str, set: &'static Set, kpis: &[&str]) -> Result<Panel, UnknownKpi> {
    lines(title, set, kpis).map(|panel| Panel { look: Look::Stack, ..panel })
}

fn panel(title: &'static str, look: Look, unit: &'static str, set: &Set, queries: Vec<Query>) -> Panel {
    Panel { title, look, unit, queries, step: set.period.as_secs() }
}
