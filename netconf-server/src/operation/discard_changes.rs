//! `<discard-changes>` (RFC 6241 §8.3.4.2).

use daybreak_netconf::message::Response;

use super::parameters::Parameters;
use super::{Answer, Context, one};

pub(super) fn perform(context: &Context, parameters: Parameters<'_>) -> Answer {
    parameters.done().map_err(one)?;
    context.engine.discard(context.caller.session)?;
    Ok(Response::Ok)
}
