//! ncclient, as it comes from `PyPI`.

use super::rig::{Place, user};
use std::path::Path;
use std::process::Command;

/// Python with ncclient (tests/setup/pypi.sh).
fn python() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/setup/pypi.sh");
    let output = Command::new(script).arg("ncclient").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    format!("{}/python", String::from_utf8(output.stdout).unwrap().trim())
}

/// Runs one of the scripts beside this file against a server.
fn script(name: &str) {
    let place = Place::new();
    let server = place.start();
    run(&server, name);
}

fn run(server: &super::rig::Netconfd, name: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/netconfd").join(name);
    let status = Command::new(python())
        .arg("-B")
        .arg(script)
        .env("NETCONF_PORT", server.address.port().to_string())
        .env("NETCONF_USER", user())
        .env("NETCONF_KEY", server.folder.join("id"))
        .env("NETCONF_FOLDER", &server.folder)
        .status()
        .unwrap();
    assert!(status.success(), "{name}: {status}");
}

#[test]
fn configures_and_reads() {
    script("configure.py");
}

#[test]
fn commits_and_takes_back() {
    script("confirm.py");
}

#[test]
fn locks_and_kills() {
    script("sessions.py");
}

#[test]
fn running_outlives_a_crash_of_the_server_and_startup_is_kept() {
    let place = Place::new();
    let server = place.start();
    run(&server, "restart_before.py");
    server.kill();
    let server = place.start();
    run(&server, "restart_after.py");
}
