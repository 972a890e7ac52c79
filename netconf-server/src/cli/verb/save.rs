//! `save`.

use super::{Format, Router, done};
use crate::cli::error::CliError;

/// Makes running what the machine starts with.
///
/// # Errors
/// [`CliError`] if the server refuses, or cannot write.
pub(in crate::cli) fn save(router: &mut Router, format: Format) -> Result<String, CliError> {
    router.link.save()?;
    Ok(done(format, "saved", "running is saved as startup"))
}
