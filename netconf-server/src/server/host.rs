//! Sessions of NETCONF over whatever transport.

use std::sync::Arc;
use std::time::Duration;

use daybreak_datastore::store::SessionId;
use daybreak_netconf::capability::{
    BASE_1_0, BASE_1_1, CANDIDATE, CONFIRMED_COMMIT, ROLLBACK_ON_ERROR, STARTUP, VALIDATE, WITH_DEFAULTS,
    XPATH, YANG_LIBRARY,
};
use daybreak_netconf::framing;
use daybreak_netconf::message::{Hello, Rpc};
use daybreak_netconf::session::{Answer, End, Host, Peer, Service, SessionConfig, Source, serve};
use daybreak_netconf::xml;
use tokio::io::{AsyncRead, AsyncWrite};

use super::config::{Config, Limits};
use super::sessions::Sessions;
use super::view::View;
use crate::engine::{Caller, Engine};
use crate::login::Login;
use crate::operation::{Context, perform};
use crate::state::content_id;

/// Time for a client's hello.
const HELLO: Duration = Duration::from_secs(30);
/// Time for a message of a program on this machine, from its first byte on.
const LOCAL: Duration = Duration::from_mins(1);
/// Time for one over a network, which may be slow.
const REMOTE: Duration = Duration::from_mins(10);
/// Time in which a client must take a part of a reply.
const WRITE: Duration = Duration::from_mins(1);

/// What transports give their streams to.
pub(super) struct Netconf {
    engine: Arc<Engine>,
    sessions: Arc<Sessions>,
    view: Arc<View>,
    capabilities: Vec<String>,
    limits: Limits,
}

impl Netconf {
    pub(super) fn new(engine: Arc<Engine>, config: &Config) -> Self {
        let sessions = Arc::new(Sessions::new());
        let capabilities = capabilities(&engine);
        let view = Arc::new(View::new(Arc::clone(&engine), Arc::clone(&sessions), capabilities.clone()));
        Self { engine, sessions, view, capabilities, limits: config.limits }
    }

    fn session_config(&self, id: u32, source: &Source) -> SessionConfig {
        let size = self.limits.message_mib << 20;
        SessionConfig {
            hello: Hello { capabilities: self.capabilities.clone(), session_id: Some(id) },
            limits: framing::Limits { message: size, chunk: size },
            xml: xml::Limits::default(),
            hello_timeout: HELLO,
            idle_timeout: self.limits.idle(),
            message_timeout: if matches!(source, Source::Local { .. }) { LOCAL } else { REMOTE },
            write_timeout: WRITE,
        }
    }
}

fn capabilities(engine: &Engine) -> Vec<String> {
    let plain =
        [BASE_1_0, BASE_1_1, CANDIDATE, CONFIRMED_COMMIT, ROLLBACK_ON_ERROR, VALIDATE, STARTUP, XPATH];
    let mut capabilities: Vec<String> = plain.map(str::to_owned).into();
    capabilities.push(format!(
        "{WITH_DEFAULTS}?basic-mode=explicit&also-supported=report-all,report-all-tagged,trim"
    ));
    let content = content_id(engine.schema().context());
    capabilities.push(format!("{YANG_LIBRARY}?revision=2019-01-04&content-id={content}"));
    capabilities
}

impl Host for Netconf {
    async fn session<S>(&self, peer: Peer, mut stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // The groups of the user are those of now; a change of them is seen by the next session.
        let name = peer.user.clone();
        let login = tokio::task::spawn_blocking(move || Login::find(&name)).await.ok().flatten();
        let Some(login) = login else {
            tracing::warn!(user = peer.user, "the user is gone: no session");
            return;
        };
        let ticket = self.sessions.enter(&peer);
        let session = SessionId(ticket.id);
        tracing::info!(user = peer.user, session = ticket.id, source = ?peer.source, "session begins");
        let mut service = Calls {
            context: Context {
                engine: Arc::clone(&self.engine),
                caller: Caller { session, user: login.user() },
                surroundings: Arc::clone(&self.view) as _,
            },
        };
        let config = self.session_config(ticket.id, &peer.source);
        let (own, sessions, kill) = (ticket.counters, Arc::clone(&self.sessions), ticket.kill.clone());
        // Whatever happens in the session, its locks go with it: a fault in a request ends that task and not this one.
        let _guard = ticket.kill.drop_guard();
        let served = tokio::spawn(async move {
            serve(&mut stream, &config, &[&own, &sessions.counters], &kill, &mut service).await
        });
        let end = served.await.unwrap_or_else(|error| {
            tracing::error!(session = ticket.id, %error, "a session broke off");
            End::Broken(std::io::Error::other(error))
        });
        tracing::info!(user = peer.user, session = ticket.id, end = %end, "session ends");
        self.engine.end_session(session).await;
        self.sessions.leave(ticket.id, &end);
    }
}

/// The requests of one session.
struct Calls {
    context: Context,
}

impl Service for Calls {
    async fn call(&mut self, rpc: &Rpc<'_>) -> Answer {
        let (response, close) = perform(&self.context, &rpc.operation).await;
        Answer { response, close }
    }
}
