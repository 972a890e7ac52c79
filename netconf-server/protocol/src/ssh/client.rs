//! The client's side.

use super::SOFTWARE;
use super::SUBSYSTEM;
use super::killable::Killable;
use crate::capability::{BASE_1_0, BASE_1_1};
use crate::framing::Limits;
use crate::session::{Client, ClientError, RawReply};
use russh::client::{self, Handle, Handler, Msg};
use russh::keys::known_hosts::{check_known_hosts_path, known_host_keys_path};
use russh::keys::{Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_secret_key};
use russh::{ChannelStream, Disconnect, Preferred, SshId};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A server and how to get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Name or address.
    pub host: String,
    /// TCP port, mostly 830.
    pub port: u16,
    /// User.
    pub user: String,
    /// File with the user's private key.
    pub key: PathBuf,
    /// File with the keys of known hosts; a host that is not in it is not talked to.
    pub known_hosts: PathBuf,
}

/// Why there is no session.
#[derive(Debug, Error)]
pub enum SshClientError {
    /// All of it took too long.
    #[error("no session with {host} within {deadline:?}")]
    Deadline {
        /// The host.
        host: String,
        /// The time.
        deadline: Duration,
    },
    /// No TCP connection.
    #[error("cannot connect to {host} port {port}: {source}")]
    Connect {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// The private key cannot be read.
    #[error("cannot read the private key {path}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: russh::keys::Error,
    },
    /// The host is not known, or has another key than it had.
    #[error("the host key of {host} is not trusted: {why}; put it into {known_hosts} if it is right")]
    HostKey {
        /// The host.
        host: String,
        /// What is wrong.
        why: String,
        /// The file.
        known_hosts: PathBuf,
    },
    /// The server does not let the user in.
    #[error("{host} does not accept the key {path} of user {user}")]
    Refused {
        /// The host.
        host: String,
        /// The user.
        user: String,
        /// The file.
        path: PathBuf,
    },
    /// SSH itself.
    #[error("SSH with {host}: {source}")]
    Ssh {
        /// The host.
        host: String,
        /// Why.
        source: russh::Error,
    },
    /// NETCONF.
    #[error(transparent)]
    Netconf(#[from] ClientError),
}

/// A session with a server over SSH. However it ends, and when it is dropped, the connection is closed.
pub struct SshClient {
    session: Client<ChannelStream<Msg>>,
    handle: Handle<KnownHosts>,
    /// Breaks the connection.
    _guard: DropGuard,
}

impl SshClient {
    /// Begins a session.
    ///
    /// # Errors
    /// [`SshClientError`]; nothing stays open.
    pub async fn connect(
        target: &Target,
        limits: Limits,
        deadline: Duration,
    ) -> Result<Self, SshClientError> {
        timeout(deadline, connect(target, limits, deadline)).await.map_err(|_| {
            let host = target.host.clone();
            SshClientError::Deadline { host, deadline }
        })?
    }

    /// What the server offers.
    pub fn capabilities(&self) -> &[String] {
        &self.session.server().capabilities
    }

    /// Number of the session.
    pub fn session_id(&self) -> Option<u32> {
        self.session.server().session_id
    }

    /// Sends an operation and waits for the answer; see [`Client::rpc`].
    ///
    /// # Errors
    /// As [`Client::rpc`].
    pub async fn rpc(&mut self, operation: &str, deadline: Duration) -> Result<RawReply, ClientError> {
        self.session.rpc(operation, deadline).await
    }

    /// Ends the session and the connection, whatever the server does.
    ///
    /// # Errors
    /// [`ClientError`] if the server did not agree.
    pub async fn close(self, deadline: Duration) -> Result<(), ClientError> {
        let result = self.session.close(deadline).await;
        let _: Result<_, _> =
            timeout(deadline, self.handle.disconnect(Disconnect::ByApplication, "", "en")).await;
        result
    }
}

async fn connect(target: &Target, limits: Limits, deadline: Duration) -> Result<SshClient, SshClientError> {
    let Target { host, port, user, key: path, known_hosts } = target;
    let ssh = |source| SshClientError::Ssh { host: host.clone(), source };
    let key =
        load_secret_key(path, None).map_err(|source| SshClientError::Key { path: path.clone(), source })?;
    let stream = TcpStream::connect((&**host, *port))
        .await
        .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
        .map_err(|source| SshClientError::Connect { host: host.clone(), port: *port, source })?;
    let config = client::Config {
        client_id: SshId::Standard(SOFTWARE.into()),
        keepalive_interval: Some(Duration::from_secs(30)),
        nodelay: true,
        preferred: Preferred { key: known_algorithms(target)?.into(), ..Preferred::default() },
        ..client::Config::default()
    };
    let token = CancellationToken::new();
    let guard = token.clone().drop_guard();
    let known = KnownHosts { host: host.clone(), port: *port, file: known_hosts.clone() };
    let mut handle = client::connect_stream(Arc::new(config), Killable::new(stream, &token), known).await?;
    let hash = handle.best_supported_rsa_hash().await.map_err(ssh)?.flatten();
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    if !handle.authenticate_publickey(user, key).await.map_err(ssh)?.success() {
        return Err(SshClientError::Refused { host: host.clone(), user: user.clone(), path: path.clone() });
    }
    let channel = handle.channel_open_session().await.map_err(ssh)?;
    channel.request_subsystem(true, SUBSYSTEM).await.map_err(ssh)?;
    let session = Client::open(channel.into_stream(), &[BASE_1_0, BASE_1_1], limits, deadline).await?;
    Ok(SshClient { session, handle, _guard: guard })
}

/// Kinds of host keys that the file has for the host: a server with several keys is to use one of them.
fn known_algorithms(target: &Target) -> Result<Vec<Algorithm>, SshClientError> {
    let refuse = |why: String| SshClientError::HostKey {
        host: target.host.clone(),
        why,
        known_hosts: target.known_hosts.clone(),
    };
    let keys = known_host_keys_path(&target.host, target.port, &target.known_hosts)
        .map_err(|error| refuse(error.to_string()))?;
    let kinds = keys.iter().flat_map(|(_, key)| match key.algorithm() {
        Algorithm::Rsa { .. } => {
            [HashAlg::Sha512, HashAlg::Sha256].map(|hash| Algorithm::Rsa { hash: Some(hash) }).to_vec()
        }
        other => vec![other],
    });
    let kinds: Vec<_> = kinds.collect();
    if kinds.is_empty() { Err(refuse("the host is not known".into())) } else { Ok(kinds) }
}

/// Accepts hosts whose key is in a file.
struct KnownHosts {
    host: String,
    port: u16,
    file: PathBuf,
}

/// Lets an error of [`Handler`] tell more than SSH's.
impl From<russh::Error> for SshClientError {
    fn from(source: russh::Error) -> Self {
        Self::Ssh { host: "the peer".into(), source }
    }
}

impl Handler for KnownHosts {
    type Error = SshClientError;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let refuse = |why: String| SshClientError::HostKey {
            host: self.host.clone(),
            why,
            known_hosts: self.file.clone(),
        };
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            return Err(refuse("it is a certificate".into()));
        };
        match check_known_hosts_path(&self.host, self.port, key, &self.file) {
            Ok(true) => Ok(true),
            Ok(false) => Err(refuse("the host is not known".into())),
            Err(error) => Err(refuse(error.to_string())),
        }
    }
}
