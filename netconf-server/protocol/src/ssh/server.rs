//! Accepting connections.

use super::SOFTWARE;
use super::connection::{self, Shared};
use super::killable::Killable;
use crate::session::Host;
use russh::keys::{PrivateKey, PublicKey};
use russh::{MethodKind, MethodSet, SshId, server};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Says who may come in.
pub trait Authenticator: Send + Sync + 'static {
    /// Whether the key is one of that user's. The user may not exist.
    fn permits(&self, user: &str, key: &PublicKey, from: SocketAddr) -> impl Future<Output = bool> + Send;
}

/// How much connections may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SshLimits {
    /// Connections at once, also those that have not authenticated.
    pub connections: usize,
    /// Sessions of one connection.
    pub channels: usize,
    /// Attempts to authenticate on one connection.
    pub attempts: usize,
    /// Time in which a session must have begun.
    pub login: Duration,
    /// Time for which a connection stays open after its last session.
    pub linger: Duration,
    /// How often a silent peer is asked whether it is still there.
    pub keepalive: Duration,
}

impl Default for SshLimits {
    /// 128 connections with 8 sessions and 6 attempts each; 30 s to begin, 2 s to leave, a question every 30 s.
    fn default() -> Self {
        Self {
            connections: 128,
            channels: 8,
            attempts: 6,
            login: Duration::from_secs(30),
            linger: Duration::from_secs(2),
            keepalive: Duration::from_secs(30),
        }
    }
}

/// Questions that may stay without an answer.
const KEEPALIVES: usize = 3;

/// Serves the subsystem `netconf`, nothing else, to users with a key.
pub struct SshServer<A, H> {
    config: Arc<server::Config>,
    shared: Arc<Shared<A, H>>,
}

impl<A: Authenticator, H: Host> SshServer<A, H> {
    /// A server with its keys.
    pub fn new(keys: Vec<PrivateKey>, limits: SshLimits, authenticator: A, host: Arc<H>) -> Self {
        let config = server::Config {
            server_id: SshId::Standard(SOFTWARE.into()),
            methods: MethodSet::from(&[MethodKind::PublicKey][..]),
            keys,
            auth_rejection_time: Duration::from_millis(200),
            auth_rejection_time_initial: Some(Duration::ZERO),
            max_auth_attempts: limits.attempts,
            // Above what unanswered questions take, so that only a peer that takes no bytes either gets here.
            inactivity_timeout: Some(
                limits.keepalive.saturating_mul(2 + u32::try_from(KEEPALIVES).unwrap_or(3)),
            ),
            keepalive_interval: Some(limits.keepalive),
            keepalive_max: KEEPALIVES,
            channel_buffer_size: 16,
            nodelay: true,
            ..server::Config::default()
        };
        Self { config: Arc::new(config), shared: Arc::new(Shared { authenticator, host, limits }) }
    }

    /// Accepts connections until `stop` is cancelled, then ends all of them.
    pub async fn run(&self, listener: TcpListener, stop: CancellationToken) {
        let permits = Arc::new(Semaphore::new(self.shared.limits.connections));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors or memory: the next attempt at once would spin.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(permit) = permits.clone().try_acquire_owned() else {
                tracing::warn!(%from, limit = self.shared.limits.connections, "too many connections: refused one");
                continue;
            };
            let (config, shared, token) = (self.config.clone(), self.shared.clone(), stop.child_token());
            connections.spawn(async move {
                connect(config, shared, stream, from, token).await;
                drop(permit);
            });
        }
        while connections.join_next().await.is_some() {}
    }
}

async fn connect<A: Authenticator, H: Host>(
    config: Arc<server::Config>,
    shared: Arc<Shared<A, H>>,
    stream: TcpStream,
    from: SocketAddr,
    token: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%from, %error, "cannot set TCP_NODELAY");
    }
    connection::run(config, shared, Killable::new(stream, &token), from, token).await;
}
