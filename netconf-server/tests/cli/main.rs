//! `vrouter` as a process, with the real `netconfd`: in a pipe and on a terminal. What it did is judged by ncclient.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "../netconfd/rig.rs"]
#[allow(dead_code, reason = "the tests of netconfd use the rest")]
mod rig;

use rig::{Place, user};
use std::path::Path;
use std::process::Command;

/// Python with ncclient (tests/setup/pypi.sh).
fn python() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/setup/pypi.sh");
    let output = Command::new(script).arg("ncclient").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    format!("{}/python", String::from_utf8(output.stdout).unwrap().trim())
}

/// Runs one of the scripts beside this file against a server of its own.
fn script(name: &str) {
    let place = Place::new();
    let server = place.start();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let status = Command::new(python())
        .arg("-B")
        .arg(tests.join("cli").join(name))
        .env("PYTHONPATH", tests.join("netconfd"))
        .env("NETCONF_PORT", server.address.port().to_string())
        .env("NETCONF_USER", user())
        .env("NETCONF_KEY", server.folder.join("id"))
        .env("NETCONF_FOLDER", &server.folder)
        .env("VROUTER", env!("CARGO_BIN_EXE_vrouter"))
        .status()
        .unwrap();
    assert!(status.success(), "{name}: {status}");
}

#[test]
fn one_shot_verbs() {
    script("verbs.py");
}

#[test]
fn commands_in_a_pipe() {
    script("pipe.py");
}

#[test]
fn a_confirmed_commit_goes_back_and_outlives_its_session() {
    script("confirmed.py");
}

#[test]
fn earlier_configurations_are_listed_and_come_back() {
    script("earlier.py");
}

#[test]
fn the_holder_of_the_lock_is_named() {
    script("locked.py");
}

#[test]
fn a_person_at_a_terminal() {
    script("terminal.py");
}

#[test]
fn completion_scripts_know_the_verbs() {
    for (shell, checker) in [("bash", "bash"), ("zsh", ""), ("fish", "")] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_vrouter")).args(["completions", shell]).output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        for verb in
            ["show", "compare", "commit", "confirmed", "rollback", "load", "save", "interfaces", "install"]
        {
            assert!(text.contains(verb), "{shell}: {verb}");
        }
        if !checker.is_empty() {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &text).unwrap();
            assert!(Command::new(checker).arg("-n").arg(file.path()).status().unwrap().success());
        }
    }
}
