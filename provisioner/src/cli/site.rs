//! `daybreak site …`.

use super::{Format, output};
use crate::service::check;
use crate::site::load;
use anyhow::Result;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Read a site file, its images and its templates, and say what is wrong.
    Check {
        /// The site file.
        file: PathBuf,
    },
}

pub(super) fn run(format: Format, command: &Command) -> Result<ExitCode> {
    let Command::Check { file } = command;
    let site = load(file)?;
    let images = check(&site)?;
    if format == Format::Json {
        output::json(&serde_json::json!({"valid": true, "images": images.names().collect::<Vec<_>>()}))?;
    } else {
        println!(
            "{}: valid; {} subnet(s), {} image(s)",
            file.display(),
            site.subnets.len(),
            images.names().count()
        );
    }
    Ok(ExitCode::SUCCESS)
}
