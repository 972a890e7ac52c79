//! What several test files need.
#![allow(dead_code, reason = "each test file is its own crate and uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use daybreak_cloud_init::{Day1, Identity, Seed, Templates, render};

/// A key that passes every check; nobody holds its other half.
pub(crate) const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJjWSSvMsLa98yIdzTMyDCx9Lk8zC0xPBmfhzo4RyMFt admin@example";

/// The folder of the crate.
pub(crate) fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Folders of `testcases`, by name.
pub(crate) fn cases() -> Vec<(String, PathBuf)> {
    let mut found: Vec<_> = std::fs::read_dir(crate_folder().join("testcases"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "there are test cases");
    found
}

/// Reads `day1.yaml` and `identity.yaml` of a case and renders them with the built-in templates.
pub(crate) fn render_case(case: &Path) -> Result<Seed, String> {
    let read = |name: &str| std::fs::read_to_string(case.join("input").join(name)).unwrap();
    let day1: Day1 = serde_saphyr::from_str(&read("day1.yaml")).map_err(|e| e.to_string())?;
    let identity: Identity = serde_saphyr::from_str(&read("identity.yaml")).map_err(|e| e.to_string())?;
    let templates = Templates::builtin().unwrap();
    render(&day1, &identity, &templates).map_err(|e| e.to_string())
}

/// Day-1 data of one host name, one key, and what `yaml` adds.
pub(crate) fn day1(yaml: &str) -> Result<Day1, String> {
    let text = format!("hostname: vr1\nssh_authorized_keys:\n  - {KEY}\n{yaml}");
    serde_saphyr::from_str(&text).map_err(|e| e.to_string())
}

/// The identity of tests.
pub(crate) fn identity() -> Identity {
    Identity { instance_id: "vr1.1".parse().unwrap() }
}

/// The path of Debian's own cloud-init, unpacked by the setup script on first use.
pub(crate) fn cloud_init() -> PathBuf {
    let script = crate_folder().join("../tests/setup/cloud-init.sh");
    let out = Command::new(&script).output().expect("tests/setup/cloud-init.sh starts");
    assert!(out.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&out.stderr));
    PathBuf::from(String::from_utf8(out.stdout).unwrap().trim())
}
