//! State of `daybreak-dataplane`.

use super::lenient::Lenient;
use super::time::date_and_time;
use daybreak_appliers::observe::Dataplane;
use daybreak_control::v1;
use daybreak_datastore::tree::{BuildError, Builder};
use std::time::{Duration, SystemTime};

pub(super) fn fill(top: &mut Builder<'_>, now: &Dataplane) -> Result<(), BuildError> {
    top.container("dataplane", |dataplane| {
        for state in &now.ports {
            if let Some(config) = &state.config {
                let counters = now.statistics.ports.iter().find(|counters| counters.port == config.name);
                dataplane.try_entry("port", |entry| port(entry, config, state, counters))?;
            }
        }
        dataplane.container("state", |inside| state(inside, now))?;
        Ok(())
    })?;
    Ok(())
}

/// A port. Ports that the data plane took by itself are there, too.
fn port(
    entry: &mut Builder<'_>,
    config: &v1::PortConfig,
    state: &v1::Port,
    counters: Option<&v1::PortStatistics>,
) -> Result<(), BuildError> {
    entry.leaf("name", &config.name)?.leaf("link", if state.link_up { "up" } else { "down" })?;
    entry.text("device", &config.device)?;
    entry.text("driver", &state.driver)?;
    let Some(counters) = counters else { return Ok(()) };
    entry.container("statistics", |statistics| {
        statistics
            .leaf("in-packets", counters.rx_packets)?
            .leaf("in-octets", counters.rx_bytes)?
            .leaf("out-packets", counters.tx_packets)?
            .leaf("out-octets", counters.tx_bytes)?
            .leaf("in-missed", counters.rx_missed)?
            .leaf("in-errors", counters.rx_errors)?
            .leaf("in-no-buffer", counters.rx_no_buffer)?
            .leaf("out-errors", counters.tx_errors)?
            .leaf("punted-packets", counters.punted_packets)?
            .leaf("injected-packets", counters.injected_packets)?;
        Ok(())
    })?;
    Ok(())
}

fn state(inside: &mut Builder<'_>, now: &Dataplane) -> Result<(), BuildError> {
    let started = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(now.info.started));
    inside.text("version", &now.info.version)?;
    inside.text("dpdk-version", &now.info.dpdk)?;
    inside.optional("started", started.map(date_and_time))?.leaf("generation", now.info.generation)?;
    for drop in &now.statistics.drops {
        inside.try_entry("drop", |entry| {
            entry.leaf("reason", &drop.reason)?.leaf("packets", drop.packets)?;
            Ok(())
        })?;
    }
    if let Some(tables) = &now.statistics.tables {
        inside.container("fib", |fib| {
            fib.leaf("ipv4-routes", tables.ipv4_routes)?
                .leaf("ipv6-routes", tables.ipv6_routes)?
                .leaf("next-hops", tables.next_hops)?
                .leaf("neighbours", tables.neighbours)?
                .leaf("buffers", tables.buffers)?
                .leaf("buffers-used", tables.buffers_used)?
                .leaf("audit-missing", tables.audit_missing)?
                .leaf("audit-stale", tables.audit_stale)?;
            Ok(())
        })?;
    }
    if let Some(fpm) = &now.statistics.fpm {
        inside.container("fpm", |inside| {
            inside
                .leaf("connected", fpm.connected)?
                .leaf("connections", fpm.connections)?
                .leaf("messages", fpm.messages)?
                .leaf("errors", fpm.errors)?;
            Ok(())
        })?;
    }
    if let Some(worker) = &now.statistics.worker {
        inside.container("worker", |inside| {
            inside
                .leaf("busy", worker.busy_ns)?
                .leaf("poll", worker.poll_ns)?
                .leaf("rest", worker.rest_ns)?;
            Ok(())
        })?;
    }
    Ok(())
}
