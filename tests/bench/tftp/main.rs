//! `bench-tftp`: our server beside others, same client, same minute. `tests/bench/tftp/run` prepares and starts it.

mod load;
mod peers;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use load::{Job, fetch, fetch_many};
use peers::{Peer, serve};
use rustix::process::{Resource, getrlimit, setrlimit};

/// Content of the streams: large enough that starting up does not count.
const STREAM: usize = 24 * 1024 * 1024;

/// Content of the many sessions: a boot loader.
const LOADER: usize = 1024 * 1024;

const HELP: &str = "bench-tftp --peers FOLDER [--rounds N] [--only TEXT]\n\
    FOLDER holds the unpacked packages tftpd-hpa and atftpd; every figure is the median of N rounds (default 9);\n\
    --only measures what has TEXT in its name.";

struct Options {
    peers: PathBuf,
    rounds: usize,
    only: String,
}

fn main() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("cannot raise the limit of open files")?;
    let mut arguments = std::env::args().skip(1);
    let mut options = Options { peers: PathBuf::new(), rounds: 9, only: String::new() };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            // Our server runs as a process of its own, as the others do.
            "--serve" => return serve(&value()?, &value()?),
            "--peers" => options.peers = value()?.into(),
            "--rounds" => options.rounds = value()?.parse().context("--rounds needs a number")?,
            "--only" => options.only = value()?,
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
    let folder = tempfile::tempdir()?;
    let stream = noise(STREAM);
    let loader = noise(LOADER);
    std::fs::write(folder.path().join("stream"), &stream)?;
    std::fs::write(folder.path().join("loader"), &loader)?;
    let peers = Peer::start_all(folder.path(), &options.peers)?;
    for peer in &peers {
        let job =
            Job { server: peer.address, name: "loader", blksize: 1428, windowsize: 1, content: &loader };
        fetch(job).with_context(|| format!("{} does not serve", peer.name))?;
    }
    for blksize in [512, 1428, 8192] {
        for windowsize in [1, 4, 16] {
            let metric = format!("stream_blksize_{blksize}_windowsize_{windowsize}");
            if !metric.contains(&options.only) {
                continue;
            }
            let mut rates = vec![Vec::new(); peers.len()];
            for round in 0..options.rounds {
                for index in order(round, peers.len()) {
                    let peer = &peers[index];
                    let job =
                        Job { server: peer.address, name: "stream", blksize, windowsize, content: &stream };
                    let fetched = fetch(job).with_context(|| format!("stream from {}", peer.name))?;
                    rates[index].push(megabytes(fetched.bytes) / fetched.elapsed.as_secs_f64());
                }
            }
            print(&metric, "higher", "MB/s", &peers, &medians(&mut rates));
        }
    }
    for sessions in [200, 1000] {
        if format!("sessions_{sessions}").contains(&options.only) {
            many(sessions, options.rounds.min(5), &peers, &loader)?;
        }
    }
    Ok(())
}

fn many(sessions: usize, rounds: usize, peers: &[Peer], loader: &[u8]) -> Result<()> {
    let mut rates = vec![Vec::new(); peers.len()];
    let mut lost = vec![Vec::new(); peers.len()];
    for round in 0..rounds {
        for index in order(round, peers.len()) {
            let peer = &peers[index];
            let job =
                Job { server: peer.address, name: "loader", blksize: 1428, windowsize: 1, content: loader };
            let ends = fetch_many(job, sessions)?;
            let good: Vec<_> = ends.iter().flatten().collect();
            if let Some(error) = ends.iter().find_map(|end| end.as_ref().err()) {
                eprintln!("{} lost {} of {sessions} sessions: {error}", peer.name, sessions - good.len());
            }
            let bytes: usize = good.iter().map(|fetched| fetched.bytes).sum();
            let longest = good.iter().map(|fetched| fetched.elapsed).max().unwrap_or(Duration::MAX);
            rates[index].push(megabytes(bytes) / longest.as_secs_f64());
            lost[index].push(small(sessions - good.len()));
        }
    }
    print(&format!("sessions_{sessions}_together"), "higher", "MB/s", peers, &medians(&mut rates));
    print(&format!("sessions_{sessions}_lost"), "lower", "sessions", peers, &medians(&mut lost));
    Ok(())
}

/// Who is measured when: each round begins with another server, as a busy machine drifts.
fn order(round: usize, peers: usize) -> impl Iterator<Item = usize> {
    (0..peers).map(move |index| (index + round) % peers)
}

fn megabytes(bytes: usize) -> f64 {
    small(bytes / 1000) / 1e3
}

/// Counts here are far below 2^32, so that they are exact as floating point.
fn small(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// Bytes that do not repeat within a file, from a small generator (xorshift64).
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

fn medians(figures: &mut [Vec<f64>]) -> Vec<f64> {
    figures
        .iter_mut()
        .map(|figures| {
            figures.sort_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
        })
        .collect()
}

/// One line per peer; our server is the first of them.
fn print(metric: &str, better: &str, unit: &str, peers: &[Peer], figures: &[f64]) {
    let round = |figure: f64| (figure * 1000.0).round() / 1000.0;
    for (peer, &figure) in peers.iter().zip(figures).skip(1) {
        // Without a divisor there is no ratio: none lost on their side.
        let ratio = (figure != 0.0).then(|| round(figures[0] / figure));
        let line = serde_json::json!({
            "bench": "tftp", "metric": metric, "ours": round(figures[0]), "peer": round(figure),
            "peer_name": peer.name, "ratio": ratio, "better": better, "unit": unit,
        });
        println!("{line}");
    }
}
