use super::{BuildError, InstancePath, NodeRef, Tree};
use crate::testing::{example, tree, xml};

fn sample() -> Tree {
    tree(
        "<top xmlns='urn:example'><name>n</name><tag>b</tag><tag>a</tag><server>b</server><server>a</server>\
         <item><name>i</name><part><kind>z</kind><number>1</number></part><part><kind>a</kind><number>2</number>\
         </part></item><item><name>h</name></item><road>A1</road></top>",
    )
}

/// Every node below one in document order.
fn all<'t>(node: &NodeRef<'t>, found: &mut Vec<NodeRef<'t>>) {
    for child in node.children() {
        found.push(child.clone());
        all(&child, found);
    }
}

#[test]
fn cursors_know_their_place() {
    let tree = sample();
    let mut nodes = vec![tree.root()];
    all(&tree.root(), &mut nodes);
    assert_eq!(nodes.len(), 18);
    let mut distinct = nodes.clone();
    distinct.dedup();
    assert_eq!(distinct.len(), nodes.len());
    let mut shuffled = nodes.clone();
    shuffled.reverse();
    shuffled.sort();
    assert_eq!(shuffled, nodes);
    for node in &nodes {
        let path = node.path();
        assert_eq!(tree.find(&path).as_ref(), Some(node), "{node:?}");
        let text = path.display(example()).to_string();
        assert_eq!(InstancePath::parse(example(), &text).unwrap(), path, "{text}");
        for child in node.children() {
            assert_eq!(child.parent().as_ref(), Some(node));
            assert!(child > *node && path.contains(&child.path()));
        }
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let tree = sample();
    for path in [
        "/example:top/item[name='x']",
        "/example:top/size",
        "/example:top/tag[.='x']",
        "/example:top/presence/depth",
        "/example:top/item",
    ] {
        let path = InstancePath::parse(example(), path).unwrap();
        assert!(tree.find(&path).is_none(), "{path:?}");
    }
}

#[test]
fn defaults_are_in_use_where_their_case_is() {
    let names = |text: &str| -> Vec<String> {
        let tree = tree(text);
        let top = tree.root().children().next().unwrap();
        let implied = top.all_in_use().filter(NodeRef::is_default);
        implied.map(|node| format!("{}={}", node.name(), node.value().map_or("", |value| value))).collect()
    };
    assert_eq!(
        names("<top xmlns='urn:example'><name>x</name></top>"),
        ["size=10", "on=true", "colour=red", "colour=blue", "plain=", "airport=none"]
    );
    // Of the default case something else is there, then another case.
    assert!(names("<top xmlns='urn:example'><gate>1</gate></top>").contains(&"airport=none".to_owned()));
    assert!(!names("<top xmlns='urn:example'><diesel/></top>").contains(&"airport=none".to_owned()));
    assert!(!names("<top xmlns='urn:example'><colour>x</colour></top>").contains(&"colour=red".to_owned()));
}

#[test]
fn trees_are_built_by_hand() {
    let tree = Tree::build(example(), |root| {
        root.container("example:top", |top| {
            top.leaf("example:name", "x")?.leaf("size", 7)?.optional("big", None::<u64>)?;
            top.leaf("count", 3)?.leaf_list("server", ["b", "a", "b"])?;
            top.container("plain", |_| Ok(()))?.container("presence", |_| Ok(()))?;
            for name in ["two", "one"] {
                top.entry("item", |item| item.leaf("name", name)?.leaf("value", -1).map(drop))?;
            }
            top.entry("event", |event| event.leaf("text", "first").map(drop))?;
            top.entry("event", |event| event.leaf("text", "second").map(drop)).map(drop)
        })
        .map(drop)
    });
    let expected = "<top xmlns=\"urn:example\"><name>x</name><size>7</size><count>3</count><server>b</server>\
                    <server>a</server><presence/><item><name>one</name><value>-1</value></item><item>\
                    <name>two</name><value>-1</value></item><event><text>first</text></event><event>\
                    <text>second</text></event></top>";
    let tree = tree.unwrap();
    assert_eq!(xml(&tree), expected);
    let event = tree.find(&InstancePath::parse(example(), "/example:top/event[2]/text").unwrap()).unwrap();
    assert_eq!(&**event.value().unwrap(), "second");
}

#[test]
fn what_does_not_fit_is_not_built() {
    let build = |leaf: &str, value: &str| {
        Tree::build(example(), |root| {
            root.container("example:top", |top| top.leaf(leaf, value).map(drop)).map(drop)
        })
    };
    assert!(matches!(build("nothing", "1"), Err(BuildError::Unknown { .. })));
    assert!(matches!(build("plain", "1"), Err(BuildError::Unknown { wanted: "leaf", .. })));
    assert!(matches!(build("size", "x"), Err(BuildError::Value { .. })));
    let ambiguous = Tree::build(example(), |root| root.container("top", |_| Ok(())).map(drop));
    assert!(matches!(ambiguous, Err(BuildError::Unknown { .. })));
    let keyless = Tree::build(example(), |root| {
        root.container("example:top", |top| top.entry("item", |_| Ok(())).map(drop)).map(drop)
    });
    assert!(matches!(keyless, Err(BuildError::NoKey { key, .. }) if key == "name"));
}

#[test]
fn joined_trees_have_what_both_have() {
    let state = Tree::build(example(), |root| {
        root.container("example:top", |top| {
            top.leaf("count", 1)?.leaf_list("tag", ["c"])?;
            top.entry("item", |item| item.leaf("name", "h")?.leaf("value", 9).map(drop))?;
            top.entry("item", |item| item.leaf("name", "new").map(drop)).map(drop)
        })
        .map(drop)
    });
    let joined = sample().joined(&state.unwrap());
    let expected = "<top xmlns=\"urn:example\"><name>n</name><count>1</count><tag>a</tag><tag>b</tag><tag>c</tag>\
                    <server>b</server><server>a</server><item><name>h</name><value>9</value></item><item>\
                    <name>i</name><part><kind>z</kind><number>1</number></part><part><kind>a</kind><number>2</number>\
                    </part></item><item><name>new</name></item><road>A1</road></top>";
    assert_eq!(xml(&joined), expected);
}
