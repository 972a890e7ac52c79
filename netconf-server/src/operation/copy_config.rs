//! `<copy-config>` (RFC 6241 §7.3).

use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::message::Response;

use super::parameters::Parameters;
use super::source::{Source, datastore, source};
use super::{Answer, Context, one};

pub(super) fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let target = parameters.required("target").and_then(|target| datastore(&target)).map_err(one)?;
    let from = source(context.engine.schema(), &parameters.required("source").map_err(one)?)?;
    parameters.optional("with-defaults").map_err(one)?;
    parameters.done().map_err(one)?;
    if matches!(from, Source::Stored(from) if from == target) {
        let message = format!("{target} is both source and target");
        return Err(one(RpcError::protocol(ErrorTag::InvalidValue, message)));
    }
    context.engine.replace(&context.caller, target, from.tree(context))?;
    Ok(Response::Ok)
}
