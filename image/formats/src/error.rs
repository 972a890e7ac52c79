//! The one error type of the crate.

use std::io;

/// Why a file of a format could not be written or looked at.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A disk that the format cannot hold.
    #[error("{format}: a disk of {size} bytes cannot be written: {reason}")]
    Size {
        /// The format.
        format: &'static str,
        /// Bytes of the disk.
        size: u64,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A text that the format cannot hold.
    #[error("{field} {text:?}: {reason}")]
    Text {
        /// What the text is for.
        field: &'static str,
        /// The text.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// The reader or writer that the caller passed in failed.
    #[error("{action}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The cause.
        source: io::Error,
    },
}

impl FormatError {
    /// For `map_err`: wraps an I/O error with what was being done.
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }
}
