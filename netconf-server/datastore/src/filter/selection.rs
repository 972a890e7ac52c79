//! A part of a tree.

use crate::schema::SchemaId;
use crate::tree::{InstancePath, Key, Select};
use std::collections::BTreeMap;

/// What is selected at and below a node. Keys of a selected list entry belong to it without being named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Everything.
    All,
    /// These children; the node itself only leads to them.
    Part(BTreeMap<SchemaId, Picked>),
}

/// What is selected of the instances of one schema node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picked {
    /// Every instance with all that is in it.
    All,
    /// Of the only instance, that part.
    Node(Selection),
    /// Of these entries of a list or leaf-list, these parts.
    Entries(BTreeMap<Key, Selection>),
}

impl Selection {
    /// Nothing.
    pub fn none() -> Self {
        Self::Part(BTreeMap::new())
    }

    /// Whether it selects nothing.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Part(children) if children.is_empty())
    }

    /// Adds the node at a path with all that is in it; a list without a key means all its entries.
    pub fn add(&mut self, path: &InstancePath) {
        let mut at = self;
        for (place, step) in path.steps().iter().enumerate() {
            let Self::Part(children) = at else { return };
            let last = place + 1 == path.steps().len();
            let picked = children.entry(step.id).or_insert_with(|| match &step.select {
                Select::Node => Picked::Node(Self::none()),
                Select::Key(_) => Picked::Entries(BTreeMap::new()),
            });
            if last && step.select == Select::Node {
                *picked = Picked::All;
                return;
            }
            at = match (picked, &step.select) {
                (Picked::Node(inner), _) => inner,
                (Picked::Entries(entries), Select::Key(key)) => {
                    entries.entry(key.clone()).or_insert_with(Self::none)
                }
                (Picked::All | Picked::Entries(_), _) => return,
            };
        }
        *at = Self::All;
    }

    /// Adds all that another selection has.
    pub fn join(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::All, _) => {}
            (_, Self::All) => *self = Self::All,
            (Self::Part(children), Self::Part(others)) => {
                for (id, picked) in others {
                    match children.get_mut(&id) {
                        None => {
                            children.insert(id, picked);
                        }
                        Some(own) => own.join(picked),
                    }
                }
            }
        }
    }
}

impl Picked {
    pub(super) fn join(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Node(own), Self::Node(other)) => own.join(other),
            (Self::Entries(own), Self::Entries(others)) => {
                for (key, selection) in others {
                    match own.get_mut(&key) {
                        None => {
                            own.insert(key, selection);
                        }
                        Some(own) => own.join(selection),
                    }
                }
            }
            // One schema node has one kind of selection beside `All`.
            (own, _) => *own = Self::All,
        }
    }
}
