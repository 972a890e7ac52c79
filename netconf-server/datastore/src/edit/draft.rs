//! A node that is copied when it first changes.

use crate::schema::SchemaId;
use crate::tree::{Node, Slot};

/// A node as it was, or a changed copy of it.
pub(super) struct Draft<'t> {
    base: &'t Node,
    own: Option<Node>,
}

impl<'t> Draft<'t> {
    pub(super) fn new(base: &'t Node) -> Self {
        Self { base, own: None }
    }

    pub(super) fn node(&self) -> &Node {
        self.own.as_ref().unwrap_or(self.base)
    }

    pub(super) fn get(&self, id: SchemaId) -> Option<&Slot> {
        self.node().get(id)
    }

    pub(super) fn change(&mut self) -> &mut Node {
        self.own.get_or_insert_with(|| self.base.clone())
    }

    /// The changed copy; `None` if nothing changed.
    pub(super) fn finish(self) -> Option<Node> {
        self.own.map(|mut node| {
            node.shrink();
            node
        })
    }
}
