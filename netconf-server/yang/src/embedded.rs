//! The texts of the modules, as the build collected them.

use std::collections::HashMap;
use yang5::context::{EmbeddedModuleKey, EmbeddedModules};

/// A module or submodule with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Module {
    /// Name.
    pub name: &'static str,
    /// Newest revision in the text, as `2018-02-20`.
    pub revision: &'static str,
    /// The module that a submodule belongs to.
    pub parent: Option<&'static str>,
    /// The text in YANG.
    pub text: &'static str,
}

/// Every module that the program carries; libyang has some of its own beside them.
pub static EMBEDDED: &[Module] = include!(concat!(env!("OUT_DIR"), "/modules.rs"));

/// The table in the form that libyang's callback looks into.
pub(crate) fn callback_table() -> EmbeddedModules {
    let entry = |module: &'static Module| {
        let key = match module.parent {
            Some(parent) => EmbeddedModuleKey::new(parent, None, Some(module.name), Some(module.revision)),
            None => EmbeddedModuleKey::new(module.name, Some(module.revision), None, None),
        };
        (key, module.text)
    };
    EMBEDDED.iter().map(entry).collect::<HashMap<_, _>>()
}
