//! `rollback`.

use super::{Format, Router, done};
use crate::cli::error::CliError;
use crate::cli::link::Cancelled;

/// Takes a confirmed commit back that waits, and makes the candidate what running is then.
///
/// # Errors
/// [`CliError`] if the server refuses.
pub(in crate::cli) fn rollback(router: &mut Router, format: Format) -> Result<String, CliError> {
    let cancelled = router.link.cancel()?;
    router.link.discard()?;
    let text = match cancelled {
        Cancelled::Yes => "the confirmed commit is taken back, and the candidate is what running is",
        Cancelled::NothingWaits => "the candidate is what running is",
        Cancelled::OfAnother => {
            "the candidate is what running is; the confirmed commit of another client still waits for it"
        }
    };
    Ok(done(format, "rolled-back", text))
}
