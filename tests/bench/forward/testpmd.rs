//! The peer: dpdk-testpmd with two ports of the same driver, one core, the same burst.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::measure::{CORE, MEMORY};

/// Its modes: `io` touches no packet, `mac` writes both hardware addresses. Neither looks anything up.
pub(crate) const MODES: [&str; 2] = ["io", "mac"];

/// Packets per second, the mean of its own figures once a second, the first not counted.
pub(crate) fn run(mode: &str, seconds: u64) -> Result<f64> {
    let cores = format!("0,{CORE}");
    let memory = MEMORY.to_string();
    let forward_mode = format!("--forward-mode={mode}");
    let mut child = Command::new("dpdk-testpmd")
        .args(["-l", &cores, "--in-memory", "-m", &memory, "--no-pci", "--no-telemetry", "--log-level=error"])
        .args(["--vdev=net_null0", "--vdev=net_null1", "--"])
        .args([
            forward_mode.as_str(),
            "--auto-start",
            "--nb-cores=1",
            "--burst=32",
            "--total-num-mbufs=16384",
        ])
        .arg("--stats-period=1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("dpdk-testpmd (Debian: dpdk-dev)")?;
    let stdout = child.stdout.take().context("no output")?;
    // Two lines a period, one for each port.
    let wanted = usize::try_from(seconds * 2).unwrap_or(usize::MAX);
    let figures: Vec<f64> = BufReader::new(stdout)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| {
            let rate = line.trim().strip_prefix("Tx-pps:")?.split_whitespace().next()?.parse().ok()?;
            (rate > 0.0).then_some(rate)
        })
        .skip(2)
        .take(wanted)
        .collect();
    // Any line ends it.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(b"\n");
    }
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while child.try_wait()?.is_none() {
        if std::time::Instant::now() > deadline {
            child.kill()?;
        }
        std::thread::yield_now();
    }
    anyhow::ensure!(figures.len() == wanted, "dpdk-testpmd {mode} ended early");
    #[allow(clippy::cast_precision_loss, reason = "a handful of periods")]
    let periods = seconds as f64;
    Ok(figures.iter().sum::<f64>() / periods)
}
