//! `daybreak node wait`, and `--wait` of other verbs.

use super::{path, show};
use crate::api::NodeView;
use crate::cli::client::Client;
use crate::cli::{Format, exit};
use crate::node::State;
use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How often the node is looked at: an answer from memory.
const LOOK: Duration = Duration::from_millis(250);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Name of the node.
    name: String,
    /// State to wait for.
    #[arg(long = "for", default_value = "active", value_parser = state)]
    state: State,
    /// Give up after so long.
    #[arg(long, default_value = "30m", value_parser = duration)]
    timeout: Duration,
}

/// Flags of verbs that start something.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct After {
    /// Wait until the node is active, with its progress.
    #[arg(long)]
    wait: bool,
    /// Give up waiting after so long.
    #[arg(long, default_value = "30m", value_parser = duration, requires = "wait")]
    timeout: Duration,
}

impl After {
    /// Whether to wait at all.
    pub(super) fn is_wanted(&self) -> bool {
        self.wait
    }

    pub(super) async fn finish(&self, client: &Client, format: Format, node: &NodeView) -> Result<ExitCode> {
        if self.wait {
            let args = Args { name: node.name.clone(), state: State::Active, timeout: self.timeout };
            return run(client, format, &args).await;
        }
        show::print(format, node)?;
        Ok(ExitCode::SUCCESS)
    }
}

pub(super) async fn run(client: &Client, format: Format, args: &Args) -> Result<ExitCode> {
    // indicatif draws nothing when stderr is not a terminal.
    let bar = ProgressBar::new(100);
    bar.set_style(ProgressStyle::with_template("{prefix} {bar:30} {percent:>3} % {msg}")?);
    let give_up = Instant::now() + args.timeout;
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let node: NodeView = client.get(&path(&args.name, "")).await?;
        bar.set_prefix(format!("{} {}", node.name, node.state));
        if let Some(progress) = &node.progress {
            bar.set_position(progress.percent.into());
            bar.set_message(progress.what.clone());
        }
        let failed = rests_in(&node, State::Failed);
        let reached = rests_in(&node, args.state);
        if reached || failed || Instant::now() >= give_up {
            bar.finish_and_clear();
            show::print(format, &node)?;
            if !reached {
                eprintln!("daybreak: node {} is {}, not {}", node.name, node.state, args.state);
            }
            return Ok(if reached { ExitCode::SUCCESS } else { ExitCode::from(exit::NOT_REACHED) });
        }
    }
}

/// Whether it is in that state, and nothing that was asked for and is not judged yet may take it out of it.
fn rests_in(node: &NodeView, state: State) -> bool {
    node.state == state && node.intent.is_none()
}

fn state(text: &str) -> Result<State, String> {
    State::from_name(text).ok_or_else(|| {
        let names: Vec<_> = crate::node::TABLE.iter().map(|row| row.name).collect();
        format!("no such state; one of {}", names.join(", "))
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text.parse().map_err(|error| format!("{error}; write 30m or 1h"))?;
    Duration::try_from(span).map_err(|_| "it is negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{NodeView, State, rests_in};
    use crate::node::Intent;

    #[test]
    fn what_was_asked_for_is_not_over_before_it_began() {
        let mut node = crate::testing::node("r1", State::Active);
        assert!(rests_in(&NodeView::from(&node), State::Active));
        assert!(!rests_in(&NodeView::from(&node), State::Failed));
        node.intent = Some(Intent::Deploy);
        assert!(!rests_in(&NodeView::from(&node), State::Active));
    }
}
