//! Properties that hold for any tree and any edit, found out with random ones.

use crate::codec::write_edit_xml;
use crate::diff::diff;
use crate::edit::{DefaultOperation, tree_from_json};
use crate::testing::{edit, example, json, tree, xml};
use crate::tree::Tree;
use crate::xml::Limits;
use daybreak_netconf::error::ErrorTag;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-e]", 1 => "[a-c<&'\" é\\]\\[]{1,4}"]
}

fn leaf(tag: &'static str, value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::option::of(value).prop_map(move |value| {
        value.map_or_else(String::new, |value| format!("<{tag}>{}</{tag}>", escaped(&value)))
    })
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    crate::xml::escape_text(&mut out, text).unwrap();
    out
}

fn many(one: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec(one, 0..6).prop_map(|all| all.concat())
}

/// The content of a `<top>` of the example schema.
fn content() -> impl Strategy<Value = String> {
    let part = (name(), 0..3_u8, leaf("note", name())).prop_map(|(kind, number, note)| {
        format!("<part><kind>{}</kind><number>{number}</number>{note}</part>", escaped(&kind))
    });
    let item = (name(), leaf("value", (-5..5_i32).prop_map(|n| n.to_string())), many(part)).prop_map(
        |(name, value, parts)| format!("<item><name>{}</name>{value}{parts}</item>", escaped(&name)),
    );
    let rule = (name(), leaf("action", name()))
        .prop_map(|(name, action)| format!("<rule><name>{}</name>{action}</rule>", escaped(&name)));
    let list = |tag: &'static str| name().prop_map(move |name| format!("<{tag}>{}</{tag}>", escaped(&name)));
    let modes = prop::sample::subsequence(vec!["et:fast", "et:slow", "e:mode"], 0..=3).prop_shuffle();
    let modes = modes.prop_map(|modes| {
        modes.iter().fold(String::new(), |mut out, mode| {
            write!(out, "<modes>{mode}</modes>").unwrap();
            out
        })
    });
    let way = prop_oneof![
        Just(String::new()),
        (leaf("airport", name()), leaf("gate", name())).prop_map(|(a, g)| a + &g),
        leaf("road", name()),
        Just("<diesel/>".to_owned()),
        Just("<electric/><road>A</road>".to_owned()),
    ];
    let single = (
        leaf("name", name()),
        leaf("size", (1..20_u16).prop_map(|n| n.to_string())),
        prop_oneof![
            Just(""),
            Just("<flag/>"),
            Just("<presence/>"),
            Just("<presence><depth>3</depth></presence>")
        ],
        (leaf("a", name()), leaf("b", name())),
        way,
    )
        .prop_map(|(name, size, flag, (a, b), way)| {
            format!("{name}{size}{flag}<plain>{a}<deeper>{b}</deeper></plain>{way}")
        });
    (single, many(item), many(rule), many(list("tag")), many(list("server")), modes).prop_map(
        |(single, items, rules, tags, servers, modes)| [single, items, rules, tags, servers, modes].concat(),
    )
}

fn any_tree() -> impl Strategy<Value = Tree> {
    content().prop_map(|content| {
        tree(&format!(
            "<top xmlns='urn:example' xmlns:e='urn:example' xmlns:et='urn:example-types'>{content}</top>"
        ))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn text_is_read_back(first in any_tree()) {
        prop_assert_eq!(&tree(&xml(&first)), &first);
        let again = tree_from_json(example(), json(&first).as_bytes(), Limits::default()).unwrap();
        prop_assert_eq!(again, first);
    }

    #[test]
    fn the_difference_carried_out_gives_the_other(old in any_tree(), new in any_tree()) {
        let changes = diff(&old, &new);
        prop_assert_eq!(changes.is_empty(), old == new);
        let mut text = String::new();
        write_edit_xml(&mut text, &old, &new, &changes, None).unwrap();
        for default in [DefaultOperation::None, DefaultOperation::Merge] {
            let after = edit(&old, &text, default).unwrap_or_else(|error| panic!("{error}: {text}"));
            prop_assert_eq!(&after, &new);
        }
        // An edit shares all that it leaves alone, so the difference is the same again.
        let after = edit(&old, &text, DefaultOperation::None).unwrap();
        prop_assert_eq!(diff(&old, &after), changes);
    }

    #[test]
    fn merging_all_of_it_changes_nothing(first in any_tree()) {
        let again = edit(&first, &xml(&first), DefaultOperation::Merge).unwrap();
        prop_assert!(again.ptr_eq(&first));
        let again = edit(&first, &xml(&first), DefaultOperation::Replace).unwrap();
        prop_assert!(again.ptr_eq(&first));
    }

    #[test]
    fn edits_do_what_a_simple_model_does(steps in prop::collection::vec(step(), 1..30)) {
        let mut model = Model::default();
        let mut tree = Tree::empty(example().clone());
        for step in steps {
            let expected = model.run(&step);
            match edit(&tree, &step.xml(), DefaultOperation::Merge) {
                Ok(after) => {
                    prop_assert_eq!(expected, None);
                    tree = after;
                }
                Err(error) => prop_assert_eq!(Some(error.tag), expected),
            }
            prop_assert_eq!(xml(&tree), model.xml());
        }
    }
}

/// An edit of one list entry: of the sorted list or of the ordered one.
#[derive(Debug, Clone)]
struct Step {
    ordered: bool,
    name: char,
    value: Option<u8>,
    operation: &'static str,
    insert: Option<(&'static str, char)>,
}

fn step() -> impl Strategy<Value = Step> {
    let operation = prop::sample::select(vec!["merge", "create", "replace", "delete", "remove"]);
    let insert = prop::option::of((
        prop::sample::select(vec!["first", "last", "before", "after"]),
        prop::char::range('a', 'e'),
    ));
    (any::<bool>(), prop::char::range('a', 'e'), prop::option::of(0..4_u8), operation, insert).prop_map(
        |(ordered, name, value, operation, insert)| Step {
            ordered,
            name,
            value,
            operation,
            insert: insert.filter(|_| ordered && !matches!(operation, "delete" | "remove")),
        },
    )
}

impl Step {
    fn xml(&self) -> String {
        let insert = self.insert.map_or_else(String::new, |(place, anchor)| match place {
            "first" | "last" => format!(" insert=\"{place}\""),
            _ => format!(" insert=\"{place}\" key=\"[name='{anchor}']\""),
        });
        let (list, leaf) = if self.ordered { ("rule", "action") } else { ("item", "value") };
        let value = self.value.map_or_else(String::new, |value| format!("<{leaf}>{value}</{leaf}>"));
        let Self { name, operation, .. } = self;
        format!(
            "<top xmlns=\"urn:example\"><{list} operation=\"{operation}\"{insert}><name>{name}</name>{value}</{list}></top>"
        )
    }
}

/// The same without sharing, keys or codecs.
#[derive(Debug, Default)]
struct Model {
    items: BTreeMap<char, Option<u8>>,
    rules: Vec<(char, Option<u8>)>,
}

impl Model {
    fn run(&mut self, step: &Step) -> Option<ErrorTag> {
        let exists = if step.ordered {
            self.rules.iter().any(|rule| rule.0 == step.name)
        } else {
            self.items.contains_key(&step.name)
        };
        match (step.operation, exists) {
            ("create", true) => return Some(ErrorTag::DataExists),
            ("delete", false) => return Some(ErrorTag::DataMissing),
            ("remove", false) => return None,
            ("delete" | "remove", true) => {
                self.rules.retain(|rule| !step.ordered || rule.0 != step.name);
                self.items.retain(|name, _| step.ordered || *name != step.name);
                return None;
            }
            _ => {}
        }
        if !step.ordered {
            let kept = if step.operation == "replace" {
                None
            } else {
                self.items.get(&step.name).copied().flatten()
            };
            self.items.insert(step.name, step.value.or(kept));
            return None;
        }
        let at = self.rules.iter().position(|rule| rule.0 == step.name);
        let kept = at.filter(|_| step.operation != "replace").and_then(|at| self.rules[at].1);
        let entry = (step.name, step.value.or(kept));
        let anchor = |rules: &[(char, Option<u8>)], name| rules.iter().position(|rule| rule.0 == name);
        if let Some(("before" | "after", name)) = step.insert
            && name != step.name
            && anchor(&self.rules, name).is_none()
        {
            return Some(ErrorTag::BadAttribute);
        }
        match at {
            Some(at) => self.rules[at] = entry,
            None => self.rules.push(entry),
        }
        match step.insert {
            None => {}
            Some(("before" | "after", name)) if name == step.name => {}
            Some((place, name)) => {
                self.rules.retain(|rule| rule.0 != step.name);
                let to = match place {
                    "first" => 0,
                    "last" => self.rules.len(),
                    "before" => anchor(&self.rules, name).unwrap(),
                    _ => anchor(&self.rules, name).unwrap() + 1,
                };
                self.rules.insert(to, entry);
            }
        }
        None
    }

    fn xml(&self) -> String {
        if self.items.is_empty() && self.rules.is_empty() {
            return String::new();
        }
        let mut out = "<top xmlns=\"urn:example\">".to_owned();
        let mut entry = |list: &str, leaf: &str, name: char, value: Option<u8>| {
            write!(out, "<{list}><name>{name}</name>").unwrap();
            if let Some(value) = value {
                write!(out, "<{leaf}>{value}</{leaf}>").unwrap();
            }
            write!(out, "</{list}>").unwrap();
        };
        self.items.iter().for_each(|(name, value)| entry("item", "value", *name, *value));
        self.rules.iter().for_each(|(name, value)| entry("rule", "action", *name, *value));
        out + "</top>"
    }
}
