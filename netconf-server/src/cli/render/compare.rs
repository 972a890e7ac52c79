//! What is different between two trees.

use std::fmt::Write as _;

use daybreak_datastore::codec::write_edit_xml;
use daybreak_datastore::diff::{Change, Op, Placement, diff};
use daybreak_datastore::edit::tree_from_xml;
use daybreak_datastore::tree::{InstancePath, Key, Tree};
use daybreak_datastore::xml::{Fragment, Limits};

use super::HIDDEN;
use super::config::{document, set_lines, value_words};
use crate::cli::Format;
use crate::cli::lang::{Models, is_secret, place};

/// `set` and `delete` lines that make the first tree the second; empty if they are equal.
pub(crate) fn compare(models: &Models, old: &Tree, new: &Tree) -> String {
    let mut out = String::new();
    for change in diff(old, new) {
        one(models, old, new, &change, &mut out);
    }
    out
}

fn one(models: &Models, old: &Tree, new: &Tree, change: &Change, out: &mut String) {
    let words = place(models, &change.path, 0);
    match &change.op {
        Op::Deleted { .. } => {
            let _ = writeln!(out, "delete {words}");
        }
        Op::Created { place, .. } => {
            if let Some(node) = new.find(&change.path) {
                set_lines(models, &node, 0, out);
            }
            order(models, change, place, out);
        }
        Op::Modified { old: before, new: after } => {
            let (Some(was), Some(is)) = (old.find(&change.path), new.find(&change.path)) else { return };
            let _ = writeln!(
                out,
                "set {words}{}  # was{}",
                value_words(models, &is, after),
                value_words(models, &was, before)
            );
        }
        Op::Moved { place } => order(models, change, place, out),
    }
}

/// Lines cannot say where an entry stands: a remark does.
fn order(models: &Models, change: &Change, placement: &Placement, out: &mut String) {
    let words = place(models, &change.path, 0);
    let _ = match placement {
        Placement::Any => Ok(()),
        Placement::First => writeln!(out, "# {words} stands first"),
        Placement::After(key) => writeln!(out, "# {words} stands after {}", key_words(key)),
    };
}

fn key_words(key: &Key) -> String {
    key.values().collect::<Vec<_>>().join(" ")
}

/// The same as an array of objects: `op`, `path` (RFC 7951 §6.11), `value`, `old`.
pub(crate) fn compare_json(models: &Models, old: &Tree, new: &Tree) -> String {
    let schema = &models.schema;
    let mut list = Vec::new();
    for change in diff(old, new) {
        let hidden = change.path.id().is_some_and(|id| is_secret(schema, id));
        let text = |value: &str| if hidden { HIDDEN.to_owned() } else { value.to_owned() };
        let (op, before, after) = match &change.op {
            Op::Created { .. } => ("create", None, None),
            Op::Deleted { .. } => ("delete", None, None),
            Op::Modified { old, new } => ("modify", Some(text(old)), Some(text(new))),
            Op::Moved { .. } => ("move", None, None),
        };
        let mut leafs = Vec::new();
        // What is new or gone as a whole is told leaf by leaf.
        change.for_each(old, new, |node| {
            let value = node.value().map(|value| {
                let secret = node.id().is_some_and(|id| is_secret(schema, id));
                if secret { HIDDEN.to_owned() } else { value.to_string() }
            });
            leafs.push((node.path().display(schema).to_string(), value));
        });
        if before.is_some() || op == "move" {
            leafs.truncate(1);
        }
        for (path, value) in leafs {
            let mut entry = serde_json::json!({"op": op, "path": path});
            let (value, earlier) = match op {
                "delete" => (None, value),
                "modify" => (after.clone(), before.clone()),
                _ => (value, None),
            };
            for (name, text) in [("value", value), ("old", earlier)] {
                if let (Some(text), Some(object)) = (text, entry.as_object_mut()) {
                    object.insert(name.to_owned(), text.into());
                }
            }
            list.push(entry);
        }
    }
    format!("{}\n", serde_json::Value::Array(list))
}

/// The same as the content of an `edit-config`, without secrets.
pub(crate) fn compare_xml(models: &Models, old: &Tree, new: &Tree) -> String {
    let (old, new) = (&public(models, old), &public(models, new));
    let mut out = String::new();
    // Writing to a string does not fail.
    let _: std::fmt::Result = write_edit_xml(&mut out, old, new, &diff(old, new), Some(2));
    let mut out = out.trim_matches('\n').to_owned();
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// A tree without its secrets.
fn public(models: &Models, tree: &Tree) -> Tree {
    let schema = &models.schema;
    if !schema.nodes().iter().any(|node| is_secret(schema, node.id)) {
        return tree.clone();
    }
    let text = document(models, tree, &[InstancePath::default()], Format::Xml);
    // What was written is read; an empty tree hides a secret in any case.
    tree_from_xml(schema, Fragment::new(&text), Limits::default())
        .unwrap_or_else(|_| Tree::empty(schema.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lang::tests::{every_node, models};
    use crate::cli::lang::{Scope, Walk, delete, set, split};

    fn after(tree: &Tree, lines: &str) -> Tree {
        let mut tree = tree.clone();
        for line in lines.lines() {
            let words = &split(line).unwrap()[0];
            let Some((verb, path)) = words.split_first() else { continue };
            let walk = Walk::all(models(), &InstancePath::default(), Scope::Config, path).unwrap();
            let edited = if verb.text == "set" { set(&tree, &walk) } else { delete(&tree, &walk) };
            tree = edited.unwrap_or_else(|error| panic!("{line}: {error}")).tree;
        }
        tree
    }

    #[test]
    fn lines_say_what_is_different_and_make_it_so() {
        let old = every_node();
        for (edits, expected) in [
            ("", ""),
            (
                "set interfaces interface p0 enabled false",
                "set interfaces interface p0 enabled false  # was true\n",
            ),
            ("delete interfaces interface p0 ipv6", "delete interfaces interface p0 ipv6\n"),
            (
                "set dataplane port p2 device 0000:00:06.0\ndelete dataplane port p1",
                "delete dataplane port p1\nset dataplane port p2 device 0000:00:06.0\n",
            ),
            (
                "set interfaces interface p0 description \"a b\"",
                "set interfaces interface p0 description \"a b\"  # was \"to the peer\"\n",
            ),
            (
                "set system dns-resolver search b.example",
                "set system dns-resolver search b.example\n# system dns-resolver search b.example stands after example.net\n",
            ),
        ] {
            let new = after(&old, edits);
            let lines = compare(models(), &old, &new);
            assert_eq!(lines, expected);
            assert!(after(&old, &lines) == new, "{lines}");
        }
    }

    #[test]
    fn programs_get_operations() {
        let old = every_node();
        let new = after(
            &old,
            "set interfaces interface p0 enabled false\ndelete dataplane port p1\nset interfaces interface lo enabled true",
        );
        let text = compare_json(models(), &old, &new);
        let list: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let has = |entry: serde_json::Value| list.contains(&entry);
        assert!(
            has(
                serde_json::json!({"op": "modify", "path": "/ietf-interfaces:interfaces/interface[name='p0']/enabled", "value": "false", "old": "true"})
            ),
            "{text}"
        );
        assert!(
            has(
                serde_json::json!({"op": "delete", "path": "/daybreak-dataplane:dataplane/port[name='p1']/device", "old": "af_packet:veth0"})
            ),
            "{text}"
        );
        assert!(
            has(
                serde_json::json!({"op": "create", "path": "/ietf-interfaces:interfaces/interface[name='lo']/enabled", "value": "true"})
            ),
            "{text}"
        );
        let xml = compare_xml(models(), &old, &new);
        assert!(xml.contains("operation=\"delete\"") || xml.contains("operation=\"remove\""), "{xml}");
        assert_eq!(
            (compare_json(models(), &old, &old).as_str(), compare_xml(models(), &old, &old).as_str()),
            ("[]\n", "")
        );
    }
}
