//! `vrouter`, the command line of the appliance.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    netconf_server::cli::Cli::parse().run()
}
