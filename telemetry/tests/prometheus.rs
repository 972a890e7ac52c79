//! The page for Prometheus, judged by its own `promtool` (Debian package `prometheus`).

mod common;

use common::{address, config, curl, daemon, metric, wait};
use std::fs::File;
use std::process::{Command, Stdio};

#[test]
fn promtool_has_nothing_to_say() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let daemon = daemon(&config(dir.path(), &format!("prometheus: {{listen: '{address}:9273'}}")));
    wait("a reading", || metric(&address, "daybreak_system_memory_total_bytes"));
    let page = curl(&[&format!("http://{address}:9273/metrics")]).unwrap();
    assert!(daemon.terminate().success());
    assert!(page.lines().filter(|line| line.starts_with("# TYPE")).count() > 40, "{page}");
    let file = dir.path().join("page");
    std::fs::write(&file, &page).unwrap();
    let checked = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::from(File::open(&file).unwrap()))
        .output()
        .unwrap_or_else(|e| panic!("promtool: {e}; see tests/setup/packages.txt"));
    let said = [checked.stdout, checked.stderr].concat();
    assert!(checked.status.success() && said.is_empty(), "{}\n{page}", String::from_utf8_lossy(&said));
}
