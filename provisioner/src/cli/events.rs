//! `daybreak events`: the catalogue.

use super::{Format, output};
use crate::events::{CATALOGUE, Code, Level, manual};
use anyhow::{Result, bail};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Explain this code only.
    code: Option<String>,
    /// Print the page of the manual.
    #[arg(long)]
    manual: bool,
}

#[derive(serde::Serialize)]
struct Entry {
    code: Code,
    level: Level,
    meaning: &'static str,
    cause: &'static str,
    remedy: &'static str,
}

pub(super) fn run(format: Format, args: &Args) -> Result<ExitCode> {
    if args.manual {
        print!("{}", manual());
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = CATALOGUE
        .iter()
        .filter(|row| args.code.as_ref().is_none_or(|code| row.name.eq_ignore_ascii_case(code)))
        .collect();
    if rows.is_empty() {
        bail!(
            "there is no event code {:?}; `daybreak events` lists them",
            args.code.as_deref().unwrap_or("")
        );
    }
    if format == Format::Json {
        let entries: Vec<_> = rows
            .iter()
            .map(|row| Entry {
                code: row.code,
                level: row.level,
                meaning: row.meaning,
                cause: row.cause,
                remedy: row.remedy,
            })
            .collect();
        output::json(&entries)?;
    } else {
        for row in rows {
            println!("{}\n  {}\n  Cause: {}", row.name, row.meaning, row.cause);
            if !row.remedy.is_empty() {
                println!("  Remedy: {}", row.remedy);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
