//! `<copy-config>` (RFC 6241 §7.3).

use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::message::Response;

use super::parameters::Parameters;
use super::source::{Source, datastore, source};
use super::{Answer, Context, one};

pub(super) async fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let target = parameters.required("target").and_then(|target| datastore(&target)).map_err(one)?;
    let from = source(context.engine.schema(), &parameters.required("source").map_err(one)?)?;
    // RFC 6243 §3.3: data is copied as it is; no datastore has defaults that nobody set, and none leaves out what is set.
    parameters.word("with-defaults", |word| (word == "explicit").then_some(()), "explicit").map_err(one)?;
    parameters.done().map_err(one)?;
    if matches!(from, Source::Stored(from) if from == target) {
        let message = format!("{target} is both source and target");
        return Err(one(RpcError::protocol(ErrorTag::InvalidValue, message)));
    }
    context.engine.replace(&context.caller, target, from.tree(context)).await?;
    Ok(Response::Ok)
}
