//! What is different between two trees, found at the cost of the difference.

mod order;
mod walk;

use crate::tree::{InstancePath, Key, NodeRef, Tree};
use std::sync::Arc;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The node: in the new tree, or in the old one for [`Op::Deleted`].
    pub path: InstancePath,
    /// What happened to it.
    pub op: Op,
}

/// What happened to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// It is new, with all below it: what is below has no changes of its own.
    Created {
        /// The value of a leaf or leaf-list entry.
        value: Option<Arc<str>>,
        /// Where it stands.
        place: Placement,
    },
    /// It is gone, with all that was below it.
    Deleted {
        /// The value of a leaf or leaf-list entry.
        value: Option<Arc<str>>,
    },
    /// A leaf has another value.
    Modified {
        /// The value in the old tree.
        old: Arc<str>,
        /// The value in the new tree.
        new: Arc<str>,
    },
    /// An entry of a user-ordered list or leaf-list stands elsewhere; what is in it has changes of its own.
    Moved {
        /// Where it stands.
        place: Placement,
    },
}

/// Where an entry stands among the entries of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// Its place means nothing.
    Any,
    /// Before all others.
    First,
    /// Right after the entry with that key.
    After(Key),
}

/// The differences between two trees of one schema, in schema order.
///
/// Carried out one after the other they make the old tree the new one. A list's deletions come before the entries that
/// are created or moved, and those come in the new order, each after the entry that it stands behind.
pub fn diff(old: &Tree, new: &Tree) -> Vec<Change> {
    let mut walk = walk::Walk { schema: new.schema(), at: InstancePath::default(), changes: Vec::new() };
    walk.nodes(old.root_node(), new.root_node());
    walk.changes
}

impl Change {
    /// The changed nodes themselves with all below a created or deleted one, parents first. Those that are gone are in the
    /// old tree, all others in the new one.
    pub fn for_each<'t>(&self, old: &'t Tree, new: &'t Tree, mut visit: impl FnMut(&NodeRef<'t>)) {
        let (tree, below) = match self.op {
            Op::Created { .. } => (new, true),
            Op::Deleted { .. } => (old, true),
            Op::Modified { .. } | Op::Moved { .. } => (new, false),
        };
        let Some(node) = tree.find(&self.path) else { return };
        let mut todo = vec![node];
        while let Some(node) = todo.pop() {
            visit(&node);
            if below {
                let mut children: Vec<_> = node.children().collect();
                children.reverse();
                todo.append(&mut children);
            }
        }
    }
}

#[cfg(test)]
mod tests;
