//! Commits that outlive their session.
//!
//! A confirmed commit of the command line has a fixed name, so that it can be confirmed by whoever may commit: after the
//! connection was lost and another made, or by the next `vrouter commit` of a script. NACM says who may commit; the name
//! only tells these commits from those of other clients.

use daybreak_netconf::error::{ErrorTag, RpcError};

use super::{Link, request};
use crate::cli::error::CliError;

/// The `persist-id` of the command line.
const TICKET: &str = "vrouter";

/// What a way back found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Cancelled {
    /// A confirmed commit was waiting and is taken back.
    Yes,
    /// None was waiting.
    NothingWaits,
    /// One is waiting that only another client can take back.
    OfAnother,
}

impl Link {
    /// Commits the candidate, confirming what waits; with `seconds` as a commit that is to be confirmed.
    pub(in crate::cli) fn commit(&mut self, seconds: Option<u32>) -> Result<(), CliError> {
        let Err(error) = self.ask(&request::commit(seconds, TICKET, false)) else { return Ok(()) };
        // A commit that waits to be confirmed is in the way of all but its own confirmation.
        if !has(&error, ErrorTag::InUse) {
            return Err(error);
        }
        match self.ask(&request::commit(seconds, TICKET, true)) {
            Ok(_) => Ok(()),
            // Not ours: then the first answer is the better one.
            Err(second) if has(&second, ErrorTag::InvalidValue) && is_ticket(second.refusals()) => Err(error),
            Err(second) => Err(second),
        }
    }

    /// Takes the confirmed commit back that waits, if one does.
    pub(in crate::cli) fn cancel(&mut self) -> Result<Cancelled, CliError> {
        match self.ask(&request::cancel_commit(Some(TICKET))) {
            Ok(_) => return Ok(Cancelled::Yes),
            Err(error) if has(&error, ErrorTag::InvalidValue) => {}
            Err(error) => return Err(error),
        }
        // None waits, or one with another name, or of a session.
        match self.ask(&request::cancel_commit(None)) {
            Ok(_) => Ok(Cancelled::Yes),
            Err(error) if has(&error, ErrorTag::InvalidValue) => Ok(Cancelled::NothingWaits),
            Err(error) if has(&error, ErrorTag::InUse) => Ok(Cancelled::OfAnother),
            Err(error) => Err(error),
        }
    }
}

fn has(error: &CliError, tag: ErrorTag) -> bool {
    error.refusals().iter().any(|error| error.tag == tag)
}

/// Whether it is the name that was refused, and not a value in the candidate: those have a path.
fn is_ticket(errors: &[RpcError]) -> bool {
    errors.iter().all(|error| error.path.is_none())
}
