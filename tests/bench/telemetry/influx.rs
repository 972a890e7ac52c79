//! The database.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::process::{Server, curl};

pub(crate) const URL: &str = "http://127.0.0.1:8086";

/// Starts `influxd` with its data in a folder.
pub(crate) fn start(folder: &Path) -> Result<Server> {
    let (at, file) = (folder.display(), folder.join("influxdb.conf"));
    let text = format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:8088\"\n[meta]\ndir = \"{at}/meta\"\n\
         [data]\ndir = \"{at}/data\"\nwal-dir = \"{at}/wal\"\nquery-log-enabled = false\n\
         [monitor]\nstore-enabled = false\n[http]\nbind-address = \"127.0.0.1:8086\"\nlog-enabled = false\n"
    );
    std::fs::write(&file, text)?;
    Server::start(Command::new("influxd").arg("run").arg("-config").arg(&file), &format!("{URL}/ping"))
}

/// Makes a database.
pub(crate) fn create(database: &str) -> Result<()> {
    ask(&format!("CREATE DATABASE {database}"), "").map(drop)
}

/// Proves that it has so many points, and removes it.
pub(crate) fn check_and_drop(database: &str, points: u32) -> Result<()> {
    let answer = ask("SELECT count(rx_packets) FROM dataplane_port", database)?;
    let found = answer["results"][0]["series"][0]["values"][0][1].as_u64().context("no count")?;
    ensure!(found == u64::from(points), "{found} of {points} points are in {database}");
    ask(&format!("DROP DATABASE {database}"), "").map(drop)
}

fn ask(query: &str, database: &str) -> Result<serde_json::Value> {
    let url = format!("{URL}/query?db={database}");
    let answer = curl(&["-f", &url, "--data-urlencode", &format!("q={query}")])?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    ensure!(answer["results"][0].get("error").is_none(), "{query}: {answer}");
    Ok(answer)
}
