//! What the keeper tells the front: one JSON object a line.

use serde::{Deserialize, Serialize};

/// A report of the keeper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "lowercase")]
pub(super) enum Message {
    /// Something is being prepared; no clock runs yet.
    Preparing {
        /// What.
        what: String,
    },
    /// An event of the timeline.
    Event {
        /// Seconds since power-on.
        seconds: f64,
        /// Code of the event.
        code: String,
        /// Its message.
        text: String,
    },
    /// How far a long step is.
    Progress {
        /// What is moved or done.
        what: String,
        /// 0 to 100.
        percent: u8,
        /// Bytes so far.
        bytes: u64,
        /// Bytes in all, 0 when unknown.
        total: u64,
    },
    /// The appliance is up and routes.
    Ready {
        /// What to try, each with its command.
        commands: Vec<(String, String)>,
        /// What the appliance said about itself.
        greeting: String,
    },
    /// It did not work.
    Failed {
        /// Why.
        error: String,
        /// The node's timeline.
        events: String,
        /// The end of the machine's console.
        console: String,
    },
}

impl Message {
    /// The line to send.
    pub(super) fn line(&self) -> String {
        // No map with odd keys is in it, so it cannot fail.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_and_reads_back() {
        let message = Message::Failed {
            error: "two\nlines".to_owned(),
            events: String::new(),
            console: "\u{1b}[0m".to_owned(),
        };
        let line = message.line();
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(serde_json::from_str::<Message>(&line).unwrap(), message);
    }
}
