//! `daybreak discovered`.

use super::client::Client;
use super::{Format, output};
use crate::api::DiscoveredView;
use anyhow::Result;
use jiff::Timestamp;
use std::process::ExitCode;

pub(super) fn run(client: &Client, format: Format) -> Result<ExitCode> {
    let machines: Vec<DiscoveredView> = Client::block_on(client.get("/api/v1/discovered"))?;
    if format == Format::Json {
        output::json(&machines)?;
    } else {
        let now = Timestamp::now();
        let rows: Vec<_> = machines
            .into_iter()
            .map(|machine| [machine.mac, machine.peer.to_string(), output::ago(machine.last_seen, now)])
            .collect();
        output::table(["MAC", "ADDRESS", "SEEN"], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}
