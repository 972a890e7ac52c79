//! Walking a tree in every direction.

use super::entries::Iter;
use super::node::NOTHING;
use super::{Entries, InstancePath, Key, Node, Select, Slot, Step, Tree};
use crate::schema::{CaseId, Kind, ModuleId, Schema, SchemaId, SchemaNode};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

/// A place in a tree that knows the way back to the root. A clone costs a reference count.
///
/// Equality, order and hash are those of the place: two cursors of one tree are equal when they are at the same node,
/// and the smaller comes first in the document.
#[derive(Clone)]
pub struct NodeRef<'t>(Rc<Place<'t>>);

struct Place<'t> {
    tree: &'t Tree,
    parent: Option<NodeRef<'t>>,
    /// `None` at the root.
    id: Option<SchemaId>,
    data: Data<'t>,
    default: bool,
}

/// What is at a place.
#[derive(Clone, Copy)]
enum Data<'t> {
    Inner(&'t Node),
    Entry(&'t Key, &'t Arc<Node>),
    Leaf(&'t Arc<str>),
    Value(&'t Key),
}

impl<'t> NodeRef<'t> {
    pub(super) fn root(tree: &'t Tree) -> Self {
        Self(Rc::new(Place { tree, parent: None, id: None, data: Data::Inner(&tree.root), default: false }))
    }

    fn below(&self, id: SchemaId, data: Data<'t>, default: bool) -> Self {
        Self(Rc::new(Place { tree: self.0.tree, parent: Some(self.clone()), id: Some(id), data, default }))
    }

    /// The tree it is in.
    pub fn tree(&self) -> &'t Tree {
        self.0.tree
    }

    /// The schema.
    pub fn schema(&self) -> &'t Schema {
        &self.0.tree.schema
    }

    /// Its schema node; `None` at the root.
    pub fn id(&self) -> Option<SchemaId> {
        self.0.id
    }

    /// Its schema node; `None` at the root.
    pub fn schema_node(&self) -> Option<&'t SchemaNode> {
        self.0.id.map(|id| self.schema().node(id))
    }

    /// Its name without prefix; empty at the root.
    pub fn name(&self) -> &'t str {
        self.schema_node().map_or("", |node| &node.name)
    }

    /// Its module; `None` at the root.
    pub fn module(&self) -> Option<ModuleId> {
        self.schema_node().map(|node| node.module)
    }

    /// The node around it: of a list entry that is the node around the list. `None` at the root.
    pub fn parent(&self) -> Option<NodeRef<'t>> {
        self.0.parent.clone()
    }

    /// The canonical value of a leaf or leaf-list entry.
    pub fn value(&self) -> Option<&'t Arc<str>> {
        match self.0.data {
            Data::Leaf(value) => Some(value),
            Data::Value(key) => Some(key.text()),
            _ => None,
        }
    }

    /// The key of a list or leaf-list entry.
    pub fn key(&self) -> Option<&'t Key> {
        match self.0.data {
            Data::Entry(key, _) | Data::Value(key) => Some(key),
            _ => None,
        }
    }

    /// The children as stored; none for leafs.
    pub fn node(&self) -> &'t Node {
        match self.0.data {
            Data::Inner(node) => node,
            Data::Entry(_, node) => node,
            _ => &NOTHING,
        }
    }

    /// The shared memory of a list entry, to see whether another tree has the same.
    pub fn shared(&self) -> Option<&'t Arc<Node>> {
        match self.0.data {
            Data::Entry(_, node) => Some(node),
            _ => None,
        }
    }

    /// Whether it is not stored but follows from the schema: see [`Self::in_use`].
    pub fn is_default(&self) -> bool {
        self.0.default
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.id.is_none()
    }

    /// Stored children in schema order; each entry of a list or leaf-list is one.
    pub fn children(&self) -> Children<'t> {
        Children { parent: self.clone(), rest: self.node().children().iter(), current: None, default: false }
    }

    /// Stored children of one schema node.
    pub fn children_of(&self, id: SchemaId) -> Children<'t> {
        let current = self.node().get(id).map(|slot| (id, SlotIter::of(slot)));
        Children { parent: self.clone(), rest: [].iter(), current, default: false }
    }

    /// The container or leaf at that schema node.
    pub fn child(&self, id: SchemaId) -> Option<NodeRef<'t>> {
        let data = match self.node().get(id)? {
            Slot::Leaf(value) => Data::Leaf(value),
            Slot::Container(node) => Data::Inner(node),
            Slot::LeafList(_) | Slot::List(_) => return None,
        };
        Some(self.below(id, data, false))
    }

    /// The entry of a list or leaf-list with that key.
    pub fn entry(&self, id: SchemaId, key: &Key) -> Option<NodeRef<'t>> {
        let data = match self.node().get(id)? {
            Slot::List(entries) => {
                let (key, node) = entries.get_key_value(key)?;
                Data::Entry(key, node)
            }
            Slot::LeafList(values) => Data::Value(values.get_key_value(key)?.0),
            _ => return None,
        };
        Some(self.below(id, data, false))
    }

    /// Goes along one step of a path.
    pub fn step(&self, step: &Step) -> Option<NodeRef<'t>> {
        match &step.select {
            Select::Node => self.child(step.id),
            Select::Key(key) => self.entry(step.id, key),
        }
    }

    /// Children at one schema node as RFC 7950 §6.4.1 sees them: stored ones, else defaults in use, else a container without
    /// presence that is there by the schema. Whether a `when` takes a default away is the caller's to know.
    pub fn in_use(&self, id: SchemaId) -> Children<'t> {
        if self.node().get(id).is_some() {
            return self.children_of(id);
        }
        let schema = self.schema();
        let node = schema.node(id);
        let there = match &node.kind {
            Kind::Container { presence: false } => self.case_in_use(id),
            Kind::Leaf(_) | Kind::LeafList(..) => !node.defaults.is_empty() && self.case_in_use(id),
            _ => false,
        };
        let current = there.then(|| {
            let slot = match &node.kind {
                Kind::Leaf(_) => SlotIter::One(node.defaults.first().map(Data::Leaf)),
                Kind::LeafList(..) => SlotIter::Defaults(node.default_keys.iter()),
                _ => SlotIter::One(Some(Data::Inner(&NOTHING))),
            };
            (id, slot)
        });
        Children { parent: self.clone(), rest: [].iter(), current, default: true }
    }

    /// All children in use in schema order; see [`Self::in_use`].
    pub fn all_in_use(&self) -> impl Iterator<Item = NodeRef<'t>> + use<'t> {
        let ids = match self.0.data {
            Data::Inner(_) | Data::Entry(..) => self.schema().children(self.0.id),
            _ => &[],
        };
        let parent = self.clone();
        ids.iter().flat_map(move |id| parent.in_use(*id))
    }

    /// Whether defaults of a node hold as far as its cases say (RFC 7950 §7.6.1): each case around it is there, or is
    /// the default of a choice of which no case is there.
    fn case_in_use(&self, id: SchemaId) -> bool {
        let schema = self.schema();
        schema.cases_of(id).all(|case| {
            self.case_present(case) || {
                let choice = schema.choice(schema.case(case).choice);
                choice.default == Some(case)
                    && !choice.cases.iter().any(|other| *other != case && self.case_present(*other))
            }
        })
    }

    /// Whether a node of the case is stored.
    pub fn case_present(&self, case: CaseId) -> bool {
        self.schema().case(case).nodes.iter().any(|id| self.node().get(*id).is_some())
    }

    /// Where it is.
    pub fn path(&self) -> InstancePath {
        let mut steps: Vec<_> = std::iter::successors(Some(self), |at| at.0.parent.as_ref())
            .filter_map(|at| {
                let select = at.key().map_or(Select::Node, |key| Select::Key(key.clone()));
                Some(Step { id: at.0.id?, select })
            })
            .collect();
        steps.reverse();
        InstancePath::new(steps)
    }

    fn depth(&self) -> usize {
        std::iter::successors(self.0.parent.as_ref(), |at| at.0.parent.as_ref()).count()
    }

    /// Order of two children of one node.
    fn cmp_siblings(&self, other: &Self) -> Ordering {
        self.0.id.cmp(&other.0.id).then_with(|| {
            let (Some(a), Some(b)) = (self.key(), other.key()) else { return Ordering::Equal };
            if a == b {
                return Ordering::Equal;
            }
            let siblings = self.0.parent.as_ref().zip(self.0.id).and_then(|(up, id)| up.node().get(id));
            let places = match siblings {
                Some(Slot::List(Entries::Placed(_)) | Slot::LeafList(Entries::Placed(_))) => {
                    siblings.map(|slot| (slot.position(a), slot.position(b)))
                }
                _ => None,
            };
            places.map_or_else(|| a.cmp(b), |(a, b)| a.cmp(&b))
        })
    }
}

impl Slot {
    fn position(&self, key: &Key) -> Option<usize> {
        match self {
            Self::List(entries) => entries.position(key),
            Self::LeafList(values) => values.position(key),
            _ => None,
        }
    }
}

impl PartialEq for NodeRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
            || (self.0.id == other.0.id && self.key() == other.key() && self.0.parent == other.0.parent)
    }
}

impl Eq for NodeRef<'_> {}

impl Hash for NodeRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
        self.key().hash(state);
        self.0.parent.hash(state);
    }
}

impl PartialOrd for NodeRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NodeRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.clone(), other.clone());
        let (depth_a, depth_b) = (a.depth(), b.depth());
        let up = |node: &mut Self, times: usize| {
            for _ in 0..times {
                if let Some(parent) = node.parent() {
                    *node = parent;
                }
            }
        };
        up(&mut a, depth_a.saturating_sub(depth_b));
        up(&mut b, depth_b.saturating_sub(depth_a));
        // At equal depth the first difference from the root decides; an ancestor comes before what is below it.
        let mut order = depth_a.cmp(&depth_b);
        while !Rc::ptr_eq(&a.0, &b.0) {
            match a.cmp_siblings(&b) {
                Ordering::Equal => {}
                difference => order = difference,
            }
            let (Some(parent_a), Some(parent_b)) = (a.parent(), b.parent()) else { break };
            (a, b) = (parent_a, parent_b);
        }
        order
    }
}

impl fmt::Debug for NodeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeRef({})", self.path().display(self.schema()))
    }
}

/// Children of a node.
pub struct Children<'t> {
    parent: NodeRef<'t>,
    rest: std::slice::Iter<'t, (SchemaId, Slot)>,
    current: Option<(SchemaId, SlotIter<'t>)>,
    default: bool,
}

enum SlotIter<'t> {
    One(Option<Data<'t>>),
    List(Iter<'t, Arc<Node>>),
    LeafList(Iter<'t, ()>),
    Defaults(std::slice::Iter<'t, Key>),
}

impl<'t> SlotIter<'t> {
    fn of(slot: &'t Slot) -> Self {
        match slot {
            Slot::Leaf(value) => Self::One(Some(Data::Leaf(value))),
            Slot::Container(node) => Self::One(Some(Data::Inner(node))),
            Slot::List(entries) => Self::List(entries.iter()),
            Slot::LeafList(values) => Self::LeafList(values.iter()),
        }
    }

    fn next(&mut self) -> Option<Data<'t>> {
        match self {
            Self::One(data) => data.take(),
            Self::List(iter) => iter.next().map(|(key, node)| Data::Entry(key, node)),
            Self::LeafList(iter) => iter.next().map(|(key, ())| Data::Value(key)),
            Self::Defaults(iter) => iter.next().map(Data::Value),
        }
    }
}

impl<'t> Iterator for Children<'t> {
    type Item = NodeRef<'t>;

    fn next(&mut self) -> Option<NodeRef<'t>> {
        loop {
            if let Some((id, slot)) = &mut self.current {
                if let Some(data) = slot.next() {
                    return Some(self.parent.below(*id, data, self.default));
                }
                self.current = None;
            }
            let (id, slot) = self.rest.next()?;
            self.current = Some((*id, SlotIter::of(slot)));
        }
    }
}
