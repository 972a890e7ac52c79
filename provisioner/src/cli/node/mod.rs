//! `daybreak node …`.

mod add;
mod events;
mod show;
mod upgrade;
mod wait;

use super::client::Client;
use super::{Format, output};
use crate::api::NodeView;
use anyhow::Result;
use jiff::Timestamp;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Add nodes from a file, or one from flags.
    Add(add::Args),
    /// List the nodes.
    List,
    /// Show a node.
    Show {
        /// Its name.
        name: String,
    },
    /// Print a node's timeline, and why it failed if it did.
    Events(events::Args),
    /// Install a node, or install it again, at its next network boot.
    Deploy {
        /// Its name.
        name: String,
        #[command(flatten)]
        wait: wait::After,
    },
    /// Upgrade an active node to an image that is served here, over your own SSH, and wait for how it ends.
    Upgrade(upgrade::Args),
    /// Stop deploying a node.
    Abort {
        /// Its name.
        name: String,
    },
    /// Wait until a node is in a state.
    Wait(wait::Args),
    /// Print the SSH host keys of a node as lines of `known_hosts`.
    KnownHosts {
        /// Its name.
        name: String,
    },
    /// Delete a node with its timeline.
    Delete {
        /// Its name.
        name: String,
    },
}

pub(super) fn run(client: &Client, format: Format, command: Command) -> Result<ExitCode> {
    Client::block_on(async {
        match command {
            Command::Add(args) => add::run(client, format, args).await,
            Command::List => list(client, format).await,
            Command::Show { name } => {
                show::print(format, &client.get(&path(&name, "")).await?)?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Events(args) => events::run(client, format, args).await,
            Command::Deploy { name, wait } => {
                let view: NodeView = client.post(&path(&name, "/deploy"), &()).await?;
                wait.finish(client, format, &view).await
            }
            Command::Upgrade(args) => upgrade::run(client, format, args).await,
            Command::Abort { name } => {
                let view: NodeView = client.post(&path(&name, "/abort"), &()).await?;
                show::print(format, &view)?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Wait(args) => wait::run(client, format, &args).await,
            Command::KnownHosts { name } => {
                let view: NodeView = client.get(&path(&name, "")).await?;
                show::known_hosts(&view)?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Delete { name } => {
                client.delete(&path(&name, "")).await?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

/// The API's path of a node. A name that is none becomes a path that finds none.
pub(super) fn path(name: &str, rest: &str) -> String {
    let safe = name.parse::<crate::node::NodeName>().map_or_else(|_| "-".to_owned(), String::from);
    format!("/api/v1/nodes/{safe}{rest}")
}

async fn list(client: &Client, format: Format) -> Result<ExitCode> {
    let nodes: Vec<NodeView> = client.get("/api/v1/nodes").await?;
    if format == Format::Json {
        output::json(&nodes)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now();
    let rows: Vec<_> = nodes
        .into_iter()
        .map(|node| {
            [
                node.name.clone(),
                node.state.to_string(),
                output::ago(node.since, now),
                output::or_dash(node.address),
                node.macs.first().cloned().unwrap_or_default(),
                show::progress(&node),
            ]
        })
        .collect();
    output::table(["NAME", "STATE", "FOR", "ADDRESS", "MAC", "PROGRESS"], &rows)?;
    Ok(ExitCode::SUCCESS)
}
