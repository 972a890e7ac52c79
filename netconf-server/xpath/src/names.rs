//! Names of an expression and the modules they belong to.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The module of a name without prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unprefixed {
    /// This one, as in a YANG module (RFC 7950 §6.4.1).
    Module(Arc<str>),
    /// Any: clients send filters without the default namespace meant by RFC 6241 §8.9.5.2.
    Any,
}

/// Modules of the prefixes and of names without prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    prefixes: BTreeMap<Arc<str>, Arc<str>>,
    unprefixed: Unprefixed,
}

impl Names {
    /// No prefix is known yet.
    pub fn new(unprefixed: Unprefixed) -> Self {
        Self { prefixes: BTreeMap::new(), unprefixed }
    }

    /// No prefix is known yet, and a name without one is of this module.
    pub fn in_module(module: &str) -> Self {
        Self::new(Unprefixed::Module(module.into()))
    }

    /// The same with one more prefix, which may be known already.
    #[must_use]
    pub fn with(mut self, prefix: &str, module: &str) -> Self {
        self.prefixes.insert(prefix.into(), module.into());
        self
    }

    /// The module of a prefix.
    pub fn module(&self, prefix: &str) -> Option<&Arc<str>> {
        self.prefixes.get(prefix)
    }

    /// The module of names without prefix.
    pub fn unprefixed(&self) -> Option<&Arc<str>> {
        match &self.unprefixed {
            Unprefixed::Module(module) => Some(module),
            Unprefixed::Any => None,
        }
    }

    /// Module and name of what a text such as `if:interface-type` names. The module is `None` for "any"; all is `None`
    /// for a prefix that is not known.
    pub fn resolve<'n>(&'n self, text: &'n str) -> Option<(Option<&'n str>, &'n str)> {
        match text.split_once(':') {
            Some((prefix, name)) => self.module(prefix).map(|module| (Some(&**module), name)),
            None => Some((self.unprefixed().map(|module| &**module), text)),
        }
    }
}
