use super::{Change, Op, diff};
use crate::codec::write_edit_xml;
use crate::edit::DefaultOperation;
use crate::testing::{edit, example, tree};
use crate::tree::Tree;
use std::fmt::Write as _;

fn told(change: &Change) -> String {
    let op = match &change.op {
        Op::Created { value, .. } => format!("+ {}", value.as_deref().unwrap_or("")),
        Op::Deleted { value } => format!("- {}", value.as_deref().unwrap_or("")),
        Op::Modified { old, new } => format!("{old} > {new}"),
        Op::Moved { .. } => "moved".to_owned(),
    };
    format!("{} {op}", change.path.display(example())).trim_end().to_owned()
}

fn both() -> (Tree, Tree) {
    let old = tree(
        "<top xmlns='urn:example'><name>a</name><size>5</size><server>x</server><server>y</server>\
         <presence><depth>1</depth></presence><item><name>i</name><value>1</value></item><item><name>j</name></item>\
         <rule><name>r</name></rule><rule><name>s</name></rule><airport>a</airport></top>",
    );
    let new = tree(
        "<top xmlns='urn:example'><name>b</name><on>false</on><server>y</server><server>x</server>\
         <item><name>i</name><value>1</value><part><kind>k</kind><number>1</number></part></item>\
         <item><name>k</name><value>3</value></item><rule><name>s</name><action>q</action></rule>\
         <rule><name>t</name></rule><rule><name>r</name></rule><road>A1</road></top>",
    );
    (old, new)
}

#[test]
fn differences_are_told_in_schema_order() {
    let (old, new) = both();
    let changes: Vec<_> = diff(&old, &new).iter().map(told).collect();
    let expected = [
        "/example:top/name a > b",
        "/example:top/size - 5",
        "/example:top/on + false",
        "/example:top/server[.='y'] moved",
        "/example:top/presence -",
        "/example:top/item[name='j'] -",
        "/example:top/item[name='k'] +",
        "/example:top/item[name='i']/part[kind='k'][number='1'] +",
        "/example:top/rule[name='s'] moved",
        "/example:top/rule[name='t'] +",
        "/example:top/rule[name='s']/action + q",
        "/example:top/airport - a",
        "/example:top/road + A1",
    ];
    assert_eq!(changes, expected);
}

#[test]
fn a_change_leads_to_every_node_of_it() {
    let (old, new) = both();
    let mut found = Vec::new();
    for change in diff(&old, &new) {
        change.for_each(&old, &new, |node| found.push(node.path().display(example()).to_string()));
    }
    let of = |part: &str| found.iter().filter(|path| path.contains(part)).count();
    assert_eq!((of("presence"), of("item[name='k']"), of("part[")), (2, 3, 3), "{found:?}");
}

#[test]
fn a_difference_is_an_edit() {
    let (old, new) = both();
    let mut text = String::new();
    write_edit_xml(&mut text, &old, &new, &diff(&old, &new), Some(1)).unwrap();
    assert_eq!(edit(&old, &text, DefaultOperation::None).unwrap(), new);
    let rule = " <rule xmlns:example=\"urn:example\" xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\" \
                nc:operation=\"create\" xmlns:yang=\"urn:ietf:params:xml:ns:yang:1\" yang:insert=\"after\" \
                yang:key=\"[example:name='s']\">\n  <name>t</name>\n </rule>\n";
    assert!(text.contains(rule), "{text}");
}

#[test]
fn the_cost_is_that_of_the_difference() {
    let mut text = "<top xmlns='urn:example'>".to_owned();
    for n in 0..5000 {
        write!(text, "<item><name>{n}</name><value>{n}</value></item>").unwrap();
    }
    let old = tree(&(text + "</top>"));
    let one = "<top xmlns='urn:example'><item><name>77</name><value>1</value></item></top>";
    let new = edit(&old, one, DefaultOperation::Merge).unwrap();
    let changes: Vec<_> = diff(&old, &new).iter().map(told).collect();
    assert_eq!(changes, ["/example:top/item[name='77']/value 77 > 1"]);
    // All other entries are the same memory.
    let entries = |tree: &Tree| {
        let top = tree.root().children().next().unwrap();
        let shared = top.children().filter_map(|entry| entry.shared().cloned());
        shared.collect::<Vec<_>>()
    };
    let (old, new) = (entries(&old), entries(&new));
    let same = old.iter().zip(&new).filter(|(old, new)| std::sync::Arc::ptr_eq(old, new)).count();
    assert_eq!((old.len(), new.len(), same), (5000, 5000, 4999));
}
