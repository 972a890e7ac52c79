//! Instances of a schema node.

use super::plan::Scope;
use super::view::View;
use crate::schema::SchemaId;
use crate::tree::{InstancePath, NodeRef};

/// Calls `visit` with the instances of a schema node that are in the scope, stored or in use, each once.
pub(super) fn for_each<'t>(
    view: &View<'t>,
    id: Option<SchemaId>,
    scope: &Scope,
    visit: &mut impl FnMut(&NodeRef<'t>),
) {
    let Some(id) = id else { return visit(&view.tree().root()) };
    let lineage = view.tree().schema().lineage(id);
    match scope {
        Scope::All => below(view, &view.tree().root(), &lineage, visit),
        Scope::Under(paths) => {
            let mut last: Option<&InstancePath> = None;
            // A path comes right before those that it contains.
            for path in paths {
                if last.is_some_and(|last| last.contains(path)) {
                    continue;
                }
                last = Some(path);
                if let (Some(node), Some(rest)) = (view.find(path), lineage.get(path.steps().len()..)) {
                    below(view, &node, rest, visit);
                }
            }
        }
    }
}

fn below<'t>(view: &View<'t>, node: &NodeRef<'t>, way: &[SchemaId], visit: &mut impl FnMut(&NodeRef<'t>)) {
    match way.split_first() {
        None => visit(node),
        Some((next, rest)) => {
            for child in view.children_of(node, *next) {
                below(view, &child, rest, visit);
            }
        }
    }
}
