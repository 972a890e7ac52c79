//! ietf-yang-library (RFC 8525): which modules the server has, with features and deviations.

use daybreak_datastore::tree::{BuildError, Builder};
use daybreak_yang::yang5::context::Context;
use daybreak_yang::yang5::schema::SchemaModule;
use daybreak_yang::{DEVIATING, EMBEDDED, IMPLEMENTED, deviated_by, modules};
use uuid::Uuid;

/// Name of the one set of modules, and of the one schema made of it.
const ALL: &str = "all";

/// Changes whenever a module, feature or deviation does, and with nothing else (RFC 8525 §3).
pub fn content_id(context: &Context) -> String {
    let mut text = String::new();
    for module in modules(context) {
        let implemented = if module.is_implemented() { "!" } else { "" };
        text.extend([module.name(), "@", module.revision().unwrap_or_default(), implemented]);
        text.extend(features(module.name()).iter().flat_map(|feature| ["+", *feature]));
        text.push('\n');
    }
    Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()).to_string()
}

pub(super) fn fill(top: &mut Builder<'_>, context: &Context) -> Result<(), BuildError> {
    top.container("yang-library", |library| {
        library.entry("module-set", |set| {
            set.leaf("name", ALL)?;
            for module in modules(context) {
                if module.is_implemented() {
                    implemented(set, &module)?;
                } else {
                    imported(set, &module)?;
                }
            }
            Ok(())
        })?;
        library.entry("schema", |schema| {
            schema.leaf("name", ALL)?.leaf_list("module-set", [ALL])?;
            Ok(())
        })?;
        for datastore in ["candidate", "running", "startup"] {
            library.entry("datastore", |entry| {
                entry.leaf("name", format_args!("ietf-datastores:{datastore}"))?.leaf("schema", ALL)?;
                Ok(())
            })?;
        }
        library.leaf("content-id", content_id(context))?;
        Ok(())
    })?;
    Ok(())
}

/// The features of a module that are on.
fn features(name: &str) -> &'static [&'static str] {
    let mut all = IMPLEMENTED.iter().chain(DEVIATING);
    all.find(|module| module.name == name).map_or(&[], |module| module.features)
}

fn implemented(set: &mut Builder<'_>, module: &SchemaModule<'_>) -> Result<(), BuildError> {
    set.entry("module", |entry| {
        entry
            .leaf("name", module.name())?
            .optional("revision", module.revision())?
            .leaf("namespace", module.namespace())?
            .leaf_list("feature", features(module.name()))?
            .leaf_list("deviation", deviated_by(module))?;
        submodules(entry, module.name())
    })?;
    Ok(())
}

fn imported(set: &mut Builder<'_>, module: &SchemaModule<'_>) -> Result<(), BuildError> {
    set.entry("import-only-module", |entry| {
        entry
            .leaf("name", module.name())?
            .leaf("revision", module.revision().unwrap_or_default())?
            .leaf("namespace", module.namespace())?;
        Ok(())
    })?;
    Ok(())
}

fn submodules(entry: &mut Builder<'_>, parent: &str) -> Result<(), BuildError> {
    for submodule in EMBEDDED.iter().filter(|embedded| embedded.parent == Some(parent)) {
        entry.entry("submodule", |inside| {
            inside.leaf("name", submodule.name)?.leaf("revision", submodule.revision)?;
            Ok(())
        })?;
    }
    Ok(())
}
