//! A test run that is killed leaves no process behind, and so no namespace, bridge or tap.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use daybreak_tests::bridge::Bridge;
use daybreak_tests::namespace::Namespace;
use daybreak_tests::patience::Patience;

/// Set for the run that is to be killed.
const HOLD: &str = "DAYBREAK_TEST_HOLD";

/// The run that is killed: a lab with a process in it, whose id it prints.
fn hold() {
    let bridge = Bridge::new("held").expect("labs need root");
    let namespace = Namespace::new("held").expect("labs need root");
    bridge.join(&namespace, "eth0", Some("10.77.0.1/24")).expect("a veth");
    let mut cat = Command::new("cat");
    cat.arg("-");
    let mut child = namespace.spawn(&cat).expect("cat");
    println!("held {}", child.id());
    let _stdin = child.stdin.take();
    let _ = child.wait();
}

#[test]
fn a_killed_run_leaves_nothing() {
    if std::env::var_os(HOLD).is_some() {
        hold();
    }
    let mut run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_run_leaves_nothing", "--nocapture"])
        .env(HOLD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(run.stdout.take().unwrap()).lines();
    let held: u32 = lines
        .map_while(Result::ok)
        .find_map(|line| line.split_once("held ").and_then(|(_, id)| id.trim().parse().ok()))
        .expect("the run says which process it holds");
    let process = std::path::PathBuf::from(format!("/proc/{held}"));
    assert!(process.exists());
    run.kill().unwrap();
    run.wait().unwrap();
    let mut patience = Patience::secs(20);
    // Its parent is gone, so only /proc tells; a zombie that nobody reaps yet has no namespace any more.
    while std::fs::read_link(process.join("ns/net")).is_ok() {
        let wait = patience.next_wait(std::time::Duration::from_millis(20));
        std::thread::park_timeout(
            wait.unwrap_or_else(|| panic!("process {held} outlived the run that started it")),
        );
    }
}
