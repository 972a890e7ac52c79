//! The text of a module, for `get-schema` (RFC 6022 §3.1).

use crate::embedded::EMBEDDED;
use crate::error::YangError;
use std::borrow::Cow;
use yang5::context::Context;
use yang5::schema::{SchemaOutputFormat, SchemaPrinterFlags};

/// The YANG text of a module or submodule; of the revision that is loaded if none is named.
///
/// What the program carries is given as its authors wrote it; what libyang brings along is printed by libyang.
///
/// # Errors
/// [`YangError::NoModule`] when nothing has that name and revision, [`YangError::Print`] when libyang fails.
pub fn module_text(
    context: &Context,
    name: &str,
    revision: Option<&str>,
) -> Result<Cow<'static, str>, YangError> {
    let wanted = |has: &str| revision.is_none_or(|revision| revision == has);
    if let Some(module) = EMBEDDED.iter().find(|module| module.name == name && wanted(module.revision)) {
        return Ok(Cow::Borrowed(module.text));
    }
    let module = context
        .modules(false)
        .find(|module| module.name() == name && wanted(module.revision().unwrap_or_default()))
        .ok_or_else(|| YangError::NoModule {
            name: name.to_owned(),
            revision: revision.map(ToOwned::to_owned),
        })?;
    module
        .print_string(SchemaOutputFormat::YANG, SchemaPrinterFlags::empty())
        .map(Cow::Owned)
        .map_err(|source| YangError::Print { name: name.to_owned(), source })
}
