//! Transfers by HTTP.

use super::{percent, size};
use crate::events::{Code, NewEvent};
use crate::node::{InstallStep, Progress, State};
use crate::service::Service;
use daybreak_http::{Event, Outcome, Transfer};
use serde_json::json;

impl Service {
    pub(super) fn told_http(&self, event: &Event) -> Option<NewEvent> {
        let Event::Transfer(transfer) = event else {
            // Not of a node: an address that opens too much, or speaks no HTTP.
            tracing::debug!(?event, "HTTP request refused");
            return None;
        };
        let node = self.seen_at(transfer.peer.ip())?;
        let Transfer { path, peer, total, size: whole, .. } = transfer;
        let first = transfer.range.map_or(0, |(first, _)| first);
        let file = path.rsplit('/').next().unwrap_or(path);
        let sent = match transfer.outcome {
            Outcome::Started => 0,
            Outcome::Progress { sent, .. } | Outcome::Done { sent, .. } | Outcome::Aborted { sent, .. } => {
                sent
            }
        };
        // The installer reports its own steps; before it runs, the transfers are the progress.
        let installing =
            node.status.progress.as_ref().is_some_and(|p| InstallStep::from_name(&p.what).is_some());
        if node.state == State::Deploying && !node.status.installed && !installing {
            let bytes = first + sent;
            let progress =
                Progress { what: file.to_owned(), percent: percent(bytes, *whole), bytes, total: *whole };
            self.engine.registry().see(node.id, |status| status.progress = Some(progress));
        }
        let rate = transfer.outcome.rate();
        let at = rate.map_or_else(String::new, |rate| format!(" at {}/s", size(rate)));
        let (code, message) = match &transfer.outcome {
            Outcome::Started | Outcome::Progress { .. } => return None,
            Outcome::Done { .. } => (Code::HttpSent, format!("{path}: {}{at}", size(sent))),
            Outcome::Aborted { reason, .. } => {
                let message = format!(
                    "{path}: {} of {}, {} %: {reason}",
                    size(sent),
                    size(*total),
                    percent(sent, *total)
                );
                (Code::HttpAborted, message)
            }
        };
        let fields = json!({"path": &**path, "peer": peer, "bytes": sent, "total": total, "rate": rate});
        Some(self.engine.event(Some(node.id), code, message, fields))
    }
}
