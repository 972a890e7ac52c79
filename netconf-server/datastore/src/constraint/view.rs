//! A data tree as expressions see it.

use super::{Constraints, When};
use crate::schema::{Kind, SchemaId};
use crate::tree::{InstancePath, Key, NodeRef, Select, Tree};
use daybreak_xpath::{Key as KeyTest, Names, XPathError};
use daybreak_yang::{LeafType, QName, WhenContext};
use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;
use std::sync::Arc;

/// How deep a `when` may depend on nodes that are there only if another `when` holds. Deeper ones count as true, which
/// ends what would else never end.
const MOST_WHENS: usize = 8;

/// A tree with the nodes in use that are not stored: defaults and containers without presence (RFC 7950 §6.4.1), unless
/// their `when` is false.
#[derive(Debug)]
pub struct View<'t> {
    tree: &'t Tree,
    constraints: &'t Constraints,
    /// `when` statements that are being evaluated for nodes that are not stored.
    whens: Cell<usize>,
}

/// How the predicates of a step select an entry.
enum Wanted {
    Entry(Key),
    /// A value that no entry can have.
    Nothing,
    /// Not all keys are given.
    Unclear,
}

impl<'t> View<'t> {
    pub(super) fn new(tree: &'t Tree, constraints: &'t Constraints) -> Self {
        Self { tree, constraints, whens: Cell::new(0) }
    }

    /// The tree.
    pub fn tree(&self) -> &'t Tree {
        self.tree
    }

    pub(super) fn constraints(&self) -> &'t Constraints {
        self.constraints
    }

    /// Instances of a schema node among the children of a node, stored or in use.
    pub fn children_of(&self, parent: &NodeRef<'t>, id: SchemaId) -> impl Iterator<Item = NodeRef<'t>> {
        parent.in_use(id).filter(|node| self.is_in_use(node))
    }

    /// The node at a path, stored or in use.
    pub fn find(&self, path: &InstancePath) -> Option<NodeRef<'t>> {
        path.steps().iter().try_fold(self.tree.root(), |at, step| match &step.select {
            Select::Key(key) => at
                .entry(step.id, key)
                .or_else(|| self.children_of(&at, step.id).find(|node| node.key() == Some(key))),
            Select::Node => self.children_of(&at, step.id).next(),
        })
    }

    /// Whether a node that the schema gives, a default or a container without presence, is there: every `when` of it holds.
    pub fn is_in_use(&self, node: &NodeRef<'t>) -> bool {
        let Some(id) = node.id().filter(|_| node.is_default()) else { return true };
        let whens = &self.constraints.facts.whens[id.index()];
        if whens.is_empty() || self.whens.get() >= MOST_WHENS {
            return true;
        }
        self.whens.set(self.whens.get() + 1);
        // A `when` that takes too long hides nothing: what is stored is judged by itself.
        let holds = whens.iter().all(|when| self.holds(when, node).unwrap_or(true));
        self.whens.set(self.whens.get() - 1);
        holds
    }

    /// Whether a `when` of a node holds.
    pub(super) fn holds(&self, when: &When, node: &NodeRef<'t>) -> Result<bool, XPathError> {
        let root = || self.tree.root();
        let context = match when.at {
            WhenContext::Itself => node.clone(),
            WhenContext::Parent => node.parent().unwrap_or_else(root),
            WhenContext::Root => root(),
        };
        when.condition.is_true(self, &context)
    }

    /// Schema nodes of that name below another one.
    fn named(&self, parent: Option<SchemaId>, module: Option<&str>, name: &str) -> Vec<SchemaId> {
        let schema = self.tree.schema();
        if let Some(module) = module {
            let module = schema.module_named(module);
            return module.and_then(|module| schema.child(parent, module, name)).into_iter().collect();
        }
        let children = schema.children(parent).iter().copied();
        children.filter(|id| *schema.node(*id).name == *name).collect()
    }

    fn wanted(&self, id: SchemaId, keys: &[KeyTest<'_>], names: &Names) -> Wanted {
        let schema = self.tree.schema();
        let value = |id: SchemaId, text: &str| -> Option<Arc<str>> {
            let identity = self.constraints.facts.identity(id, text, names);
            schema.canonical(id, identity.as_deref().unwrap_or(text)).ok()
        };
        let node = schema.node(id);
        let values: Option<Vec<Option<Arc<str>>>> = match &node.kind {
            Kind::LeafList(..) => {
                keys.iter().find(|key| key.name == ".").map(|key| vec![value(id, key.value)])
            }
            Kind::List { keys: leafs, .. } if !leafs.is_empty() => {
                let test = |leaf: &SchemaId| {
                    let node = schema.node(*leaf);
                    let module = &*schema.module(node.module).name;
                    let is_it = |key: &&KeyTest<'_>| {
                        key.name == &*node.name && key.module.is_none_or(|wanted| wanted == module)
                    };
                    keys.iter().find(is_it).map(|key| value(*leaf, key.value))
                };
                leafs.iter().map(test).collect()
            }
            _ => None,
        };
        let Some(values) = values else { return Wanted::Unclear };
        match values.into_iter().collect::<Option<Vec<_>>>() {
            Some(values) => Wanted::Entry(Key::of(&values)),
            None => Wanted::Nothing,
        }
    }
}

impl<'t> daybreak_xpath::Tree for View<'t> {
    type Node = NodeRef<'t>;

    fn root(&self) -> NodeRef<'t> {
        self.tree.root()
    }

    fn parent(&self, node: &NodeRef<'t>) -> Option<NodeRef<'t>> {
        node.parent()
    }

    fn children(&self, node: &NodeRef<'t>) -> impl Iterator<Item = NodeRef<'t>> {
        node.all_in_use().filter(|node| self.is_in_use(node))
    }

    fn children_named(
        &self,
        node: &NodeRef<'t>,
        module: Option<&str>,
        name: &str,
    ) -> impl Iterator<Item = NodeRef<'t>> {
        let ids = self.named(node.id(), module, name);
        ids.into_iter().flat_map(move |id| self.children_of(node, id))
    }

    fn entries(
        &self,
        node: &NodeRef<'t>,
        module: Option<&str>,
        name: &str,
        keys: &[KeyTest<'_>],
        names: &Names,
    ) -> Option<Vec<NodeRef<'t>>> {
        let mut found = Vec::new();
        for id in self.named(node.id(), module, name) {
            if node.node().get(id).is_none() {
                // Not stored: at most the defaults of a leaf-list.
                found.extend(self.children_of(node, id));
                continue;
            }
            match self.wanted(id, keys, names) {
                Wanted::Entry(key) => found.extend(node.entry(id, &key)),
                Wanted::Nothing => {}
                Wanted::Unclear => return None,
            }
        }
        Some(found)
    }

    fn name<'n>(&'n self, node: &'n NodeRef<'t>) -> &'n str {
        node.name()
    }

    fn module<'n>(&'n self, node: &'n NodeRef<'t>) -> &'n str {
        node.module().map_or("", |module| &node.schema().module(module).name)
    }

    fn namespace<'n>(&'n self, node: &'n NodeRef<'t>) -> &'n str {
        node.module().map_or("", |module| &node.schema().module(module).namespace)
    }

    fn text<'n>(&'n self, node: &'n NodeRef<'t>) -> Option<Cow<'n, str>> {
        node.value().map(|value| Cow::Borrowed(&**value))
    }

    fn compare(&self, left: &NodeRef<'t>, right: &NodeRef<'t>) -> Ordering {
        left.cmp(right)
    }

    fn canonical(&self, node: &NodeRef<'t>, text: &str, names: &Names) -> Option<String> {
        self.constraints.facts.identity(node.id()?, text, names)
    }

    fn deref(&self, node: &NodeRef<'t>) -> Vec<NodeRef<'t>> {
        let (Some(id), Some(value)) = (node.id(), node.value()) else { return Vec::new() };
        if let Some(target) = self.constraints.facts.targets.get(&id) {
            return target.select(self, node).unwrap_or_default();
        }
        if !matches!(self.constraints.facts.type_of(id), Some(LeafType::InstanceIdentifier { .. })) {
            return Vec::new();
        }
        let path = InstancePath::parse(self.tree.schema(), value).ok();
        path.and_then(|path| self.find(&path)).into_iter().collect()
    }

    fn is_derived(&self, node: &NodeRef<'t>, module: Option<&str>, identity: &str, or_self: bool) -> bool {
        let identities = &self.constraints.facts.identities;
        let Some(value) = node.value().and_then(|value| QName::parse(value)) else { return false };
        let test = |module: &str| {
            let base = QName { module: module.to_owned(), name: identity.to_owned() };
            if or_self {
                identities.is_derived_from_or_self(&value, &base)
            } else {
                identities.is_derived_from(&value, &base)
            }
        };
        match module {
            Some(module) => test(module),
            None => self.tree.schema().modules().iter().any(|module| test(&module.name)),
        }
    }

    fn enum_value(&self, node: &NodeRef<'t>) -> Option<i32> {
        let LeafType::Enumeration(items) = self.constraints.facts.type_of(node.id()?)? else { return None };
        let value = node.value()?;
        items.iter().find(|item| *item.name == **value).map(|item| item.value)
    }

    fn bit_is_set(&self, node: &NodeRef<'t>, bit: &str) -> bool {
        let is_bits = |id| matches!(self.constraints.facts.type_of(id), Some(LeafType::Bits(_)));
        node.id().is_some_and(is_bits)
            && node.value().is_some_and(|value| value.split(' ').any(|set| set == bit))
    }
}
