//! `daybreak serve`.

use crate::service;
use crate::site::load;
use anyhow::{Context, Result};
use jiff::Timestamp;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site file (docs/site.md).
    site: PathBuf,
    /// What to log, such as `info` or `debug,sqlx=warn`.
    #[arg(long, env = "DAYBREAK_LOG", default_value = "info")]
    log: String,
    /// Log as JSON, one object a line.
    #[arg(long)]
    log_json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let filter = EnvFilter::try_new(&args.log).context("--log")?;
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if args.log_json {
        log.json().init();
    } else {
        log.init();
    }
    let site = load(&args.site)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            stopped.cancel();
        });
        service::run(site, Timestamp::now, stop).await.map_err(anyhow::Error::from)
    })?;
    Ok(ExitCode::SUCCESS)
}
