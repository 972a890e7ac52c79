//! Keys of the server.

use russh::keys::{PrivateKey, load_secret_key};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A host key that cannot be used.
#[derive(Debug, Error)]
pub enum HostKeyError {
    /// It is not there, or not for us.
    #[error("cannot read the host key {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// As `sshd`, which refuses keys that others can read.
    #[error("the host key {path} has mode {mode:04o}; others must not read it: chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// No private key in OpenSSH's or PEM format, or one with a passphrase.
    #[error("{path} is not a private key without a passphrase: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        source: russh::keys::Error,
    },
    /// A server needs one.
    #[error("none of these host keys is there: {}; make them with ssh-keygen -A", list(.0))]
    None(Vec<PathBuf>),
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Reads the keys that are there; at least one must be.
///
/// # Errors
/// [`HostKeyError`] for a key that is there and cannot be used, or if there is none.
pub fn load_host_keys<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<PrivateKey>, HostKeyError> {
    let mut keys = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let meta = match std::fs::metadata(path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => return Err(HostKeyError::Read { path: path.to_owned(), source }),
        };
        if meta.mode() & 0o077 != 0 {
            return Err(HostKeyError::Open { path: path.to_owned(), mode: meta.mode() & 0o7777 });
        }
        let key = load_secret_key(path, None)
            .map_err(|source| HostKeyError::Parse { path: path.to_owned(), source })?;
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(HostKeyError::None(paths.iter().map(|path| path.as_ref().to_owned()).collect()));
    }
    Ok(keys)
}
