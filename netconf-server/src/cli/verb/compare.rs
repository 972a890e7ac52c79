//! `compare`.

use daybreak_datastore::store::Datastore;

use super::{Format, Router};
use crate::cli::error::CliError;
use crate::cli::render;

/// What a commit would change.
///
/// # Errors
/// [`CliError`] if the datastores cannot be read.
pub(in crate::cli) fn compare(router: &mut Router, format: Format) -> Result<String, CliError> {
    let running = router.link.config(Datastore::Running, None)?;
    let candidate = router.link.config(Datastore::Candidate, None)?;
    Ok(match format {
        Format::Json => render::compare_json(&router.models, &running, &candidate),
        Format::Xml => render::compare_xml(&router.models, &running, &candidate),
        Format::Text | Format::Set => render::compare(&router.models, &running, &candidate),
    })
}
