//! The socket of the control service. Its file permissions are the access control.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use nix::unistd::Group;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::transport::server::{Connected, UdsConnectInfo};

/// Connections at once; more wait until one ends.
const CONNECTIONS: usize = 64;
/// Pause after an accept that failed, as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Why there is no control socket.
#[derive(Debug, Error)]
pub enum SocketError {
    /// Somebody listens there.
    #[error("{0} is in use: another vrouterd runs")]
    InUse(PathBuf),
    /// The file system refused.
    #[error("cannot make the control socket {path}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Listens at `path` for root and the members of `group`. Where there is no such group, for root alone. A socket that
/// nobody listens at any more is replaced.
///
/// # Errors
/// When another process listens there or the file system refuses.
pub fn listen(path: &Path, group: &str) -> Result<UnixListener, SocketError> {
    let failed = |source| SocketError::Io { path: path.to_owned(), source };
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket()) {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(SocketError::InUse(path.to_owned()));
        }
        fs::remove_file(path).map_err(failed)?;
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // Made under another name, so that nobody can connect before the permissions are set.
    let hidden = path.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&hidden);
    let listener = UnixListener::bind(&hidden).map_err(failed)?;
    let found = Group::from_name(group).ok().flatten();
    if found.is_none() {
        tracing::info!(group, "there is no such group: the control socket is for root alone");
    }
    let mode = if found.is_some() { 0o660 } else { 0o600 };
    let outcome = found
        .map_or(Ok(()), |group| chown(&hidden, None, Some(group.gid.as_raw())))
        .and_then(|()| fs::set_permissions(&hidden, Permissions::from_mode(mode)))
        .and_then(|()| fs::rename(&hidden, path));
    outcome.inspect_err(|_| drop(fs::remove_file(&hidden))).map_err(failed)?;
    Ok(listener)
}

/// A connection that counts.
#[derive(Debug)]
pub(super) struct Connection {
    stream: UnixStream,
    _place: OwnedSemaphorePermit,
}

/// The connections to a listener.
pub(super) fn connections(listener: UnixListener) -> impl Stream<Item = io::Result<Connection>> {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    futures_util::stream::unfold((listener, places), |(listener, places)| async {
        let place = Arc::clone(&places).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    return Some((Ok(Connection { stream, _place: place }), (listener, places)));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a control connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    })
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Connected for Connection {
    type ConnectInfo = UdsConnectInfo;

    fn connect_info(&self) -> UdsConnectInfo {
        self.stream.connect_info()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn is_for_root_alone_without_the_group_and_takes_an_orphan_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/v.sock");
        let first = listen(&path, "no-such-group").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(listen(&path, "no-such-group"), Err(SocketError::InUse(_))));
        drop(first);
        listen(&path, "no-such-group").expect("nobody listens at it any more");
        assert_eq!(fs::read_dir(folder.path().join("run")).unwrap().count(), 1, "nothing else is left there");
    }

    #[tokio::test]
    async fn members_of_the_group_may_use_it() {
        // The group of root is there on every machine.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.sock");
        let _listener = listen(&path, "root").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    }
}
