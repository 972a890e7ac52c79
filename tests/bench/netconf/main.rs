//! `bench-netconf`: our server beside yuma's netconfd, and our engine beside libyang. `tests/bench/netconf/run` prepares
//! and starts it.

mod configuration;
mod engine;
mod figures;
mod libyang;
mod ours;
mod session;
mod yuma;

use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;

const HELP: &str = "bench-netconf [--netconfd FILE --peers FOLDER] [--rounds N] [--only TEXT]\n\
    FILE is our netconfd and FOLDER holds the unpacked packages netconfd, libyuma2 and openssh-server: both servers are\n\
    measured; without them only the engine is. Every figure is the median of N edits (default 15);\n\
    --only measures what has TEXT in its name.";

/// What is asked for.
struct Options {
    netconfd: Option<PathBuf>,
    peers: Option<PathBuf>,
    rounds: usize,
    only: String,
}

fn main() -> Result<()> {
    let mut options = Options { netconfd: None, peers: None, rounds: 15, only: String::new() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--netconfd" => options.netconfd = Some(value()?.into()),
            "--peers" => options.peers = Some(value()?.into()),
            "--rounds" => options.rounds = value()?.parse().context("--rounds needs a number")?,
            "--only" => options.only = value()?,
            "--help" => {
                println!("{HELP}");
                return Ok(());
            }
            other => bail!("unknown argument {other}\n{HELP}"),
        }
    }
    for interfaces in [1_000, 10_000, 100_000] {
        let metric = format!("engine_edit_commit_of_{interfaces}_interfaces");
        if metric.contains(&options.only) {
            let rounds = if interfaces > 10_000 { options.rounds.min(5) } else { options.rounds };
            let ours = engine::edits(interfaces, options.rounds)?;
            let theirs = libyang::edits(interfaces, rounds)?;
            figures::print(&metric, "ms", libyang::NAME, ours, theirs);
        }
    }
    match (&options.netconfd, &options.peers) {
        (Some(netconfd), Some(peers)) => session::bench(netconfd, peers, options.rounds, &options.only),
        _ => Ok(()),
    }
}
