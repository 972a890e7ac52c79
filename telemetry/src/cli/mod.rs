//! The command line of `telemetryd`.

mod check;
mod log;
mod notify;
mod pid_file;
mod serve;

use crate::{catalogue, grafana};
use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

/// Reads KPIs of this machine and sends them to databases.
#[derive(Debug, Parser)]
#[command(
    name = "telemetryd",
    version,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    serve: Option<serve::Run>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say whether a configuration is right, and what is wrong with it.
    Check(check::Check),
    /// Print the KPI catalogue: a page of the manual, or JSON.
    Kpis {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a dashboard for Grafana, as JSON.
    Grafana {
        /// Of what.
        #[arg(long, value_enum, default_value_t)]
        profile: Profile,
    },
}

/// The dashboards that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Profile {
    /// A router.
    #[default]
    Router,
}

/// Runs the command; 0 is success, 1 a failure that stderr tells of, 2 a wrong use.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match (arguments.verb, arguments.serve) {
        (Some(Verb::Check(check)), _) => check::run(&check),
        (Some(Verb::Kpis { json }), _) => print_catalogue(json).map(|()| ExitCode::SUCCESS),
        (Some(Verb::Grafana { profile: Profile::Router }), _) => print_router().map(|()| ExitCode::SUCCESS),
        (None, Some(serve)) => serve::run(&serve).map(|()| ExitCode::SUCCESS),
        // clap shows the help instead.
        (None, None) => Ok(ExitCode::SUCCESS),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("telemetryd: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print_catalogue(json: bool) -> anyhow::Result<()> {
    print(&if json { format!("{:#}\n", catalogue::json()) } else { catalogue::manual() })
}

fn print_router() -> anyhow::Result<()> {
    print(&format!("{:#}\n", grafana::router()?))
}

fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        // `telemetryd kpis | head` is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}
