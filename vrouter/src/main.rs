//! The `vrouterd` daemon.

use std::process::ExitCode;

fn main() -> ExitCode {
    daybreak_vrouter::cli::main()
}
