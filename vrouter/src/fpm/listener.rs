//! The TCP server that zebra's `dplane_fpm_nl` connects to.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::decoder::Decoder;
use super::error::FrameError;
use super::message::FpmMessage;
use super::peer::{Peers, may_speak};

/// Bytes that are read at once.
const READ: usize = 64 * 1024;
/// Groups of messages that may wait; then TCP holds FRR back.
const WAITING: usize = 4;
/// Errors of one connection that are logged; all are counted.
const LOGGED: u64 = 10;
/// Pause after an accept that failed, as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Least time between two lines of the log about others than FRR.
const QUIET: Duration = Duration::from_mins(1);

/// What happens on the way from FRR.
#[derive(Debug, PartialEq, Eq)]
pub enum FpmEvent {
    /// FRR has connected, for the first time or again: it will send all its routes.
    Connected,
    /// What it said, in order. Never empty.
    Messages(Vec<FpmMessage>),
    /// The connection has ended.
    Lost,
}

/// Counters of the listener.
#[derive(Debug, Default)]
pub struct FpmStatistics {
    connected: AtomicBool,
    connections: AtomicU64,
    messages: AtomicU64,
    errors: AtomicU64,
}

impl FpmStatistics {
    /// Whether FRR is connected.
    pub fn connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Messages that were understood.
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Messages that were not understood, and connections that were closed for it.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    fn count(counter: &AtomicU64, number: u64) {
        counter.fetch_add(number, Ordering::Relaxed);
    }
}

/// A listener. FRR has one connection at a time; a newer one takes the place of an older. Connections of other users than
/// `frr`, root and our own are closed, for routes come this way.
#[derive(Debug)]
pub struct FpmListener {
    listener: TcpListener,
    peers: Peers,
    refused: Mutex<Refused>,
    address: SocketAddr,
    statistics: Arc<FpmStatistics>,
    to: mpsc::Sender<FpmEvent>,
}

/// Connections that were refused.
#[derive(Debug, Default)]
struct Refused {
    told: Option<Instant>,
    since: u64,
}

/// Why a connection ended.
#[derive(Debug, Error)]
enum End {
    #[error("FRR closed it")]
    Closed,
    #[error("a newer connection took its place")]
    Replaced(TcpStream),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("vrouterd stops")]
    Stopped,
}

impl FpmListener {
    /// Listens on an address. What comes is handed over by the receiver, in order. To be called in a runtime.
    ///
    /// # Errors
    /// When the address is not to be had, or `/proc` does not tell whose sockets there are.
    pub fn bind(address: SocketAddr) -> io::Result<(Self, mpsc::Receiver<FpmEvent>)> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let (to, events) = mpsc::channel(WAITING);
        let (peers, refused) = (Peers::open()?, Mutex::default());
        Ok((Self { listener, peers, refused, address, statistics: Arc::default(), to }, events))
    }

    /// The counters.
    pub fn statistics(&self) -> Arc<FpmStatistics> {
        Arc::clone(&self.statistics)
    }

    /// The address that it listens on, with the port that was chosen when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to stop or the receiver goes.
    pub async fn run(self, stop: CancellationToken) {
        let mut next = None;
        loop {
            let stream = if let Some(stream) = next.take() {
                stream
            } else {
                tokio::select! {
                    () = stop.cancelled() => return,
                    stream = self.accept() => stream,
                }
            };
            FpmStatistics::count(&self.statistics.connections, 1);
            self.statistics.connected.store(true, Ordering::Relaxed);
            tracing::info!("FRR has connected");
            let end = tokio::select! {
                () = stop.cancelled() => End::Stopped,
                end = self.serve(stream) => end,
            };
            self.statistics.connected.store(false, Ordering::Relaxed);
            tracing::info!(reason = %end, "the connection to FRR has ended; forwarding goes on with its routes");
            match end {
                End::Stopped => return,
                End::Replaced(stream) => next = Some(stream),
                End::Frame(_) => FpmStatistics::count(&self.statistics.errors, 1),
                End::Closed | End::Io(_) => {}
            }
            if self.to.send(FpmEvent::Lost).await.is_err() {
                return;
            }
        }
    }

    async fn accept(&self) -> TcpStream {
        loop {
            match self.listener.accept().await {
                // Nothing is awaited from here on: a connection is not lost when this future is dropped.
                Ok((stream, peer)) => {
                    let owner = stream.local_addr().ok().and_then(|own| self.peers.owner(peer, own));
                    if owner.is_some_and(may_speak) {
                        return stream;
                    }
                    self.refuse(peer, owner);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection of FRR");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn refuse(&self, peer: SocketAddr, uid: Option<u32>) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.since += 1;
        if refused.told.is_none_or(|told| told.elapsed() >= QUIET) {
            let connections = std::mem::take(&mut refused.since);
            refused.told = Some(Instant::now());
            tracing::warn!(%peer, uid, connections, "closed a connection: it is neither of FRR's user nor of root");
        }
    }

    /// Reads a connection to its end.
    async fn serve(&self, mut stream: TcpStream) -> End {
        if self.to.send(FpmEvent::Connected).await.is_err() {
            return End::Stopped;
        }
        let (mut decoder, mut buffer, mut wrong) = (Decoder::default(), vec![0; READ], 0);
        loop {
            let read = tokio::select! {
                read = stream.read(&mut buffer) => read,
                newer = self.accept() => return End::Replaced(newer),
            };
            let bytes = match read {
                Ok(0) => return End::Closed,
                Ok(read) => &buffer[..read],
                Err(error) => return error.into(),
            };
            let mut messages = Vec::new();
            let step = decoder.feed(bytes, |message| match message {
                Ok(message) => messages.push(message),
                Err(error) => {
                    wrong += 1;
                    FpmStatistics::count(&self.statistics.errors, 1);
                    if wrong <= LOGGED {
                        tracing::warn!(%error, "left out a message of FRR");
                    }
                }
            });
            FpmStatistics::count(&self.statistics.messages, messages.len() as u64);
            if !messages.is_empty() && self.to.send(FpmEvent::Messages(messages)).await.is_err() {
                return End::Stopped;
            }
            if let Err(error) = step {
                return error.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;

    /// `nobody` of Debian.
    const NOBODY: u32 = 65534;

    #[tokio::test(flavor = "multi_thread")]
    async fn other_users_than_frrs_are_sent_away() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let (listener, mut events) = FpmListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let (port, statistics, stop) =
            (listener.address().port(), listener.statistics(), CancellationToken::new());
        let task = tokio::spawn(listener.run(stop.clone()));
        // It ends when the connection does.
        let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; printf x >&3; timeout 20 cat <&3");
        let ended = tokio::task::spawn_blocking(move || {
            Command::new("bash").args(["-c", &script]).uid(NOBODY).gid(NOBODY).output().unwrap()
        });
        let ended = ended.await.unwrap();
        assert_ne!(ended.status.code(), Some(124), "it is still connected: {ended:?}");
        assert_eq!((statistics.connections(), statistics.errors()), (0, 0), "it was never heard");
        let _ours = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let event = tokio::time::timeout(Duration::from_secs(20), events.recv()).await.unwrap();
        assert_eq!((event, statistics.connections()), (Some(FpmEvent::Connected), 1));
        stop.cancel();
        task.await.unwrap();
    }
}
