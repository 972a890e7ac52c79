//! The command line of `vrouterd`.

mod ctl;
mod log;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::config::{self, Config, DEFAULT_FILE, Ports};

/// The data plane of the appliance.
#[derive(Debug, Parser)]
#[command(name = "vrouterd", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Move packets until SIGTERM.
    Serve {
        /// The configuration; where the default is not there, every key has its default.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Say whether a configuration is right, and what is wrong with it.
    Check {
        /// The file (docs/dataplane.md).
        file: PathBuf,
    },
    /// Reserve huge pages and give network devices to DPDK; the service does it before it starts.
    Bind {
        /// The configuration; where the default is not there, every key has its default.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Ask a running vrouterd.
    Ctl(ctl::Arguments),
    /// Print the reasons for dropped packets, as a page of the manual.
    Drops,
}

/// Runs the command; 0 is success, 1 a failure that stderr tells of, 2 a wrong use.
pub fn main() -> ExitCode {
    let outcome = match Arguments::parse().verb {
        Verb::Serve { config } => load(config.as_deref()).and_then(|config| {
            log::start();
            crate::daemon::run(&config)
        }),
        Verb::Check { file } => check(&file),
        Verb::Bind { config } => load(config.as_deref()).and_then(|config| {
            log::start();
            crate::bind::run(&config)
        }),
        Verb::Ctl(arguments) => ctl::run(&arguments),
        Verb::Drops => table::print(&crate::forward::manual()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vrouterd: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn load(file: Option<&Path>) -> Result<Config> {
    match file {
        Some(file) => Ok(config::load(file)?),
        None if Path::new(DEFAULT_FILE).exists() => Ok(config::load(Path::new(DEFAULT_FILE))?),
        None => Ok(Config::default()),
    }
}

fn check(file: &Path) -> Result<()> {
    let config = config::load(file)?;
    let ports = match &config.ports {
        Ports::Auto => "by what `vrouterd bind` finds".to_owned(),
        Ports::List(ports) => ports.len().to_string(),
    };
    table::print(&format!("{}: right; ports: {ports}; FPM: {}\n", file.display(), config.fpm.listen))
}
