//! The `daybreak` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    daybreak::cli::main()
}
