//! A session with `netconfd` over its UNIX socket.

mod commit;
mod read;
mod request;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use daybreak_datastore::edit::tree_from_xml;
use daybreak_datastore::schema::Schema;
use daybreak_datastore::store::Datastore;
use daybreak_datastore::tree::{InstancePath, Tree};
use daybreak_datastore::xml::{Fragment, Limits};
use daybreak_netconf::capability::{BASE_1_0, BASE_1_1};
use daybreak_netconf::error::{ErrorInfo, ErrorTag};
use daybreak_netconf::framing;
use daybreak_netconf::message::{Reply, ReplyError};
use daybreak_netconf::session::{Client, ClientError, RawReply};
use daybreak_netconf::xml::Limits as XmlLimits;
use ipnet::IpNet;
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::CliError;
pub(super) use commit::Cancelled;
use read::state;
#[cfg(test)]
pub(super) use read::tests::read as read_state;

/// Time to come to a session.
const HELLO: Duration = Duration::from_secs(10);
/// Time for an answer. Reading state asks FRR and the data plane; a commit waits for every part of the router.
const ANSWER: Duration = Duration::from_mins(5);
/// Largest answer, bytes: several times what a million nodes take.
const LARGEST: usize = 512 << 20;

/// Where `netconfd` is, and the session with it once there is one.
pub(in crate::cli) struct Link {
    socket: PathBuf,
    schema: Arc<Schema>,
    runtime: Runtime,
    session: Option<Client<UnixStream>>,
    /// Whether the session has the candidate locked.
    locked: bool,
}

impl Link {
    /// Opens nothing yet.
    pub(super) fn new(socket: &Path, schema: Arc<Schema>) -> Result<Self, CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CliError::io("cannot start", "the event loop", error))?;
        Ok(Self { socket: socket.to_owned(), schema, runtime, session: None, locked: false })
    }

    /// Whether there is a session.
    pub(super) fn is_open(&self) -> bool {
        self.session.is_some()
    }

    /// From here on interrupts come as events and end nothing by themselves: programs that are run get theirs all the same.
    pub(super) fn interrupts(&self) -> Option<Signal> {
        self.runtime.block_on(async { signal(SignalKind::interrupt()).ok() })
    }

    /// Whether such an event has come; takes it.
    pub(super) fn arrived(&self, signal: &mut Signal) -> bool {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                event = signal.recv() => event.is_some(),
                // Events arrive when the loop has turned once.
                () = tokio::task::yield_now() => false,
            }
        })
    }

    /// Opens a session unless there is one.
    fn open(&mut self) -> Result<&mut Client<UnixStream>, CliError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => self.runtime.block_on(async {
                let stream = UnixStream::connect(&self.socket)
                    .await
                    .map_err(|error| CliError::Connect { socket: self.socket.clone(), error })?;
                let limits = framing::Limits { message: LARGEST, chunk: LARGEST };
                Client::open(stream, &[BASE_1_0, BASE_1_1], limits, HELLO).await.map_err(CliError::Session)
            })?,
        };
        Ok(self.session.insert(session))
    }

    /// Asks for an operation. A session that broke while nobody asked, as in a restart of the server, is opened anew for what
    /// only reads, unless a lock went with it.
    fn ask(&mut self, operation: &str) -> Result<RawReply, CliError> {
        let again = self.is_open() && !self.locked && operation.starts_with("<get");
        match self.try_ask(operation) {
            Err(CliError::Session(_)) if again => self.try_ask(operation),
            other => other,
        }
    }

    fn try_ask(&mut self, operation: &str) -> Result<RawReply, CliError> {
        self.open()?;
        let Some(session) = &mut self.session else { return Err(CliError::Session(ClientError::Over)) };
        match self.runtime.block_on(session.rpc(operation, ANSWER)) {
            Ok(reply) => Ok(reply),
            Err(ClientError::Reply(ReplyError::Refused(errors))) => Err(CliError::Refused(errors)),
            Err(error) => {
                (self.session, self.locked) = (None, false);
                Err(CliError::Session(error))
            }
        }
    }

    /// Ends the session; its locks go with it.
    pub(super) fn close(&mut self) {
        if let Some(session) = self.session.take() {
            // The server ends it all the same when the stream closes.
            let _: Result<_, _> = self.runtime.block_on(session.close(HELLO));
        }
    }

    /// A datastore, or the part of it at a path.
    pub(super) fn config(&mut self, from: Datastore, at: Option<&InstancePath>) -> Result<Tree, CliError> {
        let operation = request::get_config(from, &request::filter(&self.schema, at));
        let reply = self.ask(&operation)?;
        let parsed = parse(&reply)?;
        let Some(data) = parsed.data() else { return Ok(Tree::empty(self.schema.clone())) };
        let namespaces = data.namespaces();
        let fragment = Fragment { text: data.inner(), namespaces: &namespaces };
        tree_from_xml(&self.schema, fragment, Limits { size: LARGEST, ..Limits::default() })
            .map_err(|error| CliError::Answer(error.to_string()))
    }

    /// What was running so many changes ago.
    pub(super) fn earlier(&mut self, number: u32) -> Result<Tree, CliError> {
        let reply = self.ask(&request::get_commit(number))?;
        let parsed = parse(&reply)?;
        let config = parsed.content.iter().find(|element| element.name() == "config");
        let Some(config) = config else { return Ok(Tree::empty(self.schema.clone())) };
        let namespaces = config.namespaces();
        let fragment = Fragment { text: config.inner(), namespaces: &namespaces };
        tree_from_xml(&self.schema, fragment, Limits { size: LARGEST, ..Limits::default() })
            .map_err(|error| CliError::Answer(error.to_string()))
    }

    /// What is configured and what is true now, at these paths.
    pub(super) fn state(&mut self, at: &[InstancePath]) -> Result<Tree, CliError> {
        let schema = self.schema.clone();
        let mut tree = Tree::empty(schema.clone());
        // One after the other: a filter names one node, and what is not asked for is not sent.
        for path in at {
            let reply = self.ask(&request::get(&request::filter(&schema, Some(path))))?;
            let parsed = parse(&reply)?;
            if let Some(data) = parsed.data() {
                tree = tree.joined(&state(&schema, data)?);
            }
        }
        Ok(tree)
    }

    /// The routing tables, or what they have for a prefix.
    pub(super) fn routes(&mut self, prefix: Option<&IpNet>) -> Result<Tree, CliError> {
        let schema = self.schema.clone();
        let reply = self.ask(&request::get(&request::routes(&schema, prefix)))?;
        let parsed = parse(&reply)?;
        parsed.data().map_or_else(|| Ok(Tree::empty(schema.clone())), |data| state(&schema, data))
    }

    /// Edits the candidate: all of it or nothing.
    pub(super) fn edit(&mut self, config: &str, replace: bool) -> Result<(), CliError> {
        self.ask(&request::edit_config(config, replace)).map(drop)
    }

    /// Makes running what the machine starts with.
    pub(super) fn save(&mut self) -> Result<(), CliError> {
        self.ask(&request::copy_config(Datastore::Running, Datastore::Startup)).map(drop)
    }

    /// Locks the candidate.
    ///
    /// # Errors
    /// [`CliError::Denied`] with who has it, and what can be done.
    pub(super) fn lock(&mut self) -> Result<(), CliError> {
        let Err(error) = self.ask("<lock><target><candidate/></target></lock>") else {
            self.locked = true;
            return Ok(());
        };
        let holder =
            error.refusals().iter().filter(|error| error.tag == ErrorTag::LockDenied).find_map(|error| {
                error.info.iter().find_map(|info| match info {
                    ErrorInfo::SessionId(id) => Some(*id),
                    _ => None,
                })
            });
        Err(match holder {
            None => error,
            Some(0) => CliError::Denied {
                message: "the candidate holds changes that were not committed".to_owned(),
                remedy: "see them with compare, then commit them or discard them with rollback".to_owned(),
            },
            Some(id) => CliError::Denied {
                message: format!("the candidate is locked by {}", self.whose(id)),
                remedy: "wait for its end".to_owned(),
            },
        })
    }

    /// Unlocks the candidate; what it holds uncommitted goes.
    pub(super) fn unlock(&mut self) -> Result<(), CliError> {
        self.ask("<unlock><target><candidate/></target></unlock>")?;
        self.locked = false;
        Ok(())
    }

    /// Makes the candidate what running is.
    pub(super) fn discard(&mut self) -> Result<(), CliError> {
        self.ask("<discard-changes/>").map(drop)
    }

    /// Validates the candidate; the parts of the router are asked, too.
    pub(super) fn validate(&mut self) -> Result<(), CliError> {
        self.ask("<validate><source><candidate/></source></validate>").map(drop)
    }

    /// A session in words: who, from where, since when.
    fn whose(&mut self, id: u32) -> String {
        let name = format!("session {id}");
        let text = format!("/ietf-netconf-monitoring:netconf-state/sessions/session[session-id='{id}']");
        let Ok(path) = InstancePath::parse(&self.schema, &text) else { return name };
        let Ok(tree) = self.state(std::slice::from_ref(&path)) else { return name };
        let Some(session) = tree.find(&path) else { return name };
        let leaf = |name: &str| {
            session.children().find(|child| child.name() == name).and_then(|child| child.value().cloned())
        };
        let mut words = name;
        for (before, leaf) in
            [("of", leaf("username")), ("from", leaf("source-host")), ("since", leaf("login-time"))]
        {
            if let Some(value) = leaf {
                let _ = write!(words, " {before} {value}");
            }
        }
        words
    }
}

/// The answer with room for long lists: 4096 entries, the library's default, are few for routes.
fn parse(reply: &RawReply) -> Result<Reply<'_>, CliError> {
    let limits = XmlLimits { children: usize::MAX, ..XmlLimits::default() };
    Reply::parse(reply.text(), limits).map_err(|error| CliError::Answer(error.to_string()))
}
