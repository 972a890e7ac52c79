//! vrouterd as its own crate makes it, so that the tests here have one that is of the same sources.

use std::process::ExitCode;

fn main() -> ExitCode {
    daybreak_vrouter::cli::main()
}
