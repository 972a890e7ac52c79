//! `netconfd`, the NETCONF server of the appliance.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use netconf_server::server::config::{Config, FILE};
use netconf_server::server::run;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The NETCONF server of the appliance.
#[derive(Debug, Parser)]
#[command(name = "netconfd", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve until SIGTERM or SIGINT; SIGHUP brings the router to its configuration once more
    Serve {
        /// Configuration file; all of it has defaults
        #[arg(long, default_value = FILE, value_name = "FILE")]
        config: PathBuf,
    },
    /// Check a configuration file
    Check {
        /// The file
        #[arg(default_value = FILE, value_name = "FILE")]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().verb {
        Verb::Serve { config } => serve(&config),
        Verb::Check { config } => Config::load(&config).map(|_| ()).map_err(Into::into),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("netconfd: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(path: &std::path::Path) -> Result<()> {
    let config = Config::load(path)?;
    start_log();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let mut terminate = signal(SignalKind::terminate()).context("cannot watch SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot watch SIGINT")?;
        let mut hang_up = signal(SignalKind::hangup()).context("cannot watch SIGHUP")?;
        let again = Arc::new(Notify::new());
        let (told, look) = (stop.clone(), Arc::clone(&again));
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => break,
                    _ = interrupt.recv() => break,
                    _ = hang_up.recv() => look.notify_one(),
                }
            }
            told.cancel();
        });
        run(config, ready, again, stop).await.map_err(Into::into)
    })
}

fn ready(addresses: &[std::net::SocketAddr]) {
    for address in addresses {
        tracing::info!(%address, "NETCONF over SSH is served");
    }
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

/// `RUST_LOG` chooses what is logged; under systemd the journal adds the time.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,russh=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr);
    if std::env::var_os("JOURNAL_STREAM").is_some() { log.without_time().init() } else { log.init() }
}
