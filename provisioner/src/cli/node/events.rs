//! `daybreak node events`.

use super::path;
use crate::cli::client::Client;
use crate::cli::{Format, output};
use crate::events::{Event, Level};
use anyhow::Result;
use http_body_util::BodyExt;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Name of the node.
    name: String,
    /// Go on printing what happens.
    #[arg(short, long)]
    follow: bool,
}

pub(super) async fn run(client: &Client, format: Format, args: Args) -> Result<ExitCode> {
    // The stream is opened before the list is read, so that nothing falls between the two.
    let stream = if args.follow {
        Some(client.send(http::Method::GET, "/api/v1/events", None::<&()>).await?)
    } else {
        None
    };
    let events = all(client, &args.name).await?;
    if format == Format::Json && !args.follow {
        output::json(&events)?;
        return Ok(ExitCode::SUCCESS);
    }
    for event in &events {
        print(format, event)?;
    }
    let Some(mut stream) = stream else {
        explain(&events);
        return Ok(ExitCode::SUCCESS);
    };
    let id: crate::api::NodeView = client.get(&path(&args.name, "")).await?;
    let mut last = events.last().map_or(0, |event| event.id);
    let mut pending = String::new();
    while let Some(frame) = stream.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        pending.push_str(&String::from_utf8_lossy(&data));
        while let Some(end) = pending.find("\n\n") {
            let block: String = pending.drain(..end + 2).collect();
            let Some(json) = block.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
            let event: Event = serde_json::from_str(json)?;
            if event.id > last && event.node.is_some_and(|node| node.to_string() == id.id) {
                last = event.id;
                print(format, &event)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn all(client: &Client, name: &str) -> Result<Vec<Event>> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.id);
        let page: Vec<Event> = client.get(&path(name, &format!("/events?after={after}"))).await?;
        if page.is_empty() {
            return Ok(events);
        }
        events.extend(page);
    }
}

fn print(format: Format, event: &Event) -> Result<()> {
    if format == Format::Json {
        println!("{}", serde_json::to_string(event)?);
    } else {
        let time = event.at.strftime("%Y-%m-%d %H:%M:%S%.3f");
        println!("{time}  {:<14} {}", event.code, event.message);
    }
    Ok(())
}

/// After a timeline that ended badly: what it means and what to do.
fn explain(events: &[Event]) {
    let Some(event) = events.iter().rev().find(|event| event.code.row().level == Level::Error) else {
        return;
    };
    let since = events.iter().rev().find(|event| event.code == crate::events::Code::StateChanged);
    if since.is_some_and(|changed| changed.id > event.id) {
        return;
    }
    let row = event.code.row();
    println!("\n{}: {}\n  Cause: {}\n  Remedy: {}", row.name, row.meaning, row.cause, row.remedy);
}
