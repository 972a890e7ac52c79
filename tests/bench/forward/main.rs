//! `bench-forward`: packets per second of one core through the packet thread, beside dpdk-testpmd on the same devices.
//! `tests/bench/forward/run` prepares and starts it.

mod measure;
mod routes;
mod testpmd;

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

const HELP: &str = "bench-forward [--rounds N] [--seconds N]\n\
    Every figure is the best of N rounds (default 5), measured in turn; each lasts N seconds (default 3).";

struct Options {
    rounds: usize,
    seconds: u64,
}

/// What is measured of ours: its name, and what the child is asked for.
const OURS: [(&str, &str); 4] =
    [("generator alone", "generator"), ("10 routes", "10"), ("1M routes", "1000000"), ("idle", "idle")];

fn main() -> Result<()> {
    let mut options = Options { rounds: 5, seconds: 3 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            // DPDK starts once per process, so each measurement is one.
            "--measure" => {
                let (what, seconds) = (value()?, value()?.parse()?);
                println!("{}", measure::run(&what, seconds)?);
                return Ok(());
            }
            "--rounds" => options.rounds = value()?.parse().context("--rounds needs a number")?,
            "--seconds" => options.seconds = value()?.parse().context("--seconds needs a number")?,
            "--help" => {
                println!("{HELP}");
                return Ok(());
            }
            other => bail!("unknown argument {other}\n{HELP}"),
        }
    }
    bench(&options)
}

fn bench(options: &Options) -> Result<()> {
    let mut ours = vec![Vec::new(); OURS.len()];
    let mut peers = vec![Vec::new(); testpmd::MODES.len()];
    for round in 0..options.rounds {
        for (place, (_, what)) in OURS.iter().enumerate() {
            ours[place].push(child(what, options.seconds)?);
        }
        for (place, mode) in testpmd::MODES.iter().enumerate() {
            peers[place].push(testpmd::run(mode, options.seconds)?);
        }
        eprintln!(
            "round {} of {}: ours {:?}, testpmd {:?}",
            round + 1,
            options.rounds,
            last(&ours),
            last(&peers)
        );
    }
    let best = |figures: &Vec<f64>| figures.iter().copied().fold(0.0, f64::max);
    let mpps = |figure: f64| (figure / 1000.0).round() / 1000.0;
    for (place, (name, _)) in OURS.iter().enumerate().take(3) {
        for (peer, mode) in testpmd::MODES.iter().enumerate() {
            let (figure, other) = (best(&ours[place]), best(&peers[peer]));
            let line = json!({
                "bench": "forward", "metric": format!("64 B, one core, {name}"), "ours": mpps(figure),
                "peer": mpps(other), "peer_name": format!("testpmd {mode} (no lookup)"),
                "ratio": (figure / other * 1000.0).round() / 1000.0, "better": "higher", "unit": "Mpps",
            });
            println!("{line}");
        }
    }
    // Least is best here. testpmd has no rest to compare with: it polls.
    let idle = ours[3].iter().copied().fold(f64::INFINITY, f64::min);
    let line = json!({
        "bench": "forward", "metric": "idle", "ours": (idle * 1000.0).round() / 1000.0, "peer": null,
        "peer_name": null, "ratio": null, "better": "lower", "unit": "percent of a core",
    });
    println!("{line}");
    Ok(())
}

fn last(figures: &[Vec<f64>]) -> Vec<f64> {
    figures.iter().filter_map(|figures| figures.last().map(|figure| figure.round())).collect()
}

/// One measurement in a process of its own.
fn child(what: &str, seconds: u64) -> Result<f64> {
    let program = std::env::current_exe()?;
    let output = Command::new(program).args(["--measure", what, &seconds.to_string()]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("measuring {what} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    text.lines().last().unwrap_or_default().parse().with_context(|| format!("{what}: no figure in {text:?}"))
}
