//! One connection of a server.

use super::SUBSYSTEM;
use super::server::{Authenticator, SshLimits};
use crate::session::{Host, Peer, Source};
use russh::keys::{Algorithm, PublicKey};
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, ChannelOpenFailure};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What all connections have in common.
pub(super) struct Shared<A, H> {
    pub(super) authenticator: A,
    pub(super) host: Arc<H>,
    pub(super) limits: SshLimits,
}

/// Runs a connection until it is over, with all its sessions. Cancelling `token` breaks `stream`, and so ends it.
pub(super) async fn run<A: Authenticator, H: Host, S>(
    config: Arc<Config>,
    shared: Arc<Shared<A, H>>,
    stream: S,
    from: SocketAddr,
    token: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sessions, active) = watch::channel(0);
    let tasks = TaskTracker::new();
    let limits = shared.limits;
    let connection = Connection {
        shared,
        from,
        user: None,
        channels: HashMap::new(),
        tasks: tasks.clone(),
        sessions: Arc::new(sessions),
    };
    let running = async {
        match russh::server::run_stream(config, stream, connection).await {
            Ok(running) => running.await,
            Err(error) => Err(error),
        }
    };
    tokio::pin!(running);
    let result = tokio::select! {
        result = &mut running => result,
        () = unused(active, limits.login, limits.linger) => {
            token.cancel();
            running.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%from, %error, "connection ended");
    }
    token.cancel();
    tasks.close();
    tasks.wait().await;
}

/// Returns when there was no session for too long.
async fn unused(mut active: watch::Receiver<usize>, login: Duration, linger: Duration) {
    let mut patience = login;
    loop {
        let began = active.wait_for(|sessions| *sessions > 0);
        match tokio::time::timeout(patience, began).await {
            Err(_) => return,
            Ok(Err(_)) => break,
            Ok(Ok(_)) => {}
        }
        if active.wait_for(|sessions| *sessions == 0).await.is_err() {
            break;
        }
        patience = linger;
    }
    // The connection is gone, and the caller notices that by itself.
    std::future::pending::<()>().await;
}

struct Connection<A, H> {
    shared: Arc<Shared<A, H>>,
    from: SocketAddr,
    /// Who authenticated.
    user: Option<String>,
    /// Channels without a session.
    channels: HashMap<ChannelId, Channel<Msg>>,
    tasks: TaskTracker,
    sessions: Arc<watch::Sender<usize>>,
}

impl<A: Authenticator, H: Host> Connection<A, H> {
    async fn authenticate(&self, user: &str, key: &PublicKey, algorithm: &Algorithm) -> Auth {
        // Signatures with SHA-1 can be forged.
        let forgeable = matches!(algorithm, Algorithm::Rsa { hash: None } | Algorithm::Dsa);
        if !forgeable && self.shared.authenticator.permits(user, key, self.from).await {
            Auth::Accept
        } else {
            Auth::reject()
        }
    }
}

impl<A: Authenticator, H: Host> Handler for Connection<A, H> {
    type Error = russh::Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        Ok(self.authenticate(user, offer.public_key, offer.algorithm).await)
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let auth = self.authenticate(user, key.public_key, key.algorithm).await;
        if auth == Auth::Accept {
            self.user = Some(user.to_owned());
        }
        Ok(auth)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        if self.channels.len() + *self.sessions.borrow() >= self.shared.limits.channels {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        }
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        self.channels.remove(&channel);
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let user = self.user.clone().filter(|_| name == SUBSYSTEM);
        let (Some(user), Some(channel)) = (user, self.channels.remove(&id)) else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        self.sessions.send_modify(|sessions| *sessions += 1);
        let (host, sessions) = (self.shared.host.clone(), self.sessions.clone());
        let peer = Peer { user, source: Source::Ssh(self.from) };
        self.tasks.spawn(async move {
            host.session(peer, channel.into_stream()).await;
            sessions.send_modify(|sessions| *sessions -= 1);
        });
        Ok(())
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _data: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }
}
