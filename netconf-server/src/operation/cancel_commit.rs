//! `<cancel-commit>` (RFC 6241 §8.4.4.1).

use daybreak_netconf::message::Response;

use super::parameters::Parameters;
use super::{Answer, Context, one};

pub(super) async fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let persist_id = parameters.text("persist-id").map_err(one)?;
    parameters.done().map_err(one)?;
    context.engine.cancel_commit(&context.caller, persist_id).await?;
    Ok(Response::Ok)
}
