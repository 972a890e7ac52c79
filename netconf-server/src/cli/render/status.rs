//! `show status` and `show version`.

use std::fmt::Write as _;

use daybreak_datastore::tree::Tree;

use super::table::table;
use super::{child, descend, each, leaf};

/// Versions of what the appliance is made of.
pub(crate) fn version(tree: &Tree, own: &str) -> String {
    let root = tree.root();
    let mut out = format!("vrouter      {own}\n");
    let state = descend(&root, &["dataplane", "state"]);
    let of = |name: &str| state.as_ref().and_then(|state| leaf(state, &[name]));
    let platform = descend(&root, &["system-state", "platform"]);
    let os = |name: &str| platform.as_ref().and_then(|platform| leaf(platform, &[name]));
    for (name, value) in [
        ("vrouterd", of("version")),
        ("DPDK", of("dpdk-version")),
        ("system", os("os-name")),
        ("kernel", os("os-release")),
        ("machine", os("machine")),
    ] {
        if let Some(value) = value {
            let _ = writeln!(out, "{name:<12} {value}");
        }
    }
    out
}

/// What is going on: data plane, sessions, and whether a restart would lose something.
pub(crate) fn status(tree: &Tree, saved: bool, modified: bool) -> String {
    let root = tree.root();
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:<14} {value}");
    };
    if let Some(host) = leaf(&root, &["system", "hostname"]) {
        line("host name", host);
    }
    if let Some(clock) = descend(&root, &["system-state", "clock"]) {
        line("time", leaf(&clock, &["current-datetime"]).unwrap_or_default());
        line("up since", leaf(&clock, &["boot-datetime"]).unwrap_or_default());
    }
    line(
        "configuration",
        match (modified, saved) {
            (true, _) => "the candidate holds changes that were not committed",
            (false, true) => "running is saved",
            (false, false) => "running differs from startup: save keeps it over a restart",
        },
    );
    if let Some(commits) = child(&root, "commits") {
        for problem in each(&commits, "problem") {
            line("NOT IN EFFECT", problem.value().map_or("", |text| text));
        }
    }
    match descend(&root, &["dataplane", "state"]) {
        Some(state) => {
            line("data plane", &format!("runs since {}", leaf(&state, &["started"]).unwrap_or_default()));
            let count = |name: &str| leaf(&state, &["fib", name]).unwrap_or("0").to_owned();
            let fib = format!(
                "{} IPv4 and {} IPv6 routes, {} neighbours",
                count("ipv4-routes"),
                count("ipv6-routes"),
                count("neighbours")
            );
            line("forwarding", &fib);
        }
        None => line("data plane", "does not answer"),
    }
    if let Some(sessions) = descend(&root, &["netconf-state", "sessions"]) {
        let rows: Vec<_> = each(&sessions, "session")
            .map(|session| {
                ["session-id", "username", "source-host", "login-time"]
                    .iter()
                    .map(|name| leaf(&session, &[name]).unwrap_or_default().to_owned())
                    .collect()
            })
            .collect();
        out.push('\n');
        out.push_str(&table(&["session", "user", "from", "since"], &rows));
    }
    if let Some(ports) = child(&root, "dataplane") {
        let rows: Vec<_> = each(&ports, "port")
            .map(|port| {
                let text = |names: &[&str]| leaf(&port, names).unwrap_or_default().to_owned();
                vec![
                    text(&["name"]),
                    text(&["device"]),
                    text(&["link"]),
                    text(&["statistics", "in-packets"]),
                    text(&["statistics", "out-packets"]),
                    text(&["statistics", "in-missed"]),
                ]
            })
            .collect();
        if !rows.is_empty() {
            out.push('\n');
            out.push_str(&table(&["port", "device", "link", "in", "out", "missed"], &rows));
        }
    }
    out
}
