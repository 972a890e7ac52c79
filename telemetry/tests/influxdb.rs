//! Delivery to a real `InfluxDB` 1.6 (Debian package `influxdb`).
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::{Influx, address, config, curl, daemon, metric, outputs, wait};

const LOAD: &str = "SELECT count(load1) FROM system_load";
const QUEUED: &str = "daybreak_telemetry_output_queued_points{output=\"main\"}";
const FAILURES: &str = "daybreak_telemetry_output_failures_total{output=\"main\"}";
const READINGS: &str = "daybreak_telemetry_collector_readings_total{set=\"system_load\"}";

/// What this machine says, in the unit of the catalogue.
fn loopback_octets() -> u64 {
    std::fs::read_to_string("/sys/class/net/lo/statistics/rx_bytes").unwrap().trim().parse().unwrap()
}

#[test]
fn what_is_written_can_be_queried_and_is_true() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let influx = Influx::start(&address, dir.path(), "");
    influx.ask("CREATE DATABASE kpi");
    let before = loopback_octets();
    let daemon = daemon(&config(dir.path(), &outputs(&address, "")));
    wait("three readings in the database", || (influx.number(LOAD) >= 3).then_some(()));
    assert!(daemon.terminate().success());
    let after = loopback_octets();

    let octets =
        influx.rows("SELECT in_octets FROM system_interface WHERE interface = 'lo' AND host = 'vr1'");
    assert!(octets.len() >= 3, "{octets:?}");
    let mut last = before;
    for row in octets {
        let octets = row[1].as_u64().unwrap_or_else(|| panic!("not an integer: {row:?}"));
        assert!((last..=after).contains(&octets), "{octets} is not within {last} and {after}");
        last = octets;
    }
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap();
    let total: u64 = meminfo.split_ascii_whitespace().nth(1).unwrap().parse().unwrap();
    assert_eq!(influx.number("SELECT last(total) FROM system_memory"), total * 1024);
    let types = influx.rows("SHOW FIELD KEYS FROM system_interface");
    assert!(types.len() > 10 && types.iter().all(|row| row[1] == "integer"), "{types:?}");
}

/// Every round's own count of readings is in the same batch as the reading, so the last count must be the number of
/// points that arrived.
fn nothing_is_missing(influx: &Influx) {
    let counted =
        influx.number("SELECT last(readings) FROM telemetry_collector WHERE \"set\" = 'system_load'");
    assert!(counted > 3);
    assert_eq!(influx.number(LOAD), counted);
    let lost = influx.number("SELECT max(gap_points) FROM telemetry_output");
    assert_eq!(lost, 0);
}

#[test]
fn readings_of_an_outage_arrive_afterwards() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let mut influx = Influx::start(&address, dir.path(), "");
    influx.ask("CREATE DATABASE kpi");
    let daemon = daemon(&config(dir.path(), &outputs(&address, "")));
    wait("a reading in the database", || (influx.number(LOAD) >= 1).then_some(()));
    influx.stop();
    let begin = metric(&address, READINGS).unwrap();
    wait("five readings during the outage", || (metric(&address, READINGS)? >= begin + 5).then_some(()));
    wait("a failed delivery", || (metric(&address, FAILURES)? >= 1).then_some(()));
    influx.start_again();
    wait("an empty queue", || (metric(&address, QUEUED)? == 0).then_some(()));
    assert!(daemon.terminate().success());
    nothing_is_missing(&influx);
}

#[test]
fn readings_before_a_crash_arrive_afterwards() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let config = config(dir.path(), &outputs(&address, ""));
    let crashed = daemon(&config);
    let readings = wait("four readings", || metric(&address, READINGS).filter(|readings| *readings >= 4));
    crashed.kill();
    let influx = Influx::start(&address, dir.path(), "");
    influx.ask("CREATE DATABASE kpi");
    let daemon = daemon(&config);
    // A full second run would read every second; what came before it is all that the first run left.
    let arrived = wait("the readings of the first run", || {
        Some(influx.number(LOAD)).filter(|arrived| *arrived >= readings)
    });
    assert!(daemon.terminate().success());
    let counts = influx.rows("SELECT readings FROM telemetry_collector WHERE \"set\" = 'system_load'");
    let counts: Vec<u64> = counts.iter().map(|row| row[1].as_u64().unwrap()).collect();
    let first_run: Vec<u64> = (1..=readings).collect();
    assert!(
        counts.starts_with(&first_run),
        "{arrived} arrived, counted {counts:?}, expected {first_run:?} first"
    );
}

#[test]
fn a_database_that_does_not_exist_yet_is_waited_for() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let influx = Influx::start(&address, dir.path(), "");
    let daemon = daemon(&config(dir.path(), &outputs(&address, "")));
    wait("a failed delivery", || (metric(&address, FAILURES)? >= 1).then_some(()));
    influx.ask("CREATE DATABASE kpi");
    wait("five readings", || (influx.number(LOAD) >= 5).then_some(()));
    assert!(daemon.log().contains("database not found"), "{}", daemon.log());
    assert!(daemon.terminate().success());
    nothing_is_missing(&influx);
}

#[test]
fn points_that_the_database_refuses_are_counted_and_hold_nothing_up() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let influx = Influx::start(&address, dir.path(), "");
    influx.ask("CREATE DATABASE kpi");
    // A float in the place of the integer: InfluxDB will refuse this field's points.
    let write = format!("http://{address}:8086/write?db=kpi");
    curl(&["-f", &write, "--data-binary", "system_load,host=other load1=0.5"]).unwrap();
    let daemon = daemon(&config(dir.path(), &outputs(&address, "")));
    let rejected = "daybreak_telemetry_output_rejected_points_total{output=\"main\"}";
    wait("a refused point", || (metric(&address, rejected)? >= 1).then_some(()));
    wait("memory in the database", || {
        (influx.number("SELECT count(total) FROM system_memory") >= 2).then_some(())
    });
    assert!(daemon.log().contains("field type conflict"), "{}", daemon.log());
}

#[test]
fn a_login_is_used() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let influx = Influx::start(&address, dir.path(), "auth-enabled = true");
    influx.ask("CREATE USER kpi WITH PASSWORD 'sec ret' WITH ALL PRIVILEGES");
    let url = format!("http://{address}:8086/query?db=kpi");
    let ask =
        |query: &str| curl(&["-u", "kpi:sec ret", &url, "--data-urlencode", &format!("q={query}")]).unwrap();
    ask("CREATE DATABASE kpi");
    let password = dir.path().join("password");
    std::fs::write(&password, "wrong\n").unwrap();
    let config = config(dir.path(), &outputs(&address, ", username: kpi, password_file: password"));
    let refused = daemon(&config);
    wait("a refused login", || (metric(&address, FAILURES)? >= 1).then_some(()));
    assert!(refused.terminate().success());
    std::fs::write(&password, "sec ret\n").unwrap();
    let accepted = daemon(&config);
    // Each run counts its readings from one.
    let firsts =
        "SELECT count(readings) FROM telemetry_collector WHERE \"set\" = 'system_load' AND readings = 1";
    wait("the first readings of both runs", || ask(firsts).contains(",2]]").then_some(()));
    assert!(!accepted.log().contains("ret"), "{}", accepted.log());
}
