//! Processes: a server that ends when dropped, and what processes have used.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};

/// A server.
pub(crate) struct Server {
    child: Child,
    name: String,
}

impl Server {
    /// Starts it and waits until `url` answers.
    pub(crate) fn start(command: &mut Command, url: &str) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut server = Self { child: child.with_context(|| format!("{name} does not start"))?, name };
        let start = Instant::now();
        while curl(&["-f", "-o", "/dev/null", url]).is_err() {
            let ended = server.child.try_wait()?;
            ensure!(ended.is_none(), "{} ended: {ended:?}", server.name);
            ensure!(start.elapsed() < Duration::from_mins(1), "{} does not answer at {url}", server.name);
            std::thread::park_timeout(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Time of the processor that it has used.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, rest) = stat.rsplit_once(')').context("no name in stat")?;
        let ticks: Vec<u64> = rest.split_ascii_whitespace().skip(11).take(2).flat_map(str::parse).collect();
        // A tick is a hundredth of a second on every Linux that users see.
        Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
    }

    /// Its memory in MiB.
    pub(crate) fn resident(&self) -> Result<f64> {
        resident(Path::new(&format!("/proc/{}/status", self.child.id())), "VmRSS:")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line of a `status` file, in MiB.
pub(crate) fn resident(status: &Path, key: &str) -> Result<f64> {
    let text = std::fs::read_to_string(status)?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)).context("no memory in status")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

/// Time of the processor that children which have ended have used.
pub(crate) fn children_cpu() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = [usage.user_time(), usage.system_time()]
        .map(|time| time.tv_sec().unsigned_abs() * 1_000_000 + time.tv_usec().unsigned_abs());
    Ok(Duration::from_micros(micros.iter().sum()))
}

/// What curl prints.
pub(crate) fn curl(arguments: &[&str]) -> Result<String> {
    let output = Command::new("curl").args(["-sS", "--max-time", "120"]).args(arguments).output();
    let output = output.context("curl does not start")?;
    ensure!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
