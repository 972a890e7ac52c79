//! `bench-telemetry`: our writer and endpoint beside others, same database, same minute. `tests/bench/telemetry/run`
//! prepares and starts it.

mod influx;
mod points;
mod process;
mod scrape;
mod write;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

const HELP: &str = "bench-telemetry --telemetryd PROGRAM --peers FOLDER [--rounds N] [--only TEXT]\n\
    FOLDER holds the unpacked package prometheus-node-exporter; every figure is the median of N rounds (default 5);\n\
    --only measures what has TEXT in its name: write, scrape.";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (mut telemetryd, mut peers, mut rounds, mut only) =
        (PathBuf::new(), PathBuf::new(), 5, String::new());
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            // Our writer runs as a process of its own, as the other does.
            "--write" => return write::ours(&value()?, &PathBuf::from(value()?)),
            "--telemetryd" => telemetryd = value()?.into(),
            "--peers" => peers = value()?.into(),
            "--rounds" => rounds = value()?.parse().context("--rounds needs a number")?,
            "--only" => only = value()?,
            "--help" => {
                println!("{HELP}");
                return Ok(());
            }
            other => bail!("unknown argument {other}\n{HELP}"),
        }
    }
    if "write".contains(&only) {
        write::bench(rounds)?;
    }
    if "scrape".contains(&only) {
        scrape::bench(&telemetryd, &peers, rounds)?;
    }
    Ok(())
}

/// Figures of all rounds: ours and theirs.
#[derive(Default)]
struct Figures([Vec<f64>; 2]);

impl Figures {
    fn add(&mut self, index: usize, figure: f64) {
        self.0[index].push(figure);
    }

    /// One line with the medians of ours and theirs.
    fn print(&mut self, metric: &str, better: &str, unit: &str, peer: &str) {
        let [ours, theirs] = self.0.each_mut().map(|figures| {
            figures.sort_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
        });
        let round = |figure: f64| (figure * 1000.0).round() / 1000.0;
        let line = serde_json::json!({
            "bench": "telemetry", "metric": metric, "ours": round(ours), "peer": round(theirs), "peer_name": peer,
            "ratio": round(ours / theirs), "better": better, "unit": unit,
        });
        println!("{line}");
    }
}
