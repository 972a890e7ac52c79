//! `telemetryd check FILE`.

use crate::catalogue::CATALOGUE;
use crate::config::Config;
use crate::config::yaml::{self, ConfigError};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The file (docs/telemetry.md).
    file: PathBuf,
    /// How to say it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// For people: a line, or what is wrong on stderr.
    #[default]
    Text,
    /// For programs: one object on stdout either way.
    Json,
}

/// Says whether the file is right: the exit code tells it as well.
pub(super) fn run(check: &Check) -> anyhow::Result<ExitCode> {
    let outcome = yaml::load(&check.file);
    let code = if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    match (outcome, check.output) {
        (Ok(config), Format::Text) => super::print(&summary(&check.file, &config))?,
        (Err(error), Format::Text) => return Err(error.into()),
        (Ok(config), Format::Json) => super::print(&format!("{:#}\n", right(&check.file, &config)))?,
        (Err(error), Format::Json) => super::print(&format!("{:#}\n", wrong(&check.file, &error)))?,
    }
    Ok(code)
}

fn summary(file: &Path, config: &Config) -> String {
    let databases: Vec<_> = config.influxdb.iter().map(|output| output.name.as_str()).collect();
    let prometheus =
        config.prometheus.map_or_else(|| "none".to_owned(), |endpoint| endpoint.listen.to_string());
    format!("{}: right; databases: {}; prometheus: {prometheus}\n", file.display(), databases.join(", "))
}

fn right(file: &Path, config: &Config) -> Value {
    let disabled = |name: &str| config.sets.iter().any(|(set, own)| set.set().name == name && !own.enabled);
    let sets: Vec<_> = CATALOGUE.iter().map(|set| set.name).filter(|name| !disabled(name)).collect();
    json!({
        "file": file,
        "valid": true,
        "databases": config.influxdb.iter().map(|output| output.name.as_str()).collect::<Vec<_>>(),
        "prometheus": config.prometheus.map(|endpoint| endpoint.listen.to_string()),
        "sets": sets,
    })
}

fn wrong(file: &Path, error: &ConfigError) -> Value {
    let place = error.place();
    json!({
        "file": file,
        "valid": false,
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "error": error.brief(),
    })
}
