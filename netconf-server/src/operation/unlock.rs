//! `<unlock>` (RFC 6241 §7.6).

use daybreak_netconf::message::Response;

use super::parameters::Parameters;
use super::source::datastore;
use super::{Answer, Context, one};

pub(super) fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let target = parameters.required("target").and_then(|target| datastore(&target)).map_err(one)?;
    parameters.done().map_err(one)?;
    context.engine.unlock_datastore(target, context.caller.session)?;
    Ok(Response::Ok)
}
