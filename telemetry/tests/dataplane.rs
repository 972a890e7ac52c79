//! KPIs of a real vrouterd in a network namespace, with a port on a veth. Needs root.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::{Running, address, curl, daemon, metric, wait};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program that is built beside ours.
fn vrouterd() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_telemetryd")).with_file_name("vrouterd");
    assert!(program.exists(), "{} is not there: cargo build -p daybreak-vrouter", program.display());
    program
}

/// The namespace goes with the process that it is made for. Its port `p0` is one end of a veth; the kernel says hello on
/// the other.
fn start(folder: &Path) -> Running {
    let file = folder.join("vrouterd.yaml");
    let text = format!(
        "hugepages: {{use: never, memory: 128MiB}}\ncontrol: {{socket: {}, group: root}}\n\
         ports:\n- {{name: p0, device: 'af_packet:veth0'}}\n- {{name: p1, device: ring}}\n",
        folder.join("vrouterd.sock").display()
    );
    std::fs::write(&file, text).unwrap();
    let script = "ip link set lo up && ip link add veth0 type veth peer name veth1 && ip link set veth0 up && \
                  ip link set veth1 up && exec \"$0\" serve --config \"$1\"";
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", script]).arg(vrouterd()).arg(file);
    Running::start(&mut command, folder.join("vrouterd.log"))
}

/// Reads vrouterd every second; `more` sets too.
fn config(folder: &Path, address: &str) -> PathBuf {
    let path = folder.join("telemetry.yaml");
    let names = ["info", "port", "node", "drop", "worker", "table", "fpm"];
    let sets: Vec<String> = names.iter().map(|name| format!("dataplane_{name}: {{period: 1s}}")).collect();
    let text = format!(
        "host: vr1\nstate_dir: state\nsources: {{vrouterd: vrouterd.sock, bgpd: nobody}}\n\
         sets: {{{}, telemetry_collector: {{period: 1s}}}}\noutputs: {{prometheus: {{listen: '{address}:9273'}}}}\n",
        sets.join(", ")
    );
    std::fs::write(&path, text).unwrap();
    path
}

const STARTED: &str = "daybreak_dataplane_info_started_seconds";
const FAILURES: &str = "daybreak_telemetry_collector_failures_total{set=\"dataplane_port\"}";
const BGP_FAILURES: &str = "daybreak_telemetry_collector_failures_total{set=\"bgp_neighbor\"}";

#[test]
fn figures_of_vrouterd_come_through_and_a_restart_shows() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let telemetryd = daemon(&config(dir.path(), &address));
    wait("two failures without vrouterd", || (metric(&address, FAILURES)? >= 2).then_some(()));
    assert_eq!(metric(&address, STARTED), None);

    let vrouterd = start(dir.path());
    let received = "daybreak_dataplane_port_rx_packets_total{port=\"p0\"}";
    wait("packets at p0", || (metric(&address, received)? > 0).then_some(()));
    let started = metric(&address, STARTED).unwrap();
    let page = curl(&[&format!("http://{address}:9273/metrics")]).unwrap();
    for part in [
        "daybreak_dataplane_info_ports 2\n",
        "daybreak_dataplane_port_mtu_bytes{port=\"p0\"} 1500\n",
        "daybreak_dataplane_port_enabled{port=\"p1\"} 1\n",
        "daybreak_dataplane_fpm_connected 0\n",
        &format!("daybreak_dataplane_port_started_seconds{{port=\"p0\"}} {started}\n"),
        "daybreak_dataplane_node_packets_total{node=\"",
        "daybreak_dataplane_drop_packets_total{reason=\"",
        "daybreak_dataplane_table_buffers ",
        "daybreak_dataplane_worker_rest_seconds_total ",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    wait("the headroom of a resting worker", || {
        let page = curl(&[&format!("http://{address}:9273/metrics")])?;
        let value = page.lines().find_map(|l| l.strip_prefix("daybreak_dataplane_worker_headroom_ratio "))?;
        let share: f64 = value.parse().unwrap();
        assert!((0.0..=1.0).contains(&share), "{share}");
        (share > 0.5).then_some(())
    });

    vrouterd.kill();
    wait("no figures of a process that is dead", || metric(&address, STARTED).is_none().then_some(()));
    // `started` is in seconds.
    let now = || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    wait("the next second", || (now() > started).then_some(()));
    let _again = start(dir.path());
    let restarted = wait("a new start", || metric(&address, STARTED));
    assert!(restarted > started, "{restarted} is not later than {started}");

    wait("a failure without bgpd", || (metric(&address, BGP_FAILURES)? >= 1).then_some(()));
    let log = telemetryd.log();
    let lines = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert_eq!(lines("reading failed source=\"vrouterd\""), 2, "{log}");
    assert_eq!(lines("reading works again source=\"vrouterd\""), 2, "{log}");
    assert_eq!(lines("reading failed source=\"bgpd\""), 1, "{log}");
    assert!(telemetryd.terminate().success());
}
