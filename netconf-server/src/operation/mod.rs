//! Operations of NETCONF, one file each.
//!
//! [`perform`] is the table of them. An operation reads its parameters, asks the [`crate::engine`], and makes the reply.

mod cancel_commit;
mod close_session;
mod commit;
mod copy_config;
mod delete_config;
mod discard_changes;
mod edit_config;
mod get;
mod get_commit;
mod get_config;
mod get_schema;
mod kill_session;
mod lock;
mod parameters;
mod query;
mod source;
mod unlock;
mod validate;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use daybreak_datastore::tree::Tree;
use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::message::Response;
use daybreak_netconf::xml::{Element, MONITORING, NETCONF};

use crate::engine::{Caller, Engine};
use crate::nacm::Access;
use parameters::Parameters;

/// Namespace of `daybreak-commits`.
const COMMITS: &str = "urn:daybreak:yang:daybreak-commits";

/// What a reply is made of: the errors of an operation are its answer, too.
type Answer = Result<Response, Vec<RpcError>>;

/// What the operations need beside the datastores.
pub trait Surroundings: Send + Sync {
    /// What is true now, as trees beside the configuration (`get`).
    fn state(&self) -> Pin<Box<dyn Future<Output = Vec<Tree>> + Send + '_>>;

    /// Ends another session and waits until its locks are free; false when there is none of that number.
    fn kill(&self, session: u32) -> Pin<Box<dyn Future<Output = bool> + Send + '_>>;
}

/// Who asks, and where.
#[derive(Clone)]
pub struct Context {
    /// The datastores.
    pub engine: Arc<Engine>,
    /// Who asks.
    pub caller: Caller,
    /// The rest of the server.
    pub surroundings: Arc<dyn Surroundings>,
}

/// Carries an operation out. The second value says that the session is to be closed after the reply.
pub async fn perform(context: &Context, operation: &Element<'_>) -> (Response, bool) {
    let name = operation.name();
    let answer = match permitted(context, operation) {
        Ok(()) => dispatch(context, operation).await,
        Err(error) => Err(vec![error]),
    };
    let closes = name == "close-session" && answer.is_ok();
    (answer.unwrap_or_else(Response::Errors), closes)
}

async fn dispatch(context: &Context, operation: &Element<'_>) -> Answer {
    let parameters = Parameters::of(operation).map_err(|error| vec![error])?;
    match operation.name() {
        "get" => get::perform(context, parameters).await,
        "get-config" => get_config::perform(context, parameters),
        "edit-config" => edit_config::perform(context, parameters).await,
        "copy-config" => copy_config::perform(context, parameters).await,
        "delete-config" => delete_config::perform(context, parameters).await,
        "lock" => lock::perform(context, parameters),
        "unlock" => unlock::perform(context, parameters),
        "validate" => validate::perform(context, parameters).await,
        "commit" => commit::perform(context, parameters).await,
        "cancel-commit" => cancel_commit::perform(context, parameters).await,
        "discard-changes" => discard_changes::perform(context, parameters),
        "get-schema" => get_schema::perform(context, parameters),
        "get-commit" => get_commit::perform(context, parameters).await,
        "close-session" => close_session::perform(parameters),
        "kill-session" => kill_session::perform(context, parameters).await,
        other => Err(vec![unknown(other)]),
    }
}

fn unknown(name: &str) -> RpcError {
    let message = format!("there is no operation {name} here; the capabilities say what there is");
    RpcError { message: Some(message), ..RpcError::unknown_element(name, "rpc") }
}

/// The namespace of an operation must be its own, and access control must permit it.
fn permitted(context: &Context, operation: &Element<'_>) -> Result<(), RpcError> {
    let name = operation.name();
    let (module, namespace) = match name {
        "get-schema" => ("ietf-netconf-monitoring", MONITORING),
        "get-commit" => ("daybreak-commits", COMMITS),
        _ => ("ietf-netconf", NETCONF),
    };
    if let Some(other) = operation.namespace().filter(|own| *own != namespace && *own != NETCONF) {
        return Err(RpcError::unknown_namespace(name, other));
    }
    let schema = context.engine.schema();
    let node = daybreak_yang::operations(schema.context())
        .find(|node| node.name() == name && node.module().name() == module);
    let deny = node.and_then(|node| daybreak_yang::default_deny(&node));
    let nacm = context.engine.nacm();
    if nacm.access(&context.caller.user).operation(module, name, deny) {
        return Ok(());
    }
    context.engine.denied().operations.fetch_add(1, Ordering::Relaxed);
    let message = format!("{name} may not be asked for by this user; NACM's rules say who may");
    Err(RpcError::protocol(ErrorTag::AccessDenied, message))
}

impl Context {
    /// Does something with what the user may see.
    fn with_access<T>(&self, work: impl FnOnce(&Access<'_>) -> T) -> T {
        let nacm = self.engine.nacm();
        work(&nacm.access(&self.caller.user))
    }
}

fn one(error: RpcError) -> Vec<RpcError> {
    vec![error]
}
