//! The one error type of the crate.

use std::io;
use std::path::{Path, PathBuf};

use crate::public::KeyId;

/// Why a key or a signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file that is not in minisign's format.
    #[error("{what}: {reason}")]
    Format {
        /// A public key, a secret key, a signature.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The signature was made with a key that is not trusted.
    #[error("it was signed with the key {signed}, which is not trusted; trusted are: {trusted}")]
    UnknownKey {
        /// The key that signed.
        signed: KeyId,
        /// The keys that are trusted.
        trusted: String,
    },
    /// The content is not what was signed.
    #[error("the content is not what the key {0} signed: it was changed or cut short after signing")]
    Content(KeyId),
    /// The comment is not what was signed.
    #[error("the trusted comment is not what the key {0} signed: the signature file was changed")]
    Comment(KeyId),
    /// A secret key that needs a password.
    #[error("the secret key is encrypted: give its password with --password-file")]
    NeedsPassword,
    /// The password is not that of the key, or the key is damaged.
    #[error("the secret key does not open: the password is wrong, or the file was changed")]
    Password,
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
    /// The content cannot be read.
    #[error("read what is signed: {0}")]
    Read(io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

impl TrustError {
    pub(crate) fn format(what: &'static str, reason: impl Into<String>) -> Self {
        Self::Format { what, reason: reason.into() }
    }

    /// For `map_err`: wraps an I/O error with what was being done to which file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
