//! Reading a tree by the names of the models.

use super::IntentError;
use daybreak_appliers::intent::At;
use daybreak_datastore::schema::{Lookup, SchemaId};
use daybreak_datastore::tree::{Key, NodeRef, Tree};
use std::str::FromStr;

/// A node of a tree with its defaults in use. Names are those of children, without prefix where that is clear.
pub(super) struct Place<'t>(NodeRef<'t>);

impl<'t> Place<'t> {
    /// The root of a tree.
    pub(super) fn root(tree: &'t Tree) -> Self {
        Self(tree.root())
    }

    fn id(&self, name: &str) -> Result<SchemaId, IntentError> {
        match self.0.schema().child_by_name(self.0.id(), name) {
            Lookup::One(id) => Ok(id),
            Lookup::Ambiguous | Lookup::Unknown => {
                Err(IntentError::Schema { parent: self.path(), name: name.to_owned() })
            }
        }
    }

    /// The container of that name; `None` when neither data nor the schema puts it there.
    pub(super) fn inner(&self, name: &str) -> Result<Option<Self>, IntentError> {
        Ok(self.0.in_use(self.id(name)?).next().map(Self))
    }

    /// The container of that name, only when something in it is configured.
    pub(super) fn stored(&self, name: &str) -> Result<Option<Self>, IntentError> {
        Ok(self.0.child(self.id(name)?).map(Self))
    }

    /// A container that the schema puts there.
    pub(super) fn always(&self, name: &str) -> Result<Self, IntentError> {
        self.inner(name)?.ok_or_else(|| IntentError::Missing { path: self.below(name) })
    }

    /// The entries of a list or leaf-list in their order.
    pub(super) fn entries(&self, name: &str) -> Result<impl Iterator<Item = Self> + use<'t>, IntentError> {
        Ok(self.0.in_use(self.id(name)?).map(Self))
    }

    /// The entry of a list with that key.
    pub(super) fn entry(&self, name: &str, key: &Key) -> Result<Option<Self>, IntentError> {
        Ok(self.0.entry(self.id(name)?, key).map(Self))
    }

    /// The key of this entry of a list.
    pub(super) fn key(&self) -> Option<Key> {
        self.0.key().cloned()
    }

    /// The value of a leaf, or its default.
    pub(super) fn leaf(&self, name: &str) -> Result<Option<&'t str>, IntentError> {
        Ok(self.0.in_use(self.id(name)?).next().and_then(|leaf| leaf.value().map(|value| &**value)))
    }

    /// The value of a leaf as a text of one's own.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, IntentError> {
        Ok(self.leaf(name)?.map(ToOwned::to_owned))
    }

    /// The value of a leaf that the schema demands.
    pub(super) fn need(&self, name: &str) -> Result<&'t str, IntentError> {
        self.leaf(name)?.ok_or_else(|| IntentError::Missing { path: self.below(name) })
    }

    /// The value of a leaf, parsed.
    pub(super) fn parse<T: FromStr>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<T>, IntentError> {
        let parse = |value: &str| value.parse().map_err(|_| self.wrong(name, value, expected));
        self.leaf(name)?.map(parse).transpose()
    }

    /// The value of a leaf that the schema demands, parsed.
    pub(super) fn need_parsed<T: FromStr>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<T, IntentError> {
        self.parse(name, expected)?.ok_or_else(|| IntentError::Missing { path: self.below(name) })
    }

    /// The value of a boolean leaf with a default.
    pub(super) fn flag(&self, name: &str) -> Result<bool, IntentError> {
        self.need_parsed(name, "true or false")
    }

    /// The value of this entry of a leaf-list.
    pub(super) fn value(&self) -> Result<&'t str, IntentError> {
        self.0.value().map(|value| &**value).ok_or_else(|| IntentError::Missing { path: self.path() })
    }

    /// The value of this entry of a leaf-list, parsed.
    pub(super) fn parsed<T: FromStr>(&self, expected: &'static str) -> Result<T, IntentError> {
        self.value()?.parse().map_err(|_| self.unexpected(expected))
    }

    /// An error about this entry of a leaf-list.
    pub(super) fn unexpected(&self, expected: &'static str) -> IntentError {
        let value = self.0.value().map(ToString::to_string).unwrap_or_default();
        IntentError::Value { path: self.path(), value, expected }
    }

    /// An error about a leaf.
    pub(super) fn wrong(&self, name: &str, value: &str, expected: &'static str) -> IntentError {
        IntentError::Value { path: self.below(name), value: value.to_owned(), expected }
    }

    /// Where it is, for whom an applier blames.
    pub(super) fn at(&self) -> At {
        At::new(self.path())
    }

    /// Where a child is.
    pub(super) fn at_child(&self, name: &str) -> At {
        At::new(self.below(name))
    }

    fn path(&self) -> String {
        self.0.path().display(self.0.schema()).to_string()
    }

    fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.path())
    }
}
