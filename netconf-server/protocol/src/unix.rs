//! NETCONF over a UNIX socket, for programs on the same machine. The kernel says who they are.

use crate::session::{Host, Peer, Source};
use std::collections::HashMap;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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

/// The part of all places that one user may have; root may have all.
const PART: usize = 4;

/// Places for sessions.
struct Places {
    free: Arc<Semaphore>,
    each: usize,
    /// What the sessions of a user share: there are as many as copies beside ours.
    users: HashMap<u32, Arc<()>>,
}

/// The place of a session; it is free when dropped.
struct Place {
    _permit: OwnedSemaphorePermit,
    _user: Arc<()>,
}

impl Places {
    fn new(limit: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(limit)), each: limit.div_ceil(PART), users: HashMap::new() }
    }

    /// A place for a session of a user, unless all are taken or the user has its part.
    fn take(&mut self, uid: u32) -> Option<Place> {
        self.users.retain(|_, sessions| Arc::strong_count(sessions) > 1);
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        let sessions = self.users.entry(uid).or_default();
        let may = uid == 0 || Arc::strong_count(sessions) <= self.each;
        may.then(|| Place { _permit: permit, _user: Arc::clone(sessions) })
    }
}

/// Accepts sessions until `stop` is cancelled, then ends all of them. `name` gives the name of a user by its id; who has
/// none is turned away, and so is a user other than root who has a quarter of the sessions already.
pub async fn run<H: Host>(
    listener: UnixListener,
    host: Arc<H>,
    limit: usize,
    name: impl Fn(u32) -> Option<String>,
    stop: CancellationToken,
) {
    let mut places = Places::new(limit);
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
        let (Some(user), Some(place)) = (name(uid), places.take(uid)) else {
            tracing::warn!(
                uid,
                limit,
                "refused a local session: unknown user, or too many sessions, of all or of the user"
            );
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
            drop(place);
        });
    }
    while sessions.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use super::{Places, listen, run};
    use crate::session::{Host, Peer, Source};
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    use tokio::net::UnixStream;
    use tokio_util::sync::CancellationToken;

    /// Says who it talks to, and waits.
    struct Named;

    impl Host for Named {
        async fn session<S>(&self, peer: Peer, mut stream: S)
        where
            S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        {
            assert!(matches!(peer.source, Source::Local { .. }));
            stream.write_all(format!("{}\n", peer.user).as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        }
    }

    #[tokio::test]
    async fn the_kernel_says_who_comes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        drop(listen(&path, 0o600).unwrap());
        // The socket of a server that is gone is taken over.
        let listener = listen(&path, 0o666).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666);
        let stop = CancellationToken::new();
        let name = |uid| Some(format!("user {uid}"));
        let server = tokio::spawn(run(listener, Arc::new(Named), 1, name, stop.clone()));
        let mut first = UnixStream::connect(&path).await.unwrap();
        let uid = own_uid(&path);
        let mut text = vec![0; format!("user {uid}\n").len()];
        first.read_exact(&mut text).await.unwrap();
        assert_eq!(text, format!("user {uid}\n").into_bytes());
        // There is one place only.
        let mut second = Vec::new();
        UnixStream::connect(&path).await.unwrap().read_to_end(&mut second).await.unwrap();
        assert!(second.is_empty());
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), server).await.expect("the server goes on").unwrap();
    }

    #[test]
    fn no_user_but_root_has_more_than_a_quarter() {
        let mut places = Places::new(8);
        let take = |places: &mut Places, uid, wanted: usize| {
            (0..wanted).map_while(|_| places.take(uid)).collect::<Vec<_>>()
        };
        let mut ann = take(&mut places, 1000, 9);
        let bob = take(&mut places, 1001, 9);
        assert_eq!((ann.len(), bob.len()), (2, 2));
        ann.pop();
        ann.extend(take(&mut places, 1000, 9));
        assert_eq!(ann.len(), 2, "a session that ended leaves its place");
        let root = take(&mut places, 0, 9);
        assert_eq!(root.len(), 4);
        drop(bob);
        assert!(places.take(1001).is_some());
        assert_eq!(take(&mut Places::new(1), 1000, 9).len(), 1, "there is one for everybody");
    }

    /// Who made the socket is who runs the test.
    fn own_uid(path: &std::path::Path) -> u32 {
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(path).unwrap())
    }

    #[tokio::test]
    async fn nobody_elses_file_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "kept").unwrap();
        assert!(listen(&path, 0o600).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept");
    }
}
