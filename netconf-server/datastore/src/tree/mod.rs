//! Data trees that share what they have in common.
//!
//! A [`Tree`] never changes: an edit makes another one that shares all it did not touch, so a clone is free, and two
//! trees are compared at the cost of their difference.

mod builder;
mod cursor;
mod entries;
mod key;
mod node;
mod path;
mod prune;

pub use builder::{BuildError, Builder};
pub use cursor::{Children, NodeRef};
pub use entries::{Entries, Iter, Placed};
pub use key::Key;
pub(crate) use node::NOTHING;
pub use node::{Node, Slot};
pub use path::{InstancePath, PathError, Select, Step};

use crate::schema::Schema;
use std::fmt;
use std::sync::Arc;

/// A data tree.
#[derive(Clone)]
pub struct Tree {
    schema: Arc<Schema>,
    root: Arc<Node>,
}

impl Tree {
    /// A tree without data.
    pub fn empty(schema: Arc<Schema>) -> Self {
        Self { schema, root: Arc::default() }
    }

    pub(crate) fn from_root(schema: Arc<Schema>, root: Arc<Node>) -> Self {
        Self { schema, root }
    }

    /// The schema of its nodes.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The node around the top-level nodes, to walk from.
    pub fn root(&self) -> NodeRef<'_> {
        NodeRef::root(self)
    }

    /// The children of the root as stored.
    pub fn root_node(&self) -> &Arc<Node> {
        &self.root
    }

    /// Whether there is no data.
    pub fn is_empty(&self) -> bool {
        self.root.is_empty()
    }

    /// Whether both are the same memory, which costs nothing to find out and means equal.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.root, &other.root)
    }

    /// The node at a path, if it is there; `O(log n)` per step.
    pub fn find(&self, path: &InstancePath) -> Option<NodeRef<'_>> {
        path.steps().iter().try_fold(self.root(), |at, step| at.step(step))
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

impl Eq for Tree {}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").field("root", &self.root).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
