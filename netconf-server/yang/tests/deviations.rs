//! `modules/daybreak-deviations.yang` is what the table of effects makes it; `DAYBREAK_BLESS=1` rewrites it.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use daybreak_yang::effects::{By, Effect, effect_of, effects};
use daybreak_yang::{context, context_of_standards, data_nodes, modules, operations};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::path::Path;
use yang5::schema::{SchemaNode, SchemaNodeKind, SchemaPathFormat};

/// Modules of ours begin so; nothing in them may be without effect.
const OWN: &str = "daybreak-";
const WIDTH: usize = 72;

/// What the module says about one node.
#[derive(Debug, PartialEq)]
enum Deviation {
    /// It is not there.
    Gone,
    /// It is state, though the standard lets it be configured.
    State,
}

/// Whether the node, or anything below it, has an effect.
fn matters(node: &SchemaNode<'_>) -> bool {
    effect(node).is_some() || node.all_children().any(|child| matters(&child))
}

/// The effect of the node itself.
fn effect(node: &SchemaNode<'_>) -> Option<&'static Effect> {
    match node.kind() {
        SchemaNodeKind::Choice | SchemaNodeKind::Case => None,
        _ => effect_of(&node.path(SchemaPathFormat::DATA)),
    }
}

fn is_leaf(node: &SchemaNode<'_>) -> bool {
    matches!(node.kind(), SchemaNodeKind::Leaf | SchemaNodeKind::LeafList)
}

/// Whether the node can be configured by the standard, but all that matters at and below it is state.
fn becomes_state(node: &SchemaNode<'_>) -> bool {
    node.is_config()
        && matters(node)
        && node.traverse().filter(is_leaf).all(|leaf| {
            let state = |effect: &Effect| effect.by == [By::State];
            effect(&leaf).is_none_or(state) && (!leaf.is_list_key() || effect(&leaf).is_some())
        })
}

/// Finds the deviations at and below a node; a subtree without effect is one deviation, and so is one that becomes state.
fn collect<'a>(node: &SchemaNode<'a>, already_state: bool, found: &mut Vec<(SchemaNode<'a>, Deviation)>) {
    let effect = effect(node);
    if !matters(node) {
        found.push((node.clone(), Deviation::Gone));
        return;
    }
    let to_state = !already_state && becomes_state(node);
    if to_state {
        found.push((node.clone(), Deviation::State));
    }
    if let Some(effect) = effect.filter(|_| is_leaf(node)) {
        let state = effect.by == [By::State];
        assert_eq!(effect.by.contains(&By::State), state, "{}: is it state or not?", effect.base);
        let path = node.path(SchemaPathFormat::DATA);
        assert!(state || !node.is_state(), "{path} is state and cannot be configured");
    } else if effect.is_none() {
        node.all_children().for_each(|child| collect(&child, already_state || to_state, found));
    }
}

/// The target of a deviation: every step with the prefix of its module.
fn target(node: &SchemaNode<'_>) -> Vec<String> {
    let mut steps: Vec<_> = node
        .inclusive_ancestors()
        .map(|step| format!("/{}:{}", step.module().prefix(), step.name()))
        .collect();
    steps.reverse();
    steps
}

/// A quoted string, cut between steps where the line gets too long.
fn quoted(steps: &[String]) -> String {
    let mut lines = vec![String::new()];
    for step in steps {
        let line = lines.last().unwrap();
        if !line.is_empty() && line.len() + step.len() + 14 > WIDTH {
            lines.push(String::new());
        }
        lines.last_mut().unwrap().push_str(step);
    }
    let quoted: Vec<_> = lines.iter().map(|line| format!("\"{line}\"")).collect();
    quoted.join("\n          + ")
}

fn generate() -> String {
    let context = context_of_standards().unwrap();
    let mut found = Vec::new();
    data_nodes(&context).chain(operations(&context)).for_each(|node| collect(&node, false, &mut found));
    for notification in modules(&context).flat_map(|module| module.notifications()) {
        collect(&notification, false, &mut found);
    }
    let own: Vec<_> = found.iter().filter(|(node, _)| node.module().name().starts_with(OWN)).collect();
    assert!(own.is_empty(), "nodes of our own without effect: {own:?}");

    let mut imports = BTreeMap::new();
    for step in found.iter().flat_map(|(node, _)| node.inclusive_ancestors()) {
        imports.insert(step.module().name().to_owned(), step.module().prefix().to_owned());
    }
    let prefixes: HashSet<_> = imports.values().collect();
    assert_eq!(prefixes.len(), imports.len(), "two modules have the same prefix");

    let mut text = HEAD.to_owned();
    for (module, prefix) in &imports {
        write!(text, "\n  import {module} {{\n    prefix {prefix};\n  }}").unwrap();
    }
    text.push_str(DESCRIPTION);
    for (node, deviation) in &found {
        let what = match deviation {
            Deviation::Gone => "deviate not-supported;",
            Deviation::State => "deviate replace {\n      config false;\n    }",
        };
        write!(text, "\n  deviation {} {{\n    {what}\n  }}", quoted(&target(node))).unwrap();
    }
    text.push_str(OBSOLETE);
    text.push_str("\n}\n");
    text
}

/// libyang does not compile obsolete nodes, and so does not show them; other tools do.
const OBSOLETE: &str = r#"
  deviation "/rt:routing-state" {
    deviate not-supported;
  }"#;

const HEAD: &str = r#"// Written by tests/deviations.rs from src/effects/; change those and run
// DAYBREAK_BLESS=1 cargo test -p daybreak-yang --test deviations
module daybreak-deviations {
  yang-version 1.1;
  namespace "urn:daybreak:yang:daybreak-deviations";
  prefix ddev;
"#;

const DESCRIPTION: &str = r#"

  organization
    "Daybreak";
  contact
    "The documentation of the appliance.";
  description
    "What the appliance leaves out of the modules that it implements: each
     node that nothing carries out and each state that nothing fills in.
     A client that sets such a node gets an error, never silence.";

  revision 2026-11-28 {
    description
      "First revision.";
    reference
      "RFC 7950, Section 5.6.3: Announcing Conformance Information.";
  }
"#;

#[test]
fn the_module_is_what_the_table_of_effects_makes_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("modules/daybreak-deviations.yang");
    let expected = generate();
    if std::env::var_os("DAYBREAK_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let actual = std::fs::read_to_string(&path).unwrap();
    assert!(
        actual == expected,
        "{} is out of date; run DAYBREAK_BLESS=1 cargo test -p daybreak-yang --test deviations",
        path.display()
    );
}

#[test]
fn every_effect_names_a_node_that_is_there() {
    let context = context().unwrap();
    for effect in effects() {
        for node in effect.nodes {
            let path = match *node {
                "**" => effect.base.to_owned(),
                node => format!("{}/{node}", effect.base),
            };
            assert!(context.find_path(&path).is_ok(), "there is no {path}");
        }
    }
}

#[test]
fn all_that_is_left_has_an_effect() {
    let context = context().unwrap();
    let mut leafs = 0;
    for top in data_nodes(context) {
        for leaf in top.traverse().filter(is_leaf) {
            let path = leaf.path(SchemaPathFormat::DATA);
            let effect = effect_of(&path).unwrap_or_else(|| panic!("{path} has no effect"));
            assert_eq!(effect.by == [By::State], leaf.is_state(), "{path}");
            leafs += 1;
        }
    }
    assert!(leafs > 150, "only {leafs} leafs are left");
}
