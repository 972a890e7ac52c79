//! Namespaces in scope.

use std::sync::Arc;

/// Prefixes with their namespaces, inner ones last.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    bindings: Vec<Binding>,
}

#[derive(Debug)]
struct Binding {
    depth: usize,
    prefix: Box<str>,
    namespace: Arc<str>,
}

impl Scope {
    pub(super) fn of(namespaces: &[(String, String)]) -> Self {
        let mut scope = Self::default();
        for (prefix, namespace) in namespaces {
            scope.declare(0, prefix, namespace);
        }
        scope
    }

    pub(super) fn declare(&mut self, depth: usize, prefix: &str, namespace: &str) {
        self.bindings.push(Binding { depth, prefix: prefix.into(), namespace: namespace.into() });
    }

    /// Forgets what was declared deeper than `depth`.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.bindings.last().is_some_and(|binding| binding.depth > depth) {
            self.bindings.pop();
        }
    }

    /// The namespace of a prefix; the empty prefix is the default namespace. `None` if it is not declared, or undone by
    /// `xmlns=""`.
    pub(crate) fn namespace(&self, prefix: &str) -> Option<&Arc<str>> {
        let found = self.bindings.iter().rev().find(|binding| *binding.prefix == *prefix)?;
        (!found.namespace.is_empty()).then_some(&found.namespace)
    }
}
