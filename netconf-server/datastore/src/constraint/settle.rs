//! What the server takes away by itself.

use super::plan::Plan;
use super::view::View;
use super::{Constraints, Rule, instances};
use crate::diff::{Change, Op};
use crate::schema::{Kind, SchemaId};
use crate::tree::{Entries, InstancePath, Key, Node, NodeRef, Select, Slot, Step, Tree};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A tree without the nodes that a change has made impossible.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The tree: the very same if nothing had to go.
    pub tree: Tree,
    /// What went, in document order.
    pub removed: Vec<InstancePath>,
}

impl Constraints {
    /// Deletes nodes whose `when` the changes from `base` to `new` have made false (RFC 7950 §8.2: "then the node in the
    /// data tree with the 'when' expression is deleted by the server"), and what that makes false in turn.
    ///
    /// A node that is not in `base` stays: who makes one against its `when` gets an error from [`Self::validate`]
    /// (RFC 7950 §8.3.1).
    pub fn settle(&self, base: &Tree, new: &Tree, changes: &[Change]) -> Settled {
        let mut settled = Settled { tree: new.clone(), removed: Vec::new() };
        let mut plan = Plan::of(self, changes).only_whens(self);
        // Each round takes something away, so there is a last one.
        while !plan.is_empty() {
            let round: Vec<_> = self
                .impossible(&settled.tree, &plan)
                .into_iter()
                .filter(|path| base.find(path).is_some())
                .collect();
            let gone: Vec<_> = round
                .iter()
                .map(|path| Change { path: path.clone(), op: Op::Deleted { value: None } })
                .collect();
            for path in &round {
                settled.tree = without(&settled.tree, path);
            }
            settled.removed.extend(round);
            plan = Plan::of(self, &gone).only_whens(self);
        }
        settled.removed.sort();
        settled
    }

    /// Nodes whose `when` is false, the outermost of those in each other.
    fn impossible(&self, tree: &Tree, plan: &Plan) -> Vec<InstancePath> {
        let view = self.view(tree);
        let mut found = BTreeSet::new();
        for (index, scope) in plan.iter() {
            let constraint = &self.list[index];
            let Rule::When(when) = &constraint.rule else { continue };
            instances::for_each(&view, constraint.context, scope, &mut |node| {
                if !node.is_default() && !view.holds(when, node).unwrap_or(true) {
                    found.insert(node.path());
                }
            });
        }
        let mut outermost: Vec<InstancePath> = Vec::new();
        for path in found {
            if !outermost.last().is_some_and(|last| last.contains(&path)) {
                outermost.push(path);
            }
        }
        outermost
    }
}

/// A tree without the node at a path, and without what only led to it.
fn without(tree: &Tree, path: &InstancePath) -> Tree {
    let root = changed(tree, tree.root_node(), path.steps(), &mut |node, step| match &step.select {
        Select::Node => {
            node.remove(step.id);
        }
        Select::Key(key) => {
            let vacant = match node.get_mut(step.id) {
                Some(Slot::List(entries)) => {
                    entries.remove(key);
                    entries.is_empty()
                }
                Some(Slot::LeafList(values)) => {
                    values.remove(key);
                    values.is_empty()
                }
                _ => false,
            };
            if vacant {
                node.remove(step.id);
            }
        }
    });
    Tree::from_root(tree.schema().clone(), Arc::new(root))
}

/// A copy of a node, changed by `last` at the end of a path; containers without presence on it come and go as needed.
fn changed(tree: &Tree, node: &Node, steps: &[Step], last: &mut impl FnMut(&mut Node, &Step)) -> Node {
    let mut copy = node.clone();
    let Some((step, rest)) = steps.split_first() else { return copy };
    if rest.is_empty() {
        last(&mut copy, step);
        return copy;
    }
    match &step.select {
        Select::Node => {
            let inner = node.container(step.id).map_or(&crate::tree::NOTHING, |node| &**node);
            let inner = changed(tree, inner, rest, last);
            if inner.is_empty() && tree.schema().node(step.id).is_structure() {
                copy.remove(step.id);
            } else {
                copy.insert(step.id, Slot::Container(Arc::new(inner)));
            }
        }
        Select::Key(key) => {
            if let Some(Slot::List(entries)) = copy.get_mut(step.id)
                && let Some(entry) = entries.get_mut(key)
            {
                *entry = Arc::new(changed(tree, entry, rest, last));
            }
        }
    }
    copy
}

/// Asks something about a child of `at` that is not there as if it were.
pub(super) fn pretend<'t>(
    view: &View<'t>,
    at: &NodeRef<'t>,
    id: SchemaId,
    ask: impl FnOnce(&View<'_>, &NodeRef<'_>) -> bool,
) -> bool {
    let tree = view.tree();
    let schema = tree.schema().node(id);
    let key = Key::new(schema.keys().iter().map(|_| "").take(schema.keys().len().max(1)));
    let (slot, select) = match &schema.kind {
        Kind::Leaf(_) | Kind::AnyData => (Slot::Leaf("".into()), Select::Node),
        Kind::Container { .. } => (Slot::Container(Arc::default()), Select::Node),
        Kind::LeafList(..) => {
            let mut values = Entries::new(schema.order());
            values.insert(key.clone(), ());
            (Slot::LeafList(values), Select::Key(key))
        }
        Kind::List { .. } => {
            let mut entries = Entries::new(schema.order());
            entries.insert(key.clone(), Arc::default());
            (Slot::List(entries), Select::Key(key))
        }
    };
    let path = at.path().child(id, select);
    let mut slot = Some(slot);
    let root = changed(tree, tree.root_node(), path.steps(), &mut |node, step| {
        if let Some(slot) = slot.take() {
            node.insert(step.id, slot);
        }
    });
    let imagined = Tree::from_root(tree.schema().clone(), Arc::new(root));
    let view = view.constraints().view(&imagined);
    view.find(&path).is_none_or(|node| ask(&view, &node))
}
