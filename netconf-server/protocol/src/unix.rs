//! NETCONF over a UNIX socket, for programs on the same machine. The kernel says who they are.

use crate::session::{Host, Peer, Source};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Listens on a path, which is taken over from a server that is gone.
///
/// # Errors
/// If something other than a socket is there, or the folder is not for us.
pub fn listen(path: &Path, mode: u32) -> io::Result<UnixListener> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_socket() => std::fs::remove_file(path)?,
        Ok(_) => {
            let message = format!("{} is there and no socket", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

/// Accepts sessions until `stop` is cancelled, then ends all of them. `name` gives the name of a user by its id; who has
/// none is turned away.
pub async fn run<H: Host>(
    listener: UnixListener,
    host: Arc<H>,
    limit: usize,
    name: impl Fn(u32) -> Option<String>,
    stop: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(limit));
    let mut sessions = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = sessions.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let peer = accepted.and_then(|(stream, _)| Ok((stream.peer_cred()?.uid(), stream)));
        let (uid, stream) = match peer {
            Ok(peer) => peer,
            Err(error) => {
                // Out of descriptors or memory: the next attempt at once would spin.
                tracing::warn!(%error, "cannot accept a local session");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (Some(user), Ok(permit)) = (name(uid), permits.clone().try_acquire_owned()) else {
            tracing::warn!(uid, limit, "refused a local session: unknown user, or too many sessions");
            continue;
        };
        let host = host.clone();
        let stop = stop.clone();
        sessions.spawn(async move {
            let peer = Peer { user, source: Source::Local { uid } };
            tokio::select! {
                () = host.session(peer, stream) => {}
                () = stop.cancelled() => {}
            }
            drop(permit);
        });
    }
    while sessions.join_next().await.is_some() {}
}
