//! `<commit>` (RFC 6241 §8.3.4.1, §8.4.5.1).

use std::time::Duration;

use daybreak_netconf::error::RpcError;
use daybreak_netconf::message::Response;

use super::parameters::{Parameters, wrong};
use super::{Answer, Context, one};
use crate::engine::Confirmed;

/// `<confirm-timeout>` if none is given (RFC 6241 §8.4.5.1).
const TIMEOUT: Duration = Duration::from_mins(10);

pub(super) async fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let confirmed = parameters.flag("confirmed").map_err(one)?;
    let timeout = seconds(&mut parameters).map_err(one)?;
    let persist = parameters.text("persist").map_err(one)?;
    let persist_id = parameters.text("persist-id").map_err(one)?;
    parameters.done().map_err(one)?;
    if !confirmed && (timeout.is_some() || persist.is_some()) {
        return Err(one(RpcError::missing_element("confirmed", "commit")));
    }
    let confirmed = confirmed.then(|| Confirmed { timeout: timeout.unwrap_or(TIMEOUT), persist });
    context.engine.commit(&context.caller, confirmed, persist_id).await?;
    Ok(Response::Ok)
}

fn seconds(parameters: &mut Parameters<'_>) -> Result<Option<Duration>, RpcError> {
    let Some(text) = parameters.text("confirm-timeout")? else { return Ok(None) };
    let seconds = text.parse().ok().filter(|seconds: &u32| *seconds > 0);
    let seconds = seconds.ok_or_else(|| wrong("confirm-timeout", &text, "a number of seconds from 1 on"))?;
    Ok(Some(Duration::from_secs(seconds.into())))
}
