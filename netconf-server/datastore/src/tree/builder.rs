//! Making trees by hand: state data, and configuration that no client sent.

use super::{Entries, InstancePath, Key, Node, Select, Slot, Tree};
use crate::schema::{Kind, Lookup, Schema, SchemaId};
use std::fmt::Display;
use std::sync::Arc;

/// Fills the inside of a node. Names are those of children, as `NAME` where that is clear or as `MODULE:NAME`.
#[derive(Debug)]
pub struct Builder<'s> {
    schema: &'s Schema,
    id: Option<SchemaId>,
    node: Node,
}

/// Something that does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// No such child.
    #[error("{parent} has no {wanted} {name}")]
    Unknown {
        /// Path of the schema node.
        parent: String,
        /// What was wanted: `leaf`, `list`, ...
        wanted: &'static str,
        /// The name.
        name: String,
    },
    /// A value that does not fit its type.
    #[error("{path}: {message}")]
    Value {
        /// Path of the schema node.
        path: String,
        /// What is wrong with the value.
        message: String,
    },
    /// An entry without a value for each key.
    #[error("an entry of {path} has no key {key}")]
    NoKey {
        /// Path of the list.
        path: String,
        /// Name of the key.
        key: String,
    },
}

impl Tree {
    /// A tree that `fill` fills.
    ///
    /// # Errors
    /// [`BuildError`] from `fill`.
    pub fn build(
        schema: &Arc<Schema>,
        fill: impl FnOnce(&mut Builder<'_>) -> Result<(), BuildError>,
    ) -> Result<Self, BuildError> {
        let mut builder = Builder { schema, id: None, node: Node::default() };
        fill(&mut builder)?;
        let root = Arc::new(builder.node);
        Ok(Self::from_root(schema.clone(), root))
    }

    /// This tree with all that another one has: its leafs win, lists and containers are joined. Costs what `other` holds.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        Self::from_root(self.schema().clone(), join(self.root_node(), other.root_node()))
    }
}

impl Builder<'_> {
    /// Sets a leaf.
    ///
    /// # Errors
    /// [`BuildError`] for an unknown name or a value that does not fit.
    pub fn leaf(&mut self, name: &str, value: impl Display) -> Result<&mut Self, BuildError> {
        let id = self.child(name, "leaf", |kind| matches!(kind, Kind::Leaf(_)))?;
        let value = self.value(id, &value)?;
        self.node.insert(id, Slot::Leaf(value));
        Ok(self)
    }

    /// Sets a leaf if there is a value.
    ///
    /// # Errors
    /// As [`Self::leaf`].
    pub fn optional(&mut self, name: &str, value: Option<impl Display>) -> Result<&mut Self, BuildError> {
        match value {
            Some(value) => self.leaf(name, value),
            None => Ok(self),
        }
    }

    /// Adds values to a leaf-list. A value that is there already is there once.
    ///
    /// # Errors
    /// As [`Self::leaf`].
    pub fn leaf_list<V: Display>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Result<&mut Self, BuildError> {
        let id = self.child(name, "leaf-list", |kind| matches!(kind, Kind::LeafList(..)))?;
        for value in values {
            let key = Key::single(self.value(id, &value)?);
            let order = self.schema.node(id).order();
            let slot = self.node.get_or_insert_with(id, || Slot::LeafList(Entries::new(order)));
            if let Slot::LeafList(values) = slot {
                values.insert(key, ());
            }
        }
        Ok(self)
    }

    /// Fills a container, made if it is not there. One without presence that stays empty is not kept.
    ///
    /// # Errors
    /// [`BuildError`] for an unknown name, and from `fill`.
    pub fn container(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Builder<'_>) -> Result<(), BuildError>,
    ) -> Result<&mut Self, BuildError> {
        let id = self.child(name, "container", |kind| matches!(kind, Kind::Container { .. }))?;
        let old = self.node.container(id).map(|node| (**node).clone());
        let mut inner = Builder { schema: self.schema, id: Some(id), node: old.unwrap_or_default() };
        fill(&mut inner)?;
        if !(inner.node.is_empty() && self.schema.node(id).is_structure()) {
            self.node.insert(id, Slot::Container(Arc::new(inner.node)));
        }
        Ok(self)
    }

    /// Adds an entry to a list; `fill` sets the keys, too. An entry with the same keys is replaced.
    ///
    /// # Errors
    /// [`BuildError`] for an unknown name or a missing key, and from `fill`.
    pub fn entry(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Builder<'_>) -> Result<(), BuildError>,
    ) -> Result<&mut Self, BuildError> {
        let id = self.child(name, "list", |kind| matches!(kind, Kind::List { .. }))?;
        let mut inner = Builder { schema: self.schema, id: Some(id), node: Node::default() };
        fill(&mut inner)?;
        let node = self.schema.node(id);
        let values: Result<Vec<_>, _> = node
            .keys()
            .iter()
            .map(|key| {
                inner.node.leaf(*key).cloned().ok_or_else(|| BuildError::NoKey {
                    path: self.schema.path(id),
                    key: self.schema.node(*key).name.to_string(),
                })
            })
            .collect();
        let values = values?;
        let slot = self.node.get_or_insert_with(id, || Slot::List(Entries::new(node.order())));
        if let Slot::List(entries) = slot {
            let key = if values.is_empty() { Key::number(entries.len() + 1) } else { Key::of(&values) };
            entries.insert(key, Arc::new(inner.node));
        }
        Ok(self)
    }

    fn child(
        &self,
        name: &str,
        wanted: &'static str,
        fits: impl FnOnce(&Kind) -> bool,
    ) -> Result<SchemaId, BuildError> {
        let found = match name.split_once(':') {
            Some((module, name)) => {
                self.schema.module_named(module).and_then(|module| self.schema.child(self.id, module, name))
            }
            None => match self.schema.child_by_name(self.id, name) {
                Lookup::One(id) => Some(id),
                Lookup::Ambiguous | Lookup::Unknown => None,
            },
        };
        found.filter(|id| fits(&self.schema.node(*id).kind)).ok_or_else(|| BuildError::Unknown {
            parent: self.id.map_or_else(|| "/".to_owned(), |id| self.schema.path(id)),
            wanted,
            name: name.to_owned(),
        })
    }

    fn value(&self, id: SchemaId, value: &impl Display) -> Result<Arc<str>, BuildError> {
        self.schema
            .canonical(id, &value.to_string())
            .map_err(|error| BuildError::Value { path: self.schema.path(id), message: error.message })
    }
}

fn join(own: &Arc<Node>, other: &Arc<Node>) -> Arc<Node> {
    if Arc::ptr_eq(own, other) {
        return own.clone();
    }
    let mut result = (**own).clone();
    for (id, slot) in other.children() {
        match (result.get_mut(*id), slot) {
            (Some(Slot::Container(own)), Slot::Container(other)) => *own = join(own, other),
            (Some(Slot::List(own)), Slot::List(other)) => {
                for (key, node) in other {
                    let joined = own.get(key).map_or_else(|| node.clone(), |own| join(own, node));
                    own.insert(key.clone(), joined);
                }
            }
            (Some(Slot::LeafList(own)), Slot::LeafList(other)) => {
                other.iter().for_each(|(key, ())| own.insert(key.clone(), ()));
            }
            _ => result.insert(*id, slot.clone()),
        }
    }
    Arc::new(result)
}

impl InstancePath {
    /// The path to an entry of a list below this path, by names and key values as they are stored.
    #[must_use]
    pub fn entry<'a>(&self, list: SchemaId, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.child(list, Select::Key(Key::new(keys)))
    }
}
