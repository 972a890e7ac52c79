//! Text parsed at the edge: each type here can only hold what the appliance can use, and says so when it refuses.

#[macro_use]
mod macros;
mod crypt;
mod file;
mod host;
mod size;
mod ssh_key;
mod time;
mod unix;
mod url;

pub use crypt::HashedPassword;
pub use file::{FileMode, FileOwner, FilePath, PlainText, Sha256};
pub use host::{Fqdn, Hostname, InstanceId};
pub use size::Size;
pub use ssh_key::SshKey;
pub use time::Timezone;
pub use unix::{SudoRule, UnixName};
pub use url::{HttpUrl, SeedUrl};

/// Why a piece of text was refused: what it is meant to be, what was given, what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given} is not {what}: {accepted}")]
pub struct TextError {
    what: &'static str,
    given: String,
    accepted: &'static str,
}

impl TextError {
    /// `given` is quoted with its control characters escaped and cut at 80 characters, so that an error cannot forge
    /// a log line.
    pub(crate) fn new(what: &'static str, given: &str, accepted: &'static str) -> Self {
        const SHOWN: usize = 80;
        let cut: String = given.chars().take(SHOWN).collect();
        let more = if given.chars().nth(SHOWN).is_some() { "…" } else { "" };
        Self { what, given: format!("{cut:?}{more}"), accepted }
    }

    /// For secrets: names the type and the rule, never the value.
    pub(crate) fn hidden(what: &'static str, accepted: &'static str) -> Self {
        Self { what, given: "the given text".to_owned(), accepted }
    }
}
