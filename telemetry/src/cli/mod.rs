//! The command line of `telemetryd`.

mod log;
mod serve;

use crate::catalogue;
use crate::config::yaml;
use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
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
    Check {
        /// The file (docs/telemetry.md).
        file: PathBuf,
    },
    /// Print the KPI catalogue: a page of the manual, or JSON.
    Kpis {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command; 0 is success, 1 a failure that stderr tells of, 2 a wrong use.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match (arguments.verb, arguments.serve) {
        (Some(Verb::Check { file }), _) => check(&file),
        (Some(Verb::Kpis { json }), _) => print_catalogue(json),
        (None, Some(serve)) => serve::run(&serve),
        // clap shows the help instead.
        (None, None) => Ok(()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("telemetryd: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn check(file: &std::path::Path) -> anyhow::Result<()> {
    let config = yaml::load(file)?;
    let databases: Vec<_> = config.influxdb.iter().map(|output| output.name.as_str()).collect();
    let prometheus =
        config.prometheus.map_or_else(|| "none".to_owned(), |endpoint| endpoint.listen.to_string());
    print(&format!(
        "{}: right; databases: {}; prometheus: {prometheus}\n",
        file.display(),
        databases.join(", ")
    ))
}

fn print_catalogue(json: bool) -> anyhow::Result<()> {
    print(&if json { format!("{:#}\n", catalogue::json()) } else { catalogue::manual() })
}

fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        // `telemetryd kpis | head` is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}
