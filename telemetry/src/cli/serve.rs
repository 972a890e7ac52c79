//! `telemetryd --config FILE`.

use super::log;
use super::notify::notify;
use super::pid_file::PidFile;
use crate::config::yaml;
use crate::service::{Daemon, ServiceError};
use anyhow::{Context, Result};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// Run with this configuration (docs/telemetry.md); SIGHUP reads it again.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Write the number of the process to this file once it works.
    #[arg(long, value_name = "FILE")]
    pid_file: Option<PathBuf>,
    /// What to log, such as `info` or `debug`.
    #[arg(long, env = "DAYBREAK_LOG", default_value = "info")]
    log: String,
}

/// The signals that the daemon knows, each once.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

pub(super) fn run(arguments: &Run) -> Result<()> {
    let filter = EnvFilter::try_new(&arguments.log).context("--log")?;
    // systemd sets it when stderr goes to the journal (systemd.exec(5)).
    log::start(filter, std::env::var_os("JOURNAL_STREAM").is_some());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before the first reading: a signal that comes early must not end the process the hard way.
        let mut signals = Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        };
        let config = yaml::load(&arguments.config)?;
        let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let mut daemon = Daemon::start(&config, machine, Timestamp::now).await?;
        let _pid_file = arguments.pid_file.as_deref().map(PidFile::write).transpose()?;
        notify("READY=1\nSTATUS=reading");
        let outcome = work(&mut daemon, &arguments.config, &mut signals).await;
        let stopped = daemon.stop().await;
        Ok(outcome.and(stopped)?)
    })
}

/// Works until told to end.
async fn work(daemon: &mut Daemon, file: &Path, signals: &mut Signals) -> Result<(), ServiceError> {
    let mut reloads = 0;
    loop {
        tokio::select! {
            error = daemon.failed() => return Err(error),
            _ = signals.terminate.recv() => break,
            _ = signals.interrupt.recv() => break,
            _ = signals.hangup.recv() => {
                reloads += 1;
                reload(daemon, file, reloads).await?;
            }
        }
    }
    tracing::info!("stopping");
    notify("STOPPING=1");
    Ok(())
}

/// Reads the configuration again. A bad one is refused and the old one stays; only a panic is an error.
///
/// The status tells how it went, and the `number` of the reload: whoever sent SIGHUP finds its own answer by it.
async fn reload(daemon: &mut Daemon, file: &Path, number: u64) -> Result<(), ServiceError> {
    let refused = |error: &str| {
        tracing::error!(error, "configuration refused; the old one stays");
        notify(&format!("STATUS=reading; reload {number} was refused: {error}"));
    };
    let config = match yaml::load(file) {
        Ok(config) => config,
        Err(error) => {
            refused(&error.to_string());
            daemon.refused_reload();
            return Ok(());
        }
    };
    match daemon.reload(&config).await {
        Ok(()) => {
            tracing::info!(file = %file.display(), "configuration read again");
            notify(&format!("STATUS=reading; reload {number} was taken"));
        }
        Err(error @ ServiceError::Round(_)) => return Err(error),
        Err(error) => refused(&format!("{}: {error}", file.display())),
    }
    Ok(())
}
