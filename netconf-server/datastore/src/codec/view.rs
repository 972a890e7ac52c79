//! The nodes of a tree that a reader gets to see.

use super::{WithDefaults, WriteOptions};
use crate::filter::{Picked, Selection};
use crate::schema::{Order, SchemaId};
use crate::tree::NodeRef;
use std::fmt;

static ALL: Selection = Selection::All;

/// A writer's way through a tree.
#[derive(Clone, Copy)]
pub(super) struct View<'a, 't> {
    pub(super) options: WriteOptions<'a, 't>,
}

impl<'a, 't> View<'a, 't> {
    pub(super) fn selection(&self) -> &'a Selection {
        self.options.selection.unwrap_or(&ALL)
    }

    /// Whether nodes are written that are not stored.
    pub(super) fn implies(&self) -> bool {
        matches!(self.options.defaults, WithDefaults::ReportAll | WithDefaults::ReportAllTagged)
    }

    /// Calls `visit` with each visible child and what is selected of it, in schema order.
    pub(super) fn children<V>(&self, node: &NodeRef<'t>, selection: &Selection, visit: &mut V) -> fmt::Result
    where
        V: FnMut(&NodeRef<'t>, &Selection) -> fmt::Result,
    {
        if self.implies() {
            for id in node.schema().children(node.id()) {
                self.instances(node, *id, selection, visit)?;
            }
        } else {
            for (id, _) in node.node().children() {
                self.instances(node, *id, selection, visit)?;
            }
        }
        Ok(())
    }

    fn instances<V>(
        &self,
        node: &NodeRef<'t>,
        id: SchemaId,
        selection: &Selection,
        visit: &mut V,
    ) -> fmt::Result
    where
        V: FnMut(&NodeRef<'t>, &Selection) -> fmt::Result,
    {
        let picked = match selection {
            Selection::All => &Picked::All,
            Selection::Part(_) if node.schema().node(id).key => &Picked::All,
            Selection::Part(children) => match children.get(&id) {
                Some(picked) => picked,
                None => return Ok(()),
            },
        };
        match picked {
            Picked::All => self.nodes(node, id).try_for_each(|child| self.show(&child, &ALL, visit)),
            Picked::Node(inner) => self.nodes(node, id).try_for_each(|child| self.show(&child, inner, visit)),
            Picked::Entries(entries) if node.schema().node(id).order() == Order::System => {
                entries.iter().try_for_each(|(key, inner)| match node.entry(id, key) {
                    Some(child) => self.show(&child, inner, visit),
                    None => Ok(()),
                })
            }
            Picked::Entries(entries) => self.nodes(node, id).try_for_each(|child| {
                match child.key().and_then(|key| entries.get(key)) {
                    Some(inner) => self.show(&child, inner, visit),
                    None => Ok(()),
                }
            }),
        }
    }

    fn nodes(&self, node: &NodeRef<'t>, id: SchemaId) -> crate::tree::Children<'t> {
        if self.implies() { node.in_use(id) } else { node.children_of(id) }
    }

    fn show<V>(&self, child: &NodeRef<'t>, selection: &Selection, visit: &mut V) -> fmt::Result
    where
        V: FnMut(&NodeRef<'t>, &Selection) -> fmt::Result,
    {
        let trimmed = self.options.defaults == WithDefaults::Trim && has_default_value(child);
        let hidden = self.options.permit.is_some_and(|permit| !permit(child));
        let absent = child.is_default() && self.options.when.is_some_and(|holds| !holds(child));
        if trimmed || hidden || absent { Ok(()) } else { visit(child, selection) }
    }
}

/// Whether a leaf has its default value, or a leaf-list exactly its default values. Keys always count as set.
fn has_default_value(node: &NodeRef<'_>) -> bool {
    let (Some(schema), Some(value)) = (node.schema_node(), node.value()) else { return false };
    if schema.key || schema.defaults.is_empty() {
        return false;
    }
    match node.key() {
        None => schema.defaults.first() == Some(value),
        Some(_) => {
            node.parent().and_then(|parent| parent.node().leaf_list(schema.id)).is_some_and(|values| {
                values.len() == schema.defaults.len()
                    && schema.default_keys.iter().all(|default| values.contains(default))
            })
        }
    }
}
