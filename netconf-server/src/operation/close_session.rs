//! `<close-session>` (RFC 6241 §7.8). Whoever serves the session ends it after the reply.

use daybreak_netconf::message::Response;

use super::parameters::Parameters;
use super::{Answer, one};

pub(super) fn perform(parameters: Parameters<'_>) -> Answer {
    parameters.done().map_err(one)?;
    Ok(Response::Ok)
}
