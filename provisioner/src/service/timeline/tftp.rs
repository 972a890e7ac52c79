//! Transfers by TFTP.

use super::size;
use crate::events::{Code, NewEvent};
use crate::service::Service;
use daybreak_tftp::{Event, EventKind, FailReason};
use serde_json::json;

impl Service {
    pub(super) fn told_tftp(&self, event: &Event) -> Option<NewEvent> {
        let node = self.seen_at(event.client.ip())?;
        let name = &event.name;
        let (code, message) = match &event.kind {
            // A ROM asks for the size first and declines the transfer that comes with it.
            EventKind::Started { .. }
            | EventKind::Progress { .. }
            | EventKind::Failed { reason: FailReason::Declined { .. }, .. } => return None,
            EventKind::Finished { bytes, resent, .. } => {
                let at = event.kind.rate().map_or_else(String::new, |rate| format!(" at {}/s", size(rate)));
                let again =
                    if *resent > 0 { format!(", {resent} packets sent again") } else { String::new() };
                (Code::TftpSent, format!("{name}: {}{at}{again}", size(*bytes)))
            }
            EventKind::Failed { acked, size: whole, reason, .. } => {
                (Code::TftpFailed, format!("{name}: {} of {}: {reason}", size(*acked), size(*whole)))
            }
            EventKind::Refused(refusal) => (Code::TftpRefused, format!("{name}: {refusal}")),
        };
        Some(self.engine.event(Some(node.id), code, message, json!({"name": &**name, "peer": event.client})))
    }
}
