//! A node's timeline as the command line prints it, line by line.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{LabError, Result};
use crate::patience::Patience;
use crate::process::Process;
use crate::text_log::Mark;

/// An entry of a node's timeline.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Event {
    /// Grows with each event of the site.
    pub id: i64,
    /// When the provisioner saw it.
    pub at: Timestamp,
    /// Stable code, such as `INSTALL-STEP`.
    pub code: String,
    /// One line for a person.
    pub message: String,
    /// The same as data.
    #[serde(default)]
    pub fields: Value,
}

/// Follows `daybreak node events NAME --follow -o json`.
pub struct Timeline {
    follower: Process,
    mark: Mark,
    seen: Vec<Event>,
}

impl Timeline {
    /// Reads what the follower prints.
    pub fn new(follower: Process) -> Self {
        Self { follower, mark: Mark::default(), seen: Vec::new() }
    }

    /// Everything read so far.
    pub fn seen(&self) -> &[Event] {
        &self.seen
    }

    /// Waits for the next event.
    ///
    /// # Errors
    /// When none comes in time, or the follower ends or prints what is no event.
    pub fn next(&mut self, patience: Patience) -> Result<Event> {
        let log = self.follower.output();
        let end = log.wait_for(self.mark, "\n", patience)?;
        let text = log.since(self.mark);
        let line = text.split('\n').next().unwrap_or_default();
        let event: Event = serde_json::from_str(line)
            .map_err(|e| LabError::Answer { what: format!("timeline: {line}"), reason: e.to_string() })?;
        self.mark = end;
        self.seen.push(event.clone());
        Ok(event)
    }

    /// Waits for an event that `wanted` accepts. Stops early at an event that says that the node failed.
    ///
    /// # Errors
    /// When it does not come in time, or the node failed instead; the text has the end of the timeline.
    pub fn wait(
        &mut self,
        awaited: &str,
        mut patience: Patience,
        wanted: impl Fn(&Event) -> bool,
    ) -> Result<Event> {
        loop {
            let Some(slice) = patience.next_wait(Duration::from_secs(5)) else {
                let seen = self.tail();
                return Err(LabError::TimedOut {
                    awaited: awaited.to_owned(),
                    waited: patience.waited(),
                    seen,
                });
            };
            match self.next(Patience::new(slice)) {
                Ok(event) if wanted(&event) => return Ok(event),
                Ok(event) if event.is_failure() => {
                    let seen = self.tail();
                    return Err(LabError::Ended {
                        watched: "deployment".into(),
                        awaited: awaited.into(),
                        seen,
                    });
                }
                Ok(_) | Err(LabError::TimedOut { .. }) => {}
                Err(other) => return Err(other),
            }
        }
    }

    /// Waits for an event with this code.
    ///
    /// # Errors
    /// As [`Timeline::wait`].
    pub fn wait_code(&mut self, code: &str, patience: Patience) -> Result<Event> {
        self.wait(code, patience, |event| event.code == code)
    }

    /// The last events, for messages.
    pub fn tail(&self) -> String {
        let from = self.seen.len().saturating_sub(30);
        let lines: Vec<_> =
            self.seen[from..].iter().map(|e| format!("{} {:<14} {}", e.at, e.code, e.message)).collect();
        lines.join("\n")
    }
}

impl Event {
    /// Whether the node cannot become active after this.
    pub fn is_failure(&self) -> bool {
        ["STATE-FAILED", "INSTALL-FAILED", "BOOT-REFUSED"].contains(&self.code.as_str())
    }

    /// Whether it has this code and this text in its message.
    pub fn says(&self, code: &str, text: &str) -> bool {
        self.code == code && self.message.contains(text)
    }
}

/// The first of `phases` that is missing from `events`, where each must come after the one before.
pub fn missing_phase<'a>(events: &[Event], phases: &[(&'a str, &'a str)]) -> Option<(&'a str, &'a str)> {
    let mut rest = events.iter();
    phases.iter().copied().find(|(code, text)| !rest.any(|event| event.says(code, text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: &str, message: &str) -> Event {
        serde_json::from_value(
            serde_json::json!({"id": 1, "at": "2026-01-01T00:00:00Z", "code": code, "message": message}),
        )
        .unwrap()
    }

    #[test]
    fn phases_must_come_in_order() {
        let events = [event("A", "one"), event("B", "two"), event("A", "three")];
        assert_eq!(missing_phase(&events, &[("A", "one"), ("A", "three")]), None);
        assert_eq!(missing_phase(&events, &[("B", ""), ("A", "one")]), Some(("A", "one")));
        assert_eq!(missing_phase(&events, &[("C", "")]), Some(("C", "")));
    }

    #[test]
    fn a_failed_install_is_a_failure() {
        assert!(event("INSTALL-FAILED", "").is_failure());
        assert!(!event("INSTALL-STEP", "").is_failure());
    }
}
