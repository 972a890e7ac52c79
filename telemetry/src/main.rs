//! The `telemetryd` daemon.

use std::process::ExitCode;

fn main() -> ExitCode {
    daybreak_telemetry::cli::main()
}
