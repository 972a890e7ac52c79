//! The API's UNIX socket.

use axum::Router;
use nix::sys::stat::{Mode, umask};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

/// The socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process answers on it.
    #[error("{0} is in use: another `daybreak serve` answers there; stop it or set another `api.socket`")]
    InUse(PathBuf),
    /// The system refused.
    #[error("cannot listen on {path}: {source}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A bound socket, its file removed when [`ApiServer::run`] ends.
#[derive(Debug)]
pub struct ApiServer {
    listener: UnixListener,
    path: PathBuf,
}

/// Binds the socket, readable and writable for the owner and the group only.
///
/// # Errors
/// When another process answers on it or the system refuses.
pub fn bind(path: &Path) -> Result<ApiServer, BindError> {
    let io = |source| BindError::Io { path: path.to_owned(), source };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(io)?;
    }
    if path.exists() {
        if StdStream::connect(path).is_ok() {
            return Err(BindError::InUse(path.to_owned()));
        }
        // What a killed process left.
        std::fs::remove_file(path).map_err(io)?;
    }
    let old = umask(Mode::from_bits_truncate(0o117));
    let listener = UnixListener::bind(path).map_err(io);
    umask(old);
    Ok(ApiServer { listener: listener?, path: path.to_owned() })
}

impl ApiServer {
    /// Serves until cancelled.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn run(self, router: Router, stop: CancellationToken) -> std::io::Result<()> {
        let served = tokio::select! {
            served = axum::serve(self.listener, router).into_future() => served,
            () = stop.cancelled() => Ok(()),
        };
        // Gone already is as good.
        let _ = std::fs::remove_file(&self.path);
        served
    }
}

#[cfg(test)]
mod tests {
    use super::{BindError, bind};
    use std::os::unix::fs::PermissionsExt;

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("api.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let server = bind(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        assert!(matches!(bind(&path), Err(BindError::InUse(_))));
        drop(server);
    }
}
