//! `daybreak leases`.

use super::client::Client;
use super::{Format, output};
use crate::api::LeaseView;
use anyhow::Result;
use std::process::ExitCode;

pub(super) fn run(client: &Client, format: Format) -> Result<ExitCode> {
    let leases: Vec<LeaseView> = Client::block_on(client.get("/api/v1/leases"))?;
    if format == Format::Json {
        output::json(&leases)?;
    } else {
        let rows: Vec<_> = leases
            .into_iter()
            .map(|lease| {
                [
                    lease.address.to_string(),
                    output::or_dash(lease.mac),
                    output::or_dash(lease.node),
                    output::or_dash(lease.hostname),
                    lease.expires.to_string(),
                ]
            })
            .collect();
        output::table(["ADDRESS", "MAC", "NODE", "HOSTNAME", "EXPIRES"], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}
