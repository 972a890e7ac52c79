//! Scrapes beside Debian's `node_exporter`, with its collectors as the package has them. It reads the kernel's files at each
//! scrape; ours shows its last readings, so that scraping often costs the router little. That is the difference measured.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::Figures;
use crate::process::{Server, curl};

/// Scrapes of one round.
const SCRAPES: u32 = 300;

/// All rounds of both.
pub(crate) fn bench(telemetryd: &Path, unpacked: &Path, rounds: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("telemetryd.yaml");
    std::fs::write(&file, "state_dir: state\noutputs: {prometheus: {listen: '127.0.0.1:9273'}}\n")?;
    let urls = ["http://127.0.0.1:9273/metrics", "http://127.0.0.1:9100/metrics"];
    let exporter = unpacked.join("prometheus-node-exporter/usr/bin/prometheus-node-exporter");
    let servers = [
        Server::start(Command::new(telemetryd).arg("--config").arg(&file), urls[0])?,
        Server::start(Command::new(exporter).arg("--web.listen-address=127.0.0.1:9100"), urls[1])?,
    ];
    let [mut times, mut costs, mut memory] = [Figures::default(), Figures::default(), Figures::default()];
    for round in 0..rounds {
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for index in order {
            let lines = curl(&[urls[index]])?.lines().filter(|line| !line.starts_with('#')).count();
            let lines = f64::from(u32::try_from(lines).context("too many lines")?);
            let (before, start) = (servers[index].cpu()?, Instant::now());
            scrape(urls[index])?;
            let micros = start.elapsed().as_secs_f64() * 1e6;
            let used = servers[index].cpu()?.saturating_sub(before).as_secs_f64() * 1e6;
            // By the line, for the pages are not the same.
            times.add(index, micros / f64::from(SCRAPES) / lines);
            costs.add(index, used / f64::from(SCRAPES) / lines);
            memory.add(index, servers[index].resident()?);
        }
    }
    times.print("scrape", "lower", "us/metric", "node_exporter");
    costs.print("scrape_cpu", "lower", "us/metric", "node_exporter");
    memory.print("scrape_memory", "lower", "MiB", "node_exporter");
    Ok(())
}

/// One after the other.
fn scrape(url: &str) -> Result<()> {
    let many = format!("{url}?[1-{SCRAPES}]");
    curl(&["-f", "-o", "/dev/null", &many]).map(drop)
}
