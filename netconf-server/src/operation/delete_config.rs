//! `<delete-config>` (RFC 6241 §7.4): of startup only.

use daybreak_datastore::store::Datastore;
use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::message::Response;

use super::parameters::Parameters;
use super::source::datastore;
use super::{Answer, Context, one};

pub(super) async fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let target = parameters.required("target").and_then(|target| datastore(&target)).map_err(one)?;
    parameters.done().map_err(one)?;
    if target != Datastore::Startup {
        let message = format!("{target} cannot be deleted; only startup can");
        return Err(one(RpcError::protocol(ErrorTag::OperationNotSupported, message)));
    }
    context.engine.delete_startup(context.caller.session).await?;
    Ok(Response::Ok)
}
