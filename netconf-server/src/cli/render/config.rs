//! Configuration as a tree, as `set` lines, as XML and as JSON.

use std::fmt::Write as _;

use daybreak_datastore::codec::{WriteOptions, write_json, write_xml};
use daybreak_datastore::filter::Selection;
use daybreak_datastore::schema::Kind;
use daybreak_datastore::tree::{InstancePath, NodeRef, Tree};

use super::{HIDDEN, nodes_at};
use crate::cli::Format;
use crate::cli::lang::{Models, is_secret, label, place, quote, short};

/// Blanks per level.
const INDENT: usize = 4;

/// The part of a tree at a path; words are relative to a node that is `base` steps down. Empty if nothing is there.
pub(crate) fn config(models: &Models, tree: &Tree, at: &InstancePath, base: usize, format: Format) -> String {
    let mut out = String::new();
    match format {
        Format::Xml | Format::Json => return document(models, tree, std::slice::from_ref(at), format),
        Format::Set => nodes_at(tree, at).iter().for_each(|node| set_lines(models, node, base, &mut out)),
        Format::Text => {
            for node in nodes_at(tree, at) {
                // Of what was asked for by name only the inside is shown; of a list that was, its entries.
                let whole = at.steps().len() < node.path().steps().len()
                    || node.path() != *at
                    || node.value().is_some();
                if whole { block(models, &node, 0, &mut out) } else { inside(models, &node, 0, &mut out) }
            }
        }
    }
    out
}

/// Parts of a tree as one document in XML or JSON, without secrets.
pub(crate) fn document(models: &Models, tree: &Tree, at: &[InstancePath], format: Format) -> String {
    let mut selection = Selection::none();
    for path in at {
        selection.add(path);
    }
    let permit = |node: &NodeRef<'_>| node.id().is_none_or(|id| !is_secret(&models.schema, id));
    let options = WriteOptions {
        selection: Some(&selection),
        permit: Some(&permit),
        indent: Some(2),
        ..WriteOptions::default()
    };
    let mut out = String::new();
    // Writing to a string does not fail.
    let _: std::fmt::Result = if format == Format::Xml {
        write_xml(&mut out, &tree.root(), options)
    } else {
        write_json(&mut out, &tree.root(), options)
    };
    let mut out = out.trim_matches('\n').to_owned();
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// The lines that set a node and all that is in it.
pub(super) fn set_lines(models: &Models, node: &NodeRef<'_>, base: usize, out: &mut String) {
    let Some(schema) = node.schema_node() else {
        return node.children().for_each(|child| set_lines(models, &child, base, out));
    };
    if schema.key {
        return;
    }
    let place = place(models, &node.path(), base);
    match (&schema.kind, node.value()) {
        (Kind::Leaf(_), Some(value)) => {
            let _ = writeln!(out, "set {place}{}", value_words(models, node, value));
        }
        (Kind::LeafList(..), _) => {
            let _ = writeln!(out, "set {place}");
        }
        _ => {
            let inner = node.children().any(|child| child.schema_node().is_some_and(|node| !node.key));
            if inner {
                node.children().for_each(|child| set_lines(models, &child, base, out));
            } else if !place.is_empty() {
                let _ = writeln!(out, "set {place}");
            }
        }
    }
}

/// A blank and the value, as it is typed; nothing for a leaf that has none.
pub(super) fn value_words(models: &Models, node: &NodeRef<'_>, value: &str) -> String {
    match node.id() {
        Some(id) if is_secret(&models.schema, id) => format!(" {HIDDEN}"),
        Some(id)
            if models.schema.node(id).encoding() != Some(daybreak_datastore::schema::Encoding::Empty) =>
        {
            format!(" {}", quote(short(models, id, value)))
        }
        _ => String::new(),
    }
}

/// A node with all that is in it, in braces.
fn block(models: &Models, node: &NodeRef<'_>, depth: usize, out: &mut String) {
    let Some(schema) = node.schema_node() else { return inside(models, node, depth, out) };
    if schema.key {
        return;
    }
    let indent = depth * INDENT;
    let path = node.path();
    let head = place(models, &path, path.steps().len() - 1);
    debug_assert!(head.starts_with(&label(&models.schema, schema.id)));
    if let (Kind::Leaf(_), Some(value)) = (&schema.kind, node.value()) {
        let _ = writeln!(out, "{:indent$}{head}{};", "", value_words(models, node, value));
        return;
    }
    let mut inner = String::new();
    inside(models, node, depth + 1, &mut inner);
    let _ = if inner.is_empty() {
        writeln!(out, "{:indent$}{head};", "")
    } else {
        writeln!(out, "{:indent$}{head} {{\n{inner}{:indent$}}}", "", "")
    };
}

fn inside(models: &Models, node: &NodeRef<'_>, depth: usize, out: &mut String) {
    node.children().for_each(|child| block(models, &child, depth, out));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lang::tests::{every_node, models};
    use crate::cli::lang::{Scope, Walk, set, split};

    fn shown(path: &str, base: usize, format: Format) -> String {
        let words = &split(path).unwrap()[0];
        let walk = Walk::all(models(), &InstancePath::default(), Scope::Config, words).unwrap();
        config(models(), &every_node(), &walk.node().unwrap(), base, format)
    }

    #[test]
    fn parts_are_shown() {
        for (path, base, format, expected) in [
            (
                "dataplane",
                0,
                Format::Text,
                "port p0 {\n    device 0000:00:05.0;\n}\nport p1 {\n    device af_packet:veth0;\n}\n",
            ),
            (
                "dataplane",
                0,
                Format::Set,
                "set dataplane port p0 device 0000:00:05.0\nset dataplane port p1 device af_packet:veth0\n",
            ),
            ("dataplane port p1", 2, Format::Set, "set device af_packet:veth0\n"),
            (
                "dataplane port",
                0,
                Format::Text,
                "port p0 {\n    device 0000:00:05.0;\n}\nport p1 {\n    device af_packet:veth0;\n}\n",
            ),
            ("dataplane port p1", 0, Format::Text, "device af_packet:veth0;\n"),
            ("dataplane port p1 device", 0, Format::Text, "device af_packet:veth0;\n"),
            (
                "interfaces interface p0 description",
                0,
                Format::Set,
                "set interfaces interface p0 description \"to the peer\"\n",
            ),
            ("system dns-resolver search", 0, Format::Text, "search example.net;\n"),
            ("interfaces interface p9", 0, Format::Text, ""),
            (
                "dataplane port p1",
                0,
                Format::Json,
                "{\n  \"daybreak-dataplane:dataplane\": {\n    \"port\": [\n      {\n        \"name\": \"p1\",\n        \"device\": \"af_packet:veth0\"\n      }\n    ]\n  }\n}\n",
            ),
            (
                "dataplane port p1",
                0,
                Format::Xml,
                "<dataplane xmlns=\"urn:daybreak:yang:daybreak-dataplane\">\n  <port>\n    <name>p1</name>\n    <device>af_packet:veth0</device>\n  </port>\n</dataplane>\n",
            ),
        ] {
            assert_eq!(shown(path, base, format), expected, "{path} {format:?}");
        }
    }

    /// Lines that are shown make the configuration that they show.
    #[test]
    fn set_lines_are_read_back() {
        let lines = shown("", 0, Format::Set);
        let mut tree = Tree::empty(models().schema.clone());
        for line in lines.lines() {
            let words = &split(line).unwrap()[0];
            let walk = Walk::all(models(), &InstancePath::default(), Scope::Config, &words[1..]);
            let edited = walk.and_then(|walk| set(&tree, &walk));
            tree = edited.unwrap_or_else(|error| panic!("{line}: {error}")).tree;
        }
        assert!(tree == every_node(), "{lines}");
    }

    #[test]
    fn the_whole_tree_has_its_braces() {
        let text = shown("", 0, Format::Text);
        assert_eq!(text.matches('{').count(), text.matches('}').count());
        assert!(
            text.contains(
                "    interface p0 {\n        description \"to the peer\";\n        type ethernetCsmacd;\n"
            ),
            "{text}"
        );
        assert!(text.contains("control-plane-protocol bgp main {"), "{text}");
    }
}
