//! `telemetryd --config FILE`.

use super::log;
use crate::config::yaml;
use crate::service;
use anyhow::{Context, Result};
use jiff::Timestamp;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// Run with this configuration (docs/telemetry.md).
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// What to log, such as `info` or `debug`.
    #[arg(long, env = "DAYBREAK_LOG", default_value = "info")]
    log: String,
}

pub(super) fn run(arguments: &Run) -> Result<()> {
    let filter = EnvFilter::try_new(&arguments.log).context("--log")?;
    // systemd sets it when stderr goes to the journal (systemd.exec(5)).
    log::start(filter, std::env::var_os("JOURNAL_STREAM").is_some());
    let config = yaml::load(&arguments.config)?;
    let host = config
        .host
        .clone()
        .unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned());
    let machine = service::machine(&config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let running = service::run(config, machine, host, Timestamp::now, stop.clone());
        tokio::pin!(running);
        let outcome = tokio::select! {
            outcome = &mut running => outcome,
            () = async { tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} } } => {
                tracing::info!("stopping");
                stop.cancel();
                running.await
            }
        };
        Ok(outcome?)
    })
}
