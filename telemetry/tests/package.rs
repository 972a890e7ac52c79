//! What the package brings agrees with the daemon.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use daybreak_telemetry::config::yaml;
use std::path::Path;
use std::process::Command;

const UNIT: &str = include_str!("../systemd/telemetryd.service");

/// The values of a key of the unit.
fn values<'a>(key: &str) -> Vec<&'a str> {
    UNIT.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

#[test]
fn systemd_takes_the_unit() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("telemetryd.service");
    // It looks for the program, which is not installed here.
    std::fs::write(&file, UNIT.replace("/usr/sbin/telemetryd", env!("CARGO_BIN_EXE_telemetryd"))).unwrap();
    let mut command = Command::new("systemd-analyze");
    let output = command.args(["verify", "--man=no", "--recursive-errors=no"]).arg(&file).output();
    let output = output.unwrap_or_else(|e| panic!("systemd-analyze: {e}; see tests/setup/packages.txt"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_unit_gives_the_daemon_what_its_defaults_need() {
    let config = yaml::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("telemetryd.yaml")).unwrap();
    assert_eq!(Path::new("/var/lib").join(values("StateDirectory")[0]), config.state_dir);
    assert_eq!(values("SupplementaryGroups"), ["daybreak frrvty"]);
    assert_eq!(values("ExecStart"), ["/usr/sbin/telemetryd --config /etc/daybreak/telemetryd.yaml"]);
    assert_eq!(values("ExecReload"), ["/bin/kill -HUP $MAINPID"]);
    assert_eq!(values("Type"), ["notify"]);
    assert_eq!(values("DynamicUser"), ["yes"]);
    assert_eq!(values("CapabilityBoundingSet"), [""]);
    // Without the data plane the rest is read all the same.
    for key in ["Requires", "BindsTo", "Requisite", "PartOf"] {
        assert!(values(key).is_empty(), "{key}");
    }
    let group = include_str!("../systemd/daybreak.sysusers.conf");
    assert!(group.lines().any(|line| line == "g daybreak - -"));
}
