//! `rollback`.

use super::load::put;
use super::{Format, Router, done};
use crate::cli::error::CliError;
use crate::cli::lang::{LineError, Word};
use crate::cli::link::Cancelled;

/// Takes a confirmed commit back that waits, and makes the candidate what running is then; with a number other than 0 the
/// candidate becomes what was running so many changes ago, and nothing is committed.
///
/// # Errors
/// [`CliError`] if the server refuses, or does not keep that.
pub(in crate::cli) fn rollback(router: &mut Router, number: u32, format: Format) -> Result<String, CliError> {
    if number > 0 {
        let earlier = router.link.earlier(number)?;
        put(router, &earlier, true)?;
        let text = format!("the candidate is what was running {number} changes ago; compare it, then commit");
        return Ok(done(format, "loaded", &text));
    }
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

/// The number that a command may be given.
///
/// # Errors
/// [`LineError`] for anything else.
pub(in crate::cli) fn number(command: &str, words: &[Word]) -> Result<u32, LineError> {
    let wrong = |text: &str| {
        let message = format!("{command} takes a number of show commits, not {text:?}");
        LineError::Wrong(message)
    };
    match words {
        [] => Ok(0),
        [word] => word.text.parse().map_err(|_| wrong(&word.text)),
        [_, more, ..] => Err(wrong(&more.text)),
    }
}
