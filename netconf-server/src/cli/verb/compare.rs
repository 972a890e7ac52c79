//! `compare`.

use daybreak_datastore::store::Datastore;

use super::{Format, Router};
use crate::cli::error::CliError;
use crate::cli::render;

/// What a commit would change; with a number other than 0, what is different in the candidate from what was running so
/// many changes ago.
///
/// # Errors
/// [`CliError`] if the datastores cannot be read.
pub(in crate::cli) fn compare(router: &mut Router, number: u32, format: Format) -> Result<String, CliError> {
    let before = match number {
        0 => router.link.config(Datastore::Running, None)?,
        number => router.link.earlier(number)?,
    };
    let candidate = router.link.config(Datastore::Candidate, None)?;
    Ok(match format {
        Format::Json => render::compare_json(&router.models, &before, &candidate),
        Format::Xml => render::compare_xml(&router.models, &before, &candidate),
        Format::Text | Format::Set => render::compare(&router.models, &before, &candidate),
    })
}
