//! What an appliance says of its upgrades, as `vrouter -o json upgrade status` prints it.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// The part of the status that tells whether a switch was judged.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Status {
    /// The switch that waits for a verdict.
    #[serde(default)]
    pending: Option<Value>,
    /// The last verdict.
    #[serde(default)]
    last: Option<Last>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Last {
    to: Image,
    outcome: String,
    reason: String,
    /// Seconds since 1970.
    at: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Image {
    version: String,
}

/// How a switch ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The image runs and stays.
    Kept {
        /// Its version.
        version: String,
    },
    /// It does not run, or is not well.
    Lost {
        /// Its version.
        version: String,
        /// Why.
        reason: String,
    },
}

impl Status {
    /// Reads what the appliance printed.
    pub(super) fn read(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).context("the answer of `vrouter upgrade status` is not understood")
    }

    /// The verdict of a switch that began after `before` was seen; `None` while there is none.
    pub(super) fn outcome_after(&self, before: &Self) -> Option<Outcome> {
        let last = self.last.as_ref().filter(|_| self.pending.is_none() && self.last != before.last)?;
        let version = last.to.version.clone();
        Some(match last.outcome.as_str() {
            "confirmed" => Outcome::Kept { version },
            _ => Outcome::Lost { version, reason: last.reason.clone() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status(pending: bool, last: Option<(&str, &str, u64)>) -> Status {
        let image = |version| json!({"slot": "b", "name": "vrouter", "version": version});
        let last = last.map(|(version, outcome, at)| {
            json!({"kind": "upgrade", "from": image("0"), "to": image(version), "outcome": outcome, "reason": "why", "at": at})
        });
        let pending = pending.then(|| json!({"kind": "upgrade", "to": image("2")}));
        let text =
            json!({"running": "a", "state": "confirmed", "pending": pending, "last": last}).to_string();
        Status::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn only_a_verdict_after_the_beginning_counts() {
        let kept = |version: &str| Some(Outcome::Kept { version: version.to_owned() });
        let lost =
            |version: &str| Some(Outcome::Lost { version: version.to_owned(), reason: "why".to_owned() });
        for (before, after, expected) in [
            (status(false, None), status(false, None), None),
            (status(false, None), status(true, None), None),
            (status(false, None), status(false, Some(("2", "confirmed", 9))), kept("2")),
            (status(false, None), status(false, Some(("2", "fell-back", 9))), lost("2")),
            (status(false, None), status(false, Some(("2", "stuck", 9))), lost("2")),
            (status(false, Some(("2", "confirmed", 9))), status(false, Some(("2", "confirmed", 9))), None),
            (status(false, Some(("2", "confirmed", 9))), status(true, Some(("2", "confirmed", 9))), None),
            (
                status(false, Some(("2", "confirmed", 9))),
                status(false, Some(("2", "confirmed", 11))),
                kept("2"),
            ),
        ] {
            assert_eq!(after.outcome_after(&before), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn what_is_no_status_is_refused() {
        for text in ["", "sudo: a password is required", "{\"last\": 3}"] {
            assert!(Status::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
