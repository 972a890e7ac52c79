//! What an operator meets: exit codes, messages, and the log.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::{address, config, curl, daemon, metric, outputs, wait};
use nix::sys::signal::Signal;
use std::process::{Command, Output};

fn telemetryd(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_telemetryd")).args(arguments).output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn check_accepts_the_sample_and_names_the_line_of_a_fault() {
    let good = telemetryd(&["check", concat!(env!("CARGO_MANIFEST_DIR"), "/samples/telemetryd.yaml")]);
    assert!(good.status.success(), "{}", errors(&good));
    assert!(String::from_utf8(good.stdout).unwrap().contains("databases: main"));

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.yaml");
    std::fs::write(&file, "outputs:\n  prometheus: {}\nsets:\n  system_cpu: {period: 2h}\n").unwrap();
    let bad = telemetryd(&["check", file.to_str().unwrap()]);
    assert_eq!(bad.status.code(), Some(1));
    for part in ["bad.yaml", "line 4", "column", "1s to 1h"] {
        assert!(errors(&bad).contains(part), "{part} is not in {}", errors(&bad));
    }
}

#[test]
fn check_tells_programs_as_json_either_way() {
    let json = |file: &str| {
        let output = telemetryd(&["check", file, "-o", "json"]);
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), said)
    };
    let (code, said) = json(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/telemetryd.yaml"));
    assert_eq!((code, &said["valid"], &said["databases"][0]), (Some(0), &true.into(), &"main".into()));
    assert_eq!(said["prometheus"], "127.0.0.1:9273");
    let sets = said["sets"].as_array().unwrap();
    assert!(sets.contains(&"dataplane_port".into()) && !sets.contains(&"system_disk".into()), "{sets:?}");

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.yaml");
    std::fs::write(&file, "outputs: {prometheus: {}}\ntags: {port: x}\n").unwrap();
    let (code, said) = json(file.to_str().unwrap());
    assert_eq!((code, &said["valid"]), (Some(1), &false.into()));
    assert_eq!((&said["line"], &said["column"]), (&2.into(), &14.into()));
    assert!(said["error"].as_str().unwrap().contains("tags.port"), "{said}");
}

#[test]
fn wrong_use_is_exit_code_2() {
    for arguments in [&[][..], &["--bogus"], &["check"], &["--config"], &["grafana", "--profile", "x"]] {
        assert_eq!(telemetryd(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn the_catalogue_prints_as_json() {
    let output = telemetryd(&["kpis", "--json"]);
    let catalogue: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(catalogue["sets"][0]["name"], "system_cpu");
    assert_eq!(catalogue["sets"][0]["kpis"][0]["type"], "uint64");
}

#[test]
fn a_second_daemon_on_the_same_queue_does_not_start() {
    let (dir, first, second) = (tempfile::tempdir().unwrap(), address(), address());
    let _first = daemon(&config(dir.path(), &outputs(&first, "")));
    wait("the first daemon", || metric(&first, "daybreak_system_memory_total_bytes"));
    let path = config(dir.path(), &outputs(&second, ""));
    let output = telemetryd(&["--config", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("another process uses this queue"), "{}", errors(&output));
}

#[test]
fn an_address_that_is_taken_is_named_and_had_when_it_is_free() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let taken = std::net::TcpListener::bind(format!("{address}:9273")).unwrap();
    let path = config(dir.path(), &format!("prometheus: {{listen: '{address}:9273'}}"));
    let daemon = daemon(&path);
    wait("the log", || daemon.log().contains("the address cannot be had").then_some(()));
    // A reload is told that it is as it was.
    daemon.signal(Signal::SIGHUP);
    let refused = format!("cannot listen on {address}:9273");
    wait("the refusal", || daemon.log().contains(&refused).then_some(()));
    drop(taken);
    wait("the endpoint", || curl(&["-f", &format!("http://{address}:9273/metrics")]));
    assert!(daemon.terminate().success());
}

#[test]
fn a_password_file_that_is_missing_is_that_outputs_trouble() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let path = config(dir.path(), &outputs(&address, ", username: u, password_file: none"));
    let daemon = daemon(&path);
    wait("the log", || daemon.log().contains("cannot read password_file").then_some(()));
    // The rest works, the points wait, and each try is counted.
    let name = |name: &str| format!("daybreak_telemetry_output_{name}{{output=\"main\"}}");
    wait("points that wait", || (metric(&address, &name("queued_points"))? > 0).then_some(()));
    wait("a failure", || (metric(&address, &name("failures_total"))? > 0).then_some(()));
    assert!(daemon.terminate().success());
}

#[test]
fn lines_for_the_journal_begin_with_their_priority() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let path = config(dir.path(), &outputs(&address, ""));
    let output = Command::new(env!("CARGO_BIN_EXE_telemetryd"))
        .args(["--config", path.to_str().unwrap(), "--pid-file", "/none/none"])
        .env("JOURNAL_STREAM", "8:1")
        .output()
        .unwrap();
    let log = errors(&output);
    assert!(log.lines().next().unwrap().starts_with("<6>queue opened"), "{log}");
}
