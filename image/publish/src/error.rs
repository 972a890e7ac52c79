//! The one error type of the crate.

use std::io;
use std::path::{Path, PathBuf};

/// Why an image could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// An image, or an argument about it, that cannot be used.
    #[error("{path}: {reason}")]
    Image {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// What another run left cannot be gone on with.
    #[error("{path}: {reason}")]
    State {
        /// The file that remembers the run.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// No usable login, or a configuration of logins that cannot be read.
    #[error("{0}")]
    Login(String),
    /// An answer did not come.
    #[error("{call}: no answer from {place}: {reason}")]
    Transport {
        /// The call, by the name that the cloud gives it.
        call: &'static str,
        /// The address.
        place: String,
        /// The cause, and after how many tries.
        reason: String,
    },
    /// The cloud refused.
    #[error("{call}: {said}{hint}")]
    Refused {
        /// The call, by the name that the cloud gives it.
        call: &'static str,
        /// The cloud's name for the reason.
        code: String,
        /// The cloud's own words.
        said: String,
        /// What to do, where that is known: empty, or a sentence after a line break.
        hint: String,
    },
    /// The cloud's answer is not as its interface says.
    #[error("{call}: an answer that cannot be used: {reason}")]
    Answer {
        /// The call, by the name that the cloud gives it.
        call: &'static str,
        /// What is missing or wrong.
        reason: String,
    },
    /// The cloud has other bytes than the file.
    #[error("{what}: the cloud computed {theirs}, the file has {ours}")]
    Digest {
        /// What was compared.
        what: String,
        /// From the cloud.
        theirs: String,
        /// Computed here.
        ours: String,
    },
    /// A failure that leaves something in the cloud.
    #[error("{source}\n{left}")]
    Left {
        /// What failed.
        source: Box<PublishError>,
        /// What is left, how to go on and how to remove it.
        left: String,
    },
    /// A file cannot be read or written.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl PublishError {
    /// For `map_err`: wraps an I/O error with what was being done to which file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// For images.
    pub(crate) fn image(path: &Path, reason: impl Into<String>) -> Self {
        Self::Image { path: path.to_owned(), reason: reason.into() }
    }

    /// For what another run left.
    pub(crate) fn state(path: &Path, reason: impl Into<String>) -> Self {
        Self::State { path: path.to_owned(), reason: reason.into() }
    }

    /// Adds what is left in the cloud.
    pub(crate) fn leaving(self, left: String) -> Self {
        Self::Left { source: Box::new(self), left }
    }
}
