//! SIGHUP: what goes on, what changes, and what is refused.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::{Influx, Running, address, config, curl, daemon, metric, outputs, wait};
use nix::sys::signal::Signal;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const RELOADS: &str = "daybreak_telemetry_agent_reloads_total";
const REFUSED: &str = "daybreak_telemetry_agent_refused_reloads_total";
const READINGS: &str = "daybreak_telemetry_collector_readings_total{set=\"system_load\"}";
const QUEUED: &str = "daybreak_telemetry_output_queued_points{output=\"main\"}";
const LOAD: &str = "SELECT count(load1) FROM system_load";

/// Adds the daemon's own set to a configuration of `common`, so that reloads are seen soon, and `more`.
fn with(path: &Path, more: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, text.replace("sets: {", "sets: {telemetry_agent: {period: 1s}, ") + more).unwrap();
}

fn reload(daemon: &Running, address: &str, metric_name: &str, count: u64) {
    daemon.signal(Signal::SIGHUP);
    wait("the reload", || (metric(address, metric_name)? == count).then_some(()));
}

#[test]
fn a_bad_file_is_refused_with_its_place_and_the_old_one_stays() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let endpoint = format!("prometheus: {{listen: '{address}:9273'}}");
    let path = config(dir.path(), &endpoint);
    with(&path, "");
    let daemon = daemon(&path);
    let begin = wait("a reading", || metric(&address, READINGS));
    let good = std::fs::read_to_string(&path).unwrap();
    for (count, (bad, place, why)) in (1..).zip([
        ("outputs:\n  prometheus: {}\nsets:\n  system_cpu: {period: 2h}\n", "line 4 column 24", "1s to 1h"),
        ("tags: {interface: x}\noutputs: {prometheus: {}}\n", "line 1 column 19", "tags.interface"),
        ("outputs: {}\n", "line 1 column 10", "outputs"),
        ("outputs: [\n", "line", ""),
    ]) {
        std::fs::write(&path, bad).unwrap();
        reload(&daemon, &address, REFUSED, count);
        let log = daemon.log();
        let line = log.lines().rfind(|line| line.contains("configuration refused")).unwrap();
        for part in ["telemetry.yaml", place, why] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }
    std::fs::remove_file(&path).unwrap();
    reload(&daemon, &address, REFUSED, 5);
    wait("more readings of the old configuration", || {
        (metric(&address, READINGS)? > begin + 1).then_some(())
    });
    std::fs::write(&path, good).unwrap();
    reload(&daemon, &address, RELOADS, 1);
    assert!(daemon.terminate().success());
}

#[test]
fn the_queue_of_an_output_survives_and_goes_to_its_new_address() {
    let (dir, address, moved) = (tempfile::tempdir().unwrap(), address(), address());
    let path = config(dir.path(), &outputs(&address, ""));
    with(&path, "");
    let daemon = daemon(&path);
    wait("more readings than the database is asked for", || (metric(&address, READINGS)? > 4).then_some(()));
    wait("points that wait", || (metric(&address, QUEUED)? >= 10).then_some(()));
    // The database was somewhere else all the time.
    let influx = Influx::start(&moved, dir.path(), "");
    influx.ask("CREATE DATABASE kpi");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(&format!("http://{address}:"), &format!("http://{moved}:"))).unwrap();
    reload(&daemon, &address, RELOADS, 1);
    wait("an empty queue", || (metric(&address, QUEUED)? == 0).then_some(()));
    assert!(daemon.terminate().success());
    // Each round's count of readings is in the same batch as the reading.
    let counted =
        influx.number("SELECT last(readings) FROM telemetry_collector WHERE \"set\" = 'system_load'");
    assert!(counted > 3, "{counted}");
    assert_eq!(influx.number(LOAD), counted);
    assert_eq!(influx.number("SELECT max(gap_points) FROM telemetry_output"), 0);
}

#[test]
fn an_output_that_is_gone_keeps_its_points_for_its_return() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let path = config(dir.path(), &outputs(&address, ""));
    with(&path, "");
    let daemon = daemon(&path);
    wait("points that wait", || (metric(&address, QUEUED)? >= 10).then_some(()));
    let both = std::fs::read_to_string(&path).unwrap();
    let (begin, _) = both.split_once("influxdb: [").unwrap();
    let (_, rest) = both.split_once("], ").unwrap();
    std::fs::write(&path, format!("{begin}{rest}")).unwrap();
    reload(&daemon, &address, RELOADS, 1);
    wait("an output that is gone", || metric(&address, QUEUED).is_none().then_some(()));
    assert!(daemon.log().contains("output ended"), "{}", daemon.log());
    std::fs::write(&path, both).unwrap();
    reload(&daemon, &address, RELOADS, 2);
    wait("the points that waited", || (metric(&address, QUEUED)? >= 10).then_some(()));
    assert!(daemon.terminate().success());
}

#[test]
fn the_endpoint_moves_and_stays_where_it_is_when_it_cannot() {
    let (dir, address, other) = (tempfile::tempdir().unwrap(), address(), address());
    let path = config(dir.path(), &format!("prometheus: {{listen: '{address}:9273'}}"));
    with(&path, "");
    let daemon = daemon(&path);
    wait("a reading", || metric(&address, READINGS));
    let text = std::fs::read_to_string(&path).unwrap();

    let _taken = std::net::TcpListener::bind(format!("{other}:9273")).unwrap();
    std::fs::write(&path, text.replace(&address, &other)).unwrap();
    reload(&daemon, &address, REFUSED, 1);
    assert!(daemon.log().contains(&format!("cannot listen on {other}:9273")), "{}", daemon.log());

    std::fs::write(&path, text.replace(&format!("{address}:9273"), &format!("{other}:9274"))).unwrap();
    daemon.signal(Signal::SIGHUP);
    let moved = format!("http://{other}:9274/metrics");
    wait("the endpoint at its new address", || curl(&["-f", &moved]));
    assert_eq!(metric(&address, READINGS), None);
    // Counters go on.
    wait("the reload", || curl(&[&moved])?.contains(&format!("{RELOADS} 1\n")).then_some(()));

    std::fs::write(&path, "outputs: {influxdb: [{name: main, url: 'http://127.0.0.1:1', database: x}]}\n")
        .unwrap();
    daemon.signal(Signal::SIGHUP);
    wait("no endpoint", || curl(&[&moved]).is_none().then_some(()));
    assert!(daemon.terminate().success());
}

#[test]
fn sets_and_tags_are_those_of_the_new_file() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let influx = Influx::start(&address, dir.path(), "");
    influx.ask("CREATE DATABASE kpi");
    let path = config(dir.path(), &outputs(&address, ""));
    with(&path, "");
    let daemon = daemon(&path);
    wait("a reading in the database", || (influx.number(LOAD) >= 1).then_some(()));
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("host: vr1", "host: vr2\ntags: {site: lab}\nprocesses: [influxd]");
    std::fs::write(&path, text.replace("system_memory: {period: 1s}", "system_memory: {enabled: false}"))
        .unwrap();
    reload(&daemon, &address, RELOADS, 1);
    assert_eq!(metric(&address, "daybreak_system_memory_total_bytes"), None);
    wait("points with the new tags", || {
        (influx.number("SELECT count(load1) FROM system_load WHERE host = 'vr2' AND site = 'lab'") >= 2)
            .then_some(())
    });
    let running = "SELECT last(running) FROM system_process WHERE process = 'influxd'";
    wait("the new process", || (influx.number(running) >= 1).then_some(()));
    assert!(daemon.terminate().success());
    assert_eq!(influx.number("SELECT count(total) FROM system_memory WHERE host = 'vr2'"), 0);
}

#[test]
fn the_pid_file_is_there_as_long_as_the_daemon() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let path = config(dir.path(), &format!("prometheus: {{listen: '{address}:9273'}}"));
    let pid_file = dir.path().join("telemetryd.pid");
    let mut command = Command::new(env!("CARGO_BIN_EXE_telemetryd"));
    command.arg("--config").arg(&path).arg("--pid-file").arg(&pid_file);
    let daemon = Running::start(&mut command, path.with_extension("log"));
    let pid =
        wait("the pid file", || std::fs::read_to_string(&pid_file).ok().filter(|text| text.ends_with('\n')));
    assert_eq!(pid.trim(), daemon.child.id().to_string());
    assert!(daemon.terminate().success());
    assert!(!pid_file.exists());
}

#[test]
fn the_service_manager_is_told() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let path = config(dir.path(), &format!("prometheus: {{listen: '{address}:9273'}}"));
    let socket = UnixDatagram::bind(dir.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let said = || {
        let mut text = [0; 1024];
        let length = socket.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_telemetryd"));
    command.arg("--config").arg(&path).env("NOTIFY_SOCKET", dir.path().join("notify"));
    let daemon = Running::start(&mut command, path.with_extension("log"));
    assert_eq!(said(), "READY=1\nSTATUS=reading");
    // It listens from the moment at which it says so.
    assert!(curl(&["-f", &format!("http://{address}:9273/metrics")]).is_some());
    let good = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, "outputs: {}\n").unwrap();
    daemon.signal(Signal::SIGHUP);
    let status = said();
    assert!(status.starts_with("STATUS=reading; reload 1 was refused: "), "{status}");
    assert!(status.contains("line 1 column 10"), "{status}");
    std::fs::write(&path, good).unwrap();
    daemon.signal(Signal::SIGHUP);
    assert_eq!(said(), "STATUS=reading; reload 2 was taken");
    assert!(daemon.terminate().success());
    assert_eq!(said(), "STOPPING=1");
}
