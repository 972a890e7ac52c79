//! Points per second into `InfluxDB`. Ours makes points, checks them, writes lines, keeps them in its queue on disk and
//! sends them; the others only send files that were made before: curl one after the other as ours does, and curl with four
//! connections, which is what this database can take here.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use daybreak_telemetry::config::{Influxdb, Size};
use daybreak_telemetry::gate::Gate;
use daybreak_telemetry::influx::{Output, Target};
use daybreak_telemetry::line;
use daybreak_telemetry::queue::Queue;
use tokio_util::sync::CancellationToken;

use crate::points::{BATCH, BATCHES, batch, common, point};
use crate::process::{children_cpu, resident};
use crate::{Figures, influx};

const POINTS: u32 = BATCH * BATCHES;

/// All rounds of both.
pub(crate) fn bench(rounds: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let _influx = influx::start(folder.path())?;
    let names = ["ours", "curl", "curl4"];
    write_files(folder.path())?;
    let mut rates: [Vec<f64>; 3] = Default::default();
    let mut costs: [Vec<f64>; 3] = Default::default();
    let mut memory = Vec::new();
    for round in 0..rounds {
        // Each second round in the other order, as a busy machine drifts.
        let order = if round % 2 == 0 { [0, 1, 2] } else { [2, 1, 0] };
        for index in order {
            let database = format!("{}{round}", names[index]);
            influx::create(&database)?;
            let (before, start) = (children_cpu()?, Instant::now());
            let said = match index {
                0 => run_ours(&database, folder.path())?,
                1 => send(folder.path(), &database, &[])?,
                _ => send(folder.path(), &database, &["--parallel", "--parallel-max", "4"])?,
            };
            let (seconds, used) = (start.elapsed().as_secs_f64(), children_cpu()?.saturating_sub(before));
            influx::check_and_drop(&database, POINTS)?;
            rates[index].push(f64::from(POINTS) / seconds);
            costs[index].push(used.as_secs_f64() * 1e6 / f64::from(POINTS));
            if index == 0 {
                memory.push(said.trim().parse::<f64>().context("ours told no memory")?);
            }
        }
    }
    let [ours, curl, four] = rates;
    let unit = "points/s";
    Figures([ours.clone(), curl]).print("write_1_connection", "higher", unit, "curl, bodies made before");
    Figures([ours, four]).print(
        "write_ingest_limit",
        "higher",
        unit,
        "curl with 4 connections, bodies made before",
    );
    let [ours, curl, _] = costs;
    Figures([ours, curl]).print("write_cpu", "lower", "us/point", "curl, bodies made before");
    // The limit of the unit of the package.
    let limit = vec![256.0; memory.len()];
    Figures([memory, limit]).print("write_memory", "lower", "MiB", "MemoryMax of telemetryd.service");
    Ok(())
}

/// The bodies, and the file that tells curl where they go.
fn write_files(folder: &Path) -> Result<()> {
    let mut requests = Vec::new();
    for number in 0..BATCHES {
        let file = folder.join(format!("body{number}"));
        std::fs::write(&file, batch(number))?;
        let (url, file) = (format!("{}/write?db=DATABASE&precision=ns", influx::URL), file.display());
        requests.push(format!("url = \"{url}\"\ndata-binary = \"@{file}\"\nfail\nsilent\n"));
    }
    std::fs::write(folder.join("requests"), requests.join("next\n"))?;
    Ok(())
}

fn send(folder: &Path, database: &str, more: &[&str]) -> Result<String> {
    let text = std::fs::read_to_string(folder.join("requests"))?.replace("DATABASE", database);
    let file = folder.join("requests.now");
    std::fs::write(&file, text)?;
    run(Command::new("curl").args(more).arg("--config").arg(&file))
}

fn run_ours(database: &str, folder: &Path) -> Result<String> {
    let queue = folder.join(format!("queue-{database}"));
    run(Command::new(std::env::current_exe()?).arg("--write").arg(database).arg(queue))
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} does not start"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The process of our writer: from points in memory to the last answer of the database. Prints its largest memory in MiB.
pub(crate) fn ours(database: &str, queue: &Path) -> Result<()> {
    let target = Influxdb {
        name: "bench".parse().map_err(anyhow::Error::msg)?,
        url: influx::URL.parse().map_err(anyhow::Error::msg)?,
        database: database.to_owned(),
        retention_policy: None,
        login: None,
        queue_limit: Size::DEFAULT,
    };
    let queue = Queue::open(queue, 1 << 30)?;
    let output = Arc::new(Output::new("bench".to_owned(), Target::new(&target, None)?, queue));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let sender = tokio::spawn(Arc::clone(&output).run(stop.clone()));
        let filling = Arc::clone(&output);
        tokio::task::spawn_blocking(move || fill(&filling)).await??;
        while output.figures().waiting > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stop.cancel();
        sender.await?;
        let figures = output.figures();
        ensure!(figures.delivered == u64::from(POINTS) && figures.failures == 0, "{figures:?}");
        println!("{}", resident(Path::new("/proc/self/status"), "VmHWM:")?);
        Ok(())
    })
}

fn fill(output: &Output) -> Result<()> {
    let (common, mut gate) = (common(), Gate::default());
    for first in (0..POINTS).step_by(BATCH as usize) {
        let mut text = String::new();
        for number in first..first + BATCH {
            let (point, time) = point(number);
            gate.admit(&point)?;
            line::write(&mut text, &point, &common, time);
        }
        output.append(text.as_bytes(), BATCH)?;
    }
    Ok(())
}
