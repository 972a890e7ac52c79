//! Side by side through two trees, past all that they share.

use super::order::placements;
use super::{Change, Op, Placement};
use crate::schema::{Schema, SchemaId};
use crate::tree::{Entries, InstancePath, Key, Node, Select, Slot};
use imbl::ordmap::DiffItem;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

pub(super) struct Walk<'a> {
    pub(super) schema: &'a Schema,
    pub(super) at: InstancePath,
    pub(super) changes: Vec<Change>,
}

impl Walk<'_> {
    pub(super) fn nodes(&mut self, old: &Arc<Node>, new: &Arc<Node>) {
        if Arc::ptr_eq(old, new) {
            return;
        }
        let (mut olds, mut news) = (old.children().iter().peekable(), new.children().iter().peekable());
        loop {
            let order = match (olds.peek(), news.peek()) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.0.cmp(&new.0),
            };
            let old = if order.is_le() { olds.next() } else { None };
            let new = if order.is_ge() { news.next() } else { None };
            match (old, new) {
                (Some((id, old)), Some((_, new))) => self.slots(*id, old, new),
                (Some((id, old)), None) => self.deleted(*id, old),
                (None, Some((id, new))) => self.created(*id, new),
                (None, None) => return,
            }
        }
    }

    fn slots(&mut self, id: SchemaId, old: &Slot, new: &Slot) {
        match (old, new) {
            (Slot::Leaf(old), Slot::Leaf(new)) if old != new => {
                self.push(id, Select::Node, Op::Modified { old: old.clone(), new: new.clone() });
            }
            (Slot::Container(old), Slot::Container(new)) => {
                self.at.push(id, Select::Node);
                self.nodes(old, new);
                self.at.pop();
            }
            (Slot::LeafList(old), Slot::LeafList(new)) => self.entries(id, old, new, |_, (), ()| {}),
            (Slot::List(old), Slot::List(new)) => self.entries(id, old, new, Self::nodes),
            // Equal leafs; one schema node has one kind of slot.
            _ => {}
        }
    }

    fn entries<V: Clone + PartialEq + Part>(
        &mut self,
        id: SchemaId,
        old: &Entries<V>,
        new: &Entries<V>,
        inside: impl Fn(&mut Self, &V, &V),
    ) {
        if old.ptr_eq(new) {
            return;
        }
        let (mut added, mut updated) = (Vec::new(), Vec::new());
        for item in old.map().diff(new.map()) {
            match item {
                DiffItem::Add(key, _) => added.push(key),
                DiffItem::Update { old, new } => updated.push((old, new)),
                DiffItem::Remove(key, _) => {
                    self.push(id, Select::Key(key.clone()), Op::Deleted { value: V::value(key) });
                }
            }
        }
        match (old.order(), new.order()) {
            (Some(old), Some(new)) if !old.ptr_eq(new) => {
                let created: HashSet<_> = added.iter().copied().collect();
                for (key, place) in placements(old, new, |key| created.contains(key)) {
                    let op = if created.contains(&key) {
                        Op::Created { value: V::value(&key), place }
                    } else {
                        Op::Moved { place }
                    };
                    self.push(id, Select::Key(key), op);
                }
            }
            _ => {
                for key in added {
                    let op = Op::Created { value: V::value(key), place: Placement::Any };
                    self.push(id, Select::Key(key.clone()), op);
                }
            }
        }
        for ((key, old), (_, new)) in updated {
            self.at.push(id, Select::Key(key.clone()));
            inside(self, old, new);
            self.at.pop();
        }
    }

    fn created(&mut self, id: SchemaId, slot: &Slot) {
        match slot {
            Slot::List(entries) => self.entries(id, &Entries::new(self.order(id)), entries, Self::nodes),
            Slot::LeafList(values) => {
                self.entries(id, &Entries::new(self.order(id)), values, |_, (), ()| {});
            }
            Slot::Container(_) => {
                self.push(id, Select::Node, Op::Created { value: None, place: Placement::Any });
            }
            Slot::Leaf(value) => {
                let op = Op::Created { value: Some(value.clone()), place: Placement::Any };
                self.push(id, Select::Node, op);
            }
        }
    }

    fn deleted(&mut self, id: SchemaId, slot: &Slot) {
        match slot {
            Slot::List(entries) => self.entries(id, entries, &Entries::new(self.order(id)), Self::nodes),
            Slot::LeafList(values) => {
                self.entries(id, values, &Entries::new(self.order(id)), |_, (), ()| {});
            }
            Slot::Container(_) => self.push(id, Select::Node, Op::Deleted { value: None }),
            Slot::Leaf(value) => {
                self.push(id, Select::Node, Op::Deleted { value: Some(value.clone()) });
            }
        }
    }

    fn order(&self, id: SchemaId) -> crate::schema::Order {
        self.schema.node(id).order()
    }

    fn push(&mut self, id: SchemaId, select: Select, op: Op) {
        self.changes.push(Change { path: self.at.child(id, select), op });
    }
}

/// What is kept under a key.
trait Part {
    /// The value that the key of a leaf-list entry is.
    fn value(key: &Key) -> Option<Arc<str>>;
}

impl Part for () {
    fn value(key: &Key) -> Option<Arc<str>> {
        Some(key.text().clone())
    }
}

impl Part for Arc<Node> {
    fn value(_: &Key) -> Option<Arc<str>> {
        None
    }
}
