//! `<kill-session>` (RFC 6241 §7.9).

use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::message::Response;

use super::parameters::{Parameters, text, wrong};
use super::{Answer, Context, one};

pub(super) async fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let id = parameters.required("session-id").and_then(|element| text(&element)).map_err(one)?;
    parameters.done().map_err(one)?;
    let session = id.parse().map_err(|_| one(wrong("session-id", &id, "the number of a session")))?;
    if session == context.caller.session.0 {
        let message = "a session ends itself by close-session";
        return Err(one(RpcError::protocol(ErrorTag::InvalidValue, message)));
    }
    if !context.surroundings.kill(session).await {
        let message = format!("there is no session {session}");
        return Err(one(RpcError::protocol(ErrorTag::InvalidValue, message)));
    }
    Ok(Response::Ok)
}
