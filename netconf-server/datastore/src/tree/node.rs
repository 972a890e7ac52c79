//! The nodes of a tree.

use super::{Entries, Key};
use crate::schema::SchemaId;
use std::sync::Arc;

/// A list entry or the inside of a container: its children, sorted by schema number.
///
/// The children are as few as the schema allows, so they are a plain vector: smaller than a tree of their own, and
/// copying it costs what the schema says, not what the datastore holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    children: Vec<(SchemaId, Slot)>,
}

/// What is in a tree under one schema node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// The canonical value of a leaf.
    Leaf(Arc<str>),
    /// The values of a leaf-list; never without values.
    LeafList(Entries<()>),
    /// A container; one without presence is never empty.
    Container(Arc<Node>),
    /// The entries of a list; never without entries.
    List(Entries<Arc<Node>>),
}

/// A container that is there by its schema only.
pub(crate) static NOTHING: Node = Node { children: Vec::new() };

impl Node {
    /// Children in schema order.
    pub fn children(&self) -> &[(SchemaId, Slot)] {
        &self.children
    }

    /// Whether it has no children.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// The child at that schema node.
    pub fn get(&self, id: SchemaId) -> Option<&Slot> {
        self.place(id).ok().map(|at| &self.children[at].1)
    }

    /// The value of a leaf.
    pub fn leaf(&self, id: SchemaId) -> Option<&Arc<str>> {
        match self.get(id)? {
            Slot::Leaf(value) => Some(value),
            _ => None,
        }
    }

    /// A container.
    pub fn container(&self, id: SchemaId) -> Option<&Arc<Node>> {
        match self.get(id)? {
            Slot::Container(node) => Some(node),
            _ => None,
        }
    }

    /// The entries of a list.
    pub fn list(&self, id: SchemaId) -> Option<&Entries<Arc<Node>>> {
        match self.get(id)? {
            Slot::List(entries) => Some(entries),
            _ => None,
        }
    }

    /// The values of a leaf-list.
    pub fn leaf_list(&self, id: SchemaId) -> Option<&Entries<()>> {
        match self.get(id)? {
            Slot::LeafList(values) => Some(values),
            _ => None,
        }
    }

    /// The entry of a list.
    pub fn entry(&self, id: SchemaId, key: &Key) -> Option<&Arc<Node>> {
        self.list(id)?.get(key)
    }

    pub(crate) fn get_mut(&mut self, id: SchemaId) -> Option<&mut Slot> {
        self.place(id).ok().map(|at| &mut self.children[at].1)
    }

    pub(crate) fn get_or_insert_with(&mut self, id: SchemaId, make: impl FnOnce() -> Slot) -> &mut Slot {
        let at = match self.place(id) {
            Ok(at) => at,
            Err(at) => {
                self.children.insert(at, (id, make()));
                at
            }
        };
        &mut self.children[at].1
    }

    pub(crate) fn insert(&mut self, id: SchemaId, slot: Slot) {
        match self.place(id) {
            Ok(at) => self.children[at].1 = slot,
            Err(at) => self.children.insert(at, (id, slot)),
        }
    }

    pub(crate) fn remove(&mut self, id: SchemaId) -> Option<Slot> {
        self.place(id).ok().map(|at| self.children.remove(at).1)
    }

    /// Gives back memory that growing left over; for nodes that will be kept.
    pub(crate) fn shrink(&mut self) {
        self.children.shrink_to_fit();
    }

    fn place(&self, id: SchemaId) -> Result<usize, usize> {
        self.children.binary_search_by_key(&id, |child| child.0)
    }
}
