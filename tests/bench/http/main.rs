//! `bench-http`: our front beside nginx, same clients, same minute. `tests/bench/http/run` prepares and starts it.

mod servers;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use servers::{Peer, serve};

/// The image: as large as a whole root file system.
const IMAGE: u64 = 250 * 1024 * 1024;

/// Bytes of one range request.
const RANGE: u64 = 1024 * 1024;

/// Seconds of one run of the load generator.
const SECONDS: &str = "1";

const HELP: &str = "bench-http --peers FOLDER [--rounds N] [--only TEXT]\n\
    FOLDER holds the unpacked package nginx; every figure is the median of N rounds (default 11);\n\
    --only measures what has TEXT in its name.";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (mut peers, mut rounds, mut only) = (PathBuf::new(), 11, String::new());
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            // Our server runs as a process of its own, as the other does.
            "--serve" => return serve(&value()?, &value()?),
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
    bench(&peers, rounds, &only)
}

/// One way to take a figure of one server.
type Measure<'a> = Box<dyn Fn(&Peer) -> Result<f64> + 'a>;

fn bench(unpacked: &Path, rounds: usize, only: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let files = folder.path().join("files");
    std::fs::create_dir(&files)?;
    // Real bytes, all in the page cache: a hole would be read without it.
    let pattern: Vec<u8> = (0..=255).cycle().take(1024 * 1024).collect();
    std::fs::write(files.join("image"), pattern.repeat(usize::try_from(IMAGE)? / pattern.len()))?;
    std::fs::write(files.join("small"), &pattern[..4096])?;
    let script = folder.path().join("load.lua");
    std::fs::write(&script, include_str!("load.lua"))?;
    let peers = Peer::start_all(folder.path(), &files, unpacked)?;
    for peer in &peers {
        peer.wait_until_ready()?;
    }
    let load = |peer: &Peer, connections: &str, path: &str, arguments: &[&str]| {
        wrk(&script, connections, &peer.url(path), arguments)
    };
    let span = format!("{IMAGE}");
    let size = format!("{RANGE}");
    let figures: [(&str, &str, Measure<'_>); 6] = [
        ("image_1_stream", "MB/s", Box::new(|peer| curl(&peer.url("image")))),
        ("image_1_stream_kept", "MB/s", Box::new(|peer| Ok(load(peer, "1", "image", &[])?.megabytes))),
        ("image_16_streams", "MB/s", Box::new(|peer| Ok(load(peer, "16", "image", &[])?.megabytes))),
        (
            "ranges_of_1_mib_16_streams",
            "requests/s",
            Box::new(|peer| Ok(load(peer, "16", "image", &["range", &span, &size])?.requests)),
        ),
        ("small_16_streams", "requests/s", Box::new(|peer| Ok(load(peer, "16", "small", &[])?.requests))),
        (
            "small_16_streams_new_connections",
            "requests/s",
            Box::new(|peer| Ok(load(peer, "16", "small", &["close"])?.requests)),
        ),
    ];
    for (metric, unit, measure) in figures.iter().filter(|(metric, ..)| metric.contains(only)) {
        let mut rates = [Vec::new(), Vec::new()];
        let mut costs = [Vec::new(), Vec::new()];
        for round in 0..rounds {
            // Each second round in the other order, as a busy machine drifts.
            let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
            for index in order {
                let peer = &peers[index];
                let before = peer.processor_time()?;
                let started = Instant::now();
                let rate = measure(peer).with_context(|| format!("{metric} from {}", peer.name))?;
                let amount = rate * started.elapsed().as_secs_f64();
                rates[index].push(rate);
                costs[index].push(peer.processor_time()?.saturating_sub(before).as_secs_f64() * 1e6 / amount);
            }
        }
        print(metric, "higher", unit, peers[1].name, &mut rates);
        let per = unit.trim_end_matches("/s").trim_end_matches('s');
        print(&format!("{metric}_server_cpu"), "lower", &format!("us/{per}"), peers[1].name, &mut costs);
    }
    Ok(())
}

/// One download of the image by curl, in megabytes per second.
fn curl(url: &str) -> Result<f64> {
    let arguments = ["-sS", "--fail", "-o", "/dev/null", "-w", "%{speed_download} %{size_download}", url];
    let output = Command::new("curl").args(arguments).output().context("curl does not start")?;
    ensure!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let (speed, size) = text.split_once(' ').context("curl told no speed")?;
    ensure!(size.parse() == Ok(IMAGE), "curl got {size} bytes");
    Ok(speed.parse::<f64>()? / 1e6)
}

struct Load {
    requests: f64,
    megabytes: f64,
}

/// One run of wrk. The script prints requests, bytes, microseconds and errors.
fn wrk(script: &Path, connections: &str, url: &str, arguments: &[&str]) -> Result<Load> {
    let threads = if connections == "1" { "1" } else { "2" };
    let output = Command::new("wrk")
        .args([
            "--connections",
            connections,
            "--threads",
            threads,
            "--duration",
            SECONDS,
            "--timeout",
            "30",
            "--script",
        ])
        .arg(script)
        .args([url, "--"])
        .args(arguments)
        .output()
        .context("wrk does not start; install the package wrk")?;
    ensure!(output.status.success(), "wrk: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find_map(|line| line.strip_prefix("figures ")).context("wrk told no figures")?;
    let words: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [requests, bytes, micros, errors] = words[..] else { bail!("wrk told {line}") };
    ensure!(errors == 0.0, "wrk counted {errors} errors");
    Ok(Load { requests: requests * 1e6 / micros, megabytes: bytes / micros })
}

/// One line with the medians of ours and theirs.
fn print(metric: &str, better: &str, unit: &str, peer: &str, figures: &mut [Vec<f64>; 2]) {
    let [ours, theirs] = figures.each_mut().map(|figures| {
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
    });
    let round = |figure: f64| (figure * 1000.0).round() / 1000.0;
    let line = serde_json::json!({
        "bench": "http", "metric": metric, "ours": round(ours), "peer": round(theirs), "peer_name": peer,
        "ratio": round(ours / theirs), "better": better, "unit": unit,
    });
    println!("{line}");
}
