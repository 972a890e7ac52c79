//! `vrouter`, the command line of the appliance.

use std::process::ExitCode;

fn main() -> ExitCode {
    netconf_server::cli::run(std::env::args_os())
}
