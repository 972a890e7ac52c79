//! Differences as an edit.

use super::WriteOptions;
use super::view::View;
use super::xml::{Attributes, XmlWriter};
use crate::diff::{Change, Op, Placement};
use crate::edit::to_xml_value;
use crate::filter::Selection;
use crate::schema::Schema;
use crate::tree::{InstancePath, Key, NodeRef, Select, Tree};
use crate::xml::{NETCONF, YANG, escape_attribute};
use std::fmt::{self, Write as _};

/// Writes the differences between two trees, in the order of [`crate::diff::diff`], as the content of a `<config>` that
/// makes the old tree the new one. It means the same with any default operation but `replace`.
///
/// # Errors
/// What the sink refuses; see [`super::IoSink`].
pub fn write_edit_xml(
    out: &mut dyn fmt::Write,
    old: &Tree,
    new: &Tree,
    changes: &[Change],
    indent: Option<usize>,
) -> fmt::Result {
    let view = View { options: WriteOptions { indent, ..WriteOptions::default() } };
    let mut writer = XmlWriter::new(out, view);
    let mut open: Vec<NodeRef<'_>> = Vec::new();
    let mut around = InstancePath::default();
    for change in changes {
        let Some((_, above)) = change.path.steps().split_last() else { continue };
        let shared = above.iter().zip(around.steps()).take_while(|(a, b)| a == b).count();
        while open.len() > shared {
            if let Some(node) = open.pop() {
                writer.close(&node)?;
            }
        }
        let in_old = matches!(change.op, Op::Deleted { .. });
        let tree = if in_old { old } else { new };
        let mut at = open.last().cloned().unwrap_or_else(|| tree.root());
        // A cursor into the other tree cannot lead to what only this one has.
        if !std::ptr::eq(at.tree(), tree) {
            let prefix = InstancePath::new(above[..shared].to_vec());
            at = tree.find(&prefix).ok_or(fmt::Error)?;
        }
        for step in &above[shared..] {
            at = at.step(step).ok_or(fmt::Error)?;
            writer.open(&at, &Attributes::default())?;
            if let Select::Key(_) = step.select {
                keys(&mut writer, &at)?;
            }
            open.push(at.clone());
        }
        around = InstancePath::new(above.to_vec());
        let node = change.path.steps().last().and_then(|step| at.step(step)).ok_or(fmt::Error)?;
        one(&mut writer, &node, change)?;
    }
    while let Some(node) = open.pop() {
        writer.close(&node)?;
    }
    Ok(())
}

fn one<'t>(writer: &mut XmlWriter<'_, 't>, node: &NodeRef<'t>, change: &Change) -> fmt::Result {
    let (operation, place) = match &change.op {
        Op::Created { place, .. } => ("create", place),
        // Not `delete`: the node goes by itself when one of another case of its choice comes before it.
        Op::Deleted { .. } => ("remove", &Placement::Any),
        Op::Modified { .. } => ("replace", &Placement::Any),
        Op::Moved { place } => ("merge", place),
    };
    let text = format!(" xmlns:nc=\"{NETCONF}\" nc:operation=\"{operation}\"");
    let mut attributes = Attributes { text, modules: Vec::new() };
    placement(&mut attributes, node, place)?;
    if node.value().is_some() {
        return writer.leaf(node, &attributes);
    }
    if matches!(change.op, Op::Created { .. }) {
        return writer.element(node, &Selection::All, &attributes);
    }
    writer.open(node, &attributes)?;
    keys(writer, node)?;
    writer.close(node)
}

fn keys<'t>(writer: &mut XmlWriter<'_, 't>, entry: &NodeRef<'t>) -> fmt::Result {
    let keys = entry.schema_node().map_or(&[][..], |node| node.keys());
    keys.iter()
        .filter_map(|key| entry.child(*key))
        .try_for_each(|key| writer.leaf(&key, &Attributes::default()))
}

/// The attributes of RFC 7950 §7.8.6 and §7.7.9.
fn placement(out: &mut Attributes, node: &NodeRef<'_>, place: &Placement) -> fmt::Result {
    let key = match place {
        Placement::Any => return Ok(()),
        Placement::First => return write!(out.text, " xmlns:yang=\"{YANG}\" yang:insert=\"first\""),
        Placement::After(key) => key,
    };
    let (schema, id) = (node.schema(), node.id().ok_or(fmt::Error)?);
    let leaf_list = node.value().is_some();
    let name = if leaf_list { "value" } else { "key" };
    write!(out.text, " xmlns:yang=\"{YANG}\" yang:insert=\"after\" yang:{name}=\"")?;
    if leaf_list {
        let value = to_xml_value(schema, id, key.text());
        escape_attribute(&mut out.text, &value.text)?;
        out.modules = value.modules;
    } else {
        escape_attribute(&mut out.text, &predicates(schema, id, key))?;
        out.modules.push(schema.node(id).module);
    }
    out.text.write_str("\"")
}

/// `[MODULE:KEY='VALUE']`.
fn predicates(schema: &Schema, id: crate::schema::SchemaId, key: &Key) -> String {
    let step = InstancePath::default().child(id, Select::Key(key.clone()));
    let (text, _) = step.to_xml(schema);
    text.find('[').map_or_else(String::new, |at| text[at..].to_owned())
}
