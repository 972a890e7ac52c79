//! `daybreak image …`: the builder's own command line.

use anyhow::Result;
use std::process::ExitCode;

pub(super) use daybreak_image::cli::Command;

pub(super) fn run(json: bool, command: Command) -> Result<ExitCode> {
    daybreak_image::cli::run(command, json)?;
    Ok(ExitCode::SUCCESS)
}
