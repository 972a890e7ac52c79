//! `<commit>` (RFC 6241 §8.3.4.1, §8.4.5.1).

use std::time::Duration;

use daybreak_netconf::error::RpcError;
use daybreak_netconf::message::Response;

use super::parameters::{Parameters, wrong};
use super::{Answer, Context, one};
use crate::engine::Confirmed;

/// `<confirm-timeout>` if none is given (RFC 6241 §8.4.5.1).
const TIMEOUT: Duration = Duration::from_mins(10);

/// Longest `<persist>`, in bytes: it is kept, and written down with every change of it.
const LONGEST: usize = 1024;

pub(super) async fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let confirmed = parameters.flag("confirmed").map_err(one)?;
    let timeout = seconds(&mut parameters).map_err(one)?;
    let persist = parameters.text("persist").and_then(short).map_err(one)?;
    let persist_id = parameters.text("persist-id").map_err(one)?;
    parameters.done().map_err(one)?;
    if !confirmed && (timeout.is_some() || persist.is_some()) {
        return Err(one(RpcError::missing_element("confirmed", "commit")));
    }
    let confirmed = confirmed.then(|| Confirmed { timeout: timeout.unwrap_or(TIMEOUT), persist });
    context.engine.commit(&context.caller, confirmed, persist_id).await?;
    Ok(Response::Ok)
}

/// A `<persist>` that is not too long.
fn short(persist: Option<String>) -> Result<Option<String>, RpcError> {
    let length = persist.as_ref().map_or(0, String::len);
    if length <= LONGEST {
        return Ok(persist);
    }
    Err(RpcError::bad_element("persist", format!("it has {length} bytes; the most is {LONGEST}")))
}

fn seconds(parameters: &mut Parameters<'_>) -> Result<Option<Duration>, RpcError> {
    let Some(text) = parameters.text("confirm-timeout")? else { return Ok(None) };
    let seconds = text.parse().ok().filter(|seconds: &u32| *seconds > 0);
    let seconds = seconds.ok_or_else(|| wrong("confirm-timeout", &text, "a number of seconds from 1 on"))?;
    Ok(Some(Duration::from_secs(seconds.into())))
}

#[cfg(test)]
mod tests {
    use daybreak_netconf::error::ErrorTag;

    use super::{LONGEST, short};

    #[test]
    fn a_persist_id_has_an_end() {
        for length in [0, 1, LONGEST] {
            let persist = Some("x".repeat(length));
            assert_eq!(short(persist.clone()).unwrap(), persist);
        }
        assert_eq!(short(None).unwrap(), None);
        let error = short(Some("x".repeat(LONGEST + 1))).unwrap_err();
        assert!(error.tag == ErrorTag::BadElement && error.to_string().contains("1025 bytes"), "{error}");
    }
}
