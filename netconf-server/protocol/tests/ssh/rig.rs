//! A server on loopback whose sessions answer each request with its name.

use daybreak_netconf::capability::{BASE_1_0, BASE_1_1, CANDIDATE};
use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::framing;
use daybreak_netconf::message::{Hello, Response, Rpc};
use daybreak_netconf::session::{Answer, Counters, End, Host, Peer, Service, SessionConfig, serve};
use daybreak_netconf::ssh::{Authenticator, PublicKey, SshLimits, SshServer, load_host_keys};
use daybreak_netconf::xml;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const USER: &str = "ann";
/// More than any step takes.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) struct Rig {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
    /// How sessions ended.
    pub(crate) ends: mpsc::Receiver<(Peer, End)>,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl Rig {
    pub(crate) async fn start(limits: SshLimits) -> Self {
        Self::start_with(limits, "ed25519", Duration::from_secs(10)).await
    }

    pub(crate) async fn start_with(limits: SshLimits, kind: &str, write_timeout: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        keygen(&folder.path().join("host"), kind);
        for name in ["user", "other"] {
            keygen(&folder.path().join(name), "ed25519");
        }
        let keys = load_host_keys(&[folder.path().join("none"), folder.path().join("host")]).unwrap();
        let public = std::fs::read_to_string(folder.path().join("user.pub")).unwrap();
        let (ended, ends) = mpsc::channel(100);
        let host = Arc::new(Named { ended, last: AtomicU32::new(0), write_timeout });
        let authenticator = OneKey(PublicKey::from_openssh(&public).unwrap());
        let server = SshServer::new(keys, limits, authenticator, host);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = CancellationToken::new();
        let token = stop.clone();
        let server = tokio::spawn(async move { server.run(listener, token).await });
        let known = std::fs::read_to_string(folder.path().join("host.pub")).unwrap();
        std::fs::write(folder.path().join("known_hosts"), format!("[127.0.0.1]:{port} {known}")).unwrap();
        Self { folder, port, ends, stop, server }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How the next session to end did.
    pub(crate) async fn end(&mut self) -> End {
        tokio::time::timeout(LONG, self.ends.recv()).await.expect("no session ended").unwrap().1
    }

    /// Stops the server, which must end every connection.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(LONG, self.server).await.expect("the server goes on").unwrap();
    }
}

pub(crate) fn keygen(path: &Path, kind: &str) {
    let output = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-C", "", "-t", kind, "-f"])
        .arg(path)
        .output()
        .expect("ssh-keygen is missing; run once as root: make setup");
    assert!(output.status.success(), "{output:?}");
}

struct OneKey(PublicKey);

impl Authenticator for OneKey {
    async fn permits(&self, user: &str, key: &PublicKey, _from: SocketAddr) -> bool {
        user == USER && key.key_data() == self.0.key_data()
    }
}

struct Named {
    ended: mpsc::Sender<(Peer, End)>,
    last: AtomicU32,
    write_timeout: Duration,
}

impl Host for Named {
    async fn session<S>(&self, peer: Peer, mut stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let capabilities = [BASE_1_0, BASE_1_1, CANDIDATE].map(str::to_owned).to_vec();
        let config = SessionConfig {
            hello: Hello { capabilities, session_id: Some(id) },
            limits: framing::Limits { message: 8 << 20, chunk: 8 << 20 },
            xml: xml::Limits::default(),
            hello_timeout: Duration::from_secs(10),
            message_timeout: std::time::Duration::from_mins(1),
            idle_timeout: None,
            write_timeout: self.write_timeout,
        };
        let end =
            serve(&mut stream, &config, &[&Counters::default()], &CancellationToken::new(), &mut Names).await;
        self.ended.send((peer, end)).await.ok();
    }
}

struct Names;

impl Service for Names {
    async fn call(&mut self, rpc: &Rpc<'_>) -> Answer {
        let name = rpc.operation.name();
        let response = match name {
            "commit" => RpcError::protocol(ErrorTag::OperationFailed, "as asked").into(),
            "get" => Response::Data("<big xmlns=\"urn:b\">x</big>".repeat(20_000)),
            "close-session" => return Answer { response: Response::Ok, close: true },
            "lock" => Response::Ok,
            name => Response::Data(format!("<{name} xmlns=\"urn:n\"/>")),
        };
        response.into()
    }
}
