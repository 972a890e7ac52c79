//! The context accepts what the appliance does and refuses all else.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use daybreak_yang::effects::{By, effect_of};
use daybreak_yang::{context, data_nodes};
use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};
use yang5::data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags};
use yang5::schema::{SchemaNode, SchemaNodeKind, SchemaPathFormat};

fn testcases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases").join(folder);
    let mut cases: Vec<_> = read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// Parses and validates what is within `<config>`.
fn check(file: &Path) -> Result<DataTree<'static>, yang5::Error> {
    let text = read_to_string(file).unwrap();
    let inner = text.trim().strip_prefix("<config>").unwrap().strip_suffix("</config>").unwrap();
    DataTree::parse_string(
        context().unwrap(),
        inner,
        DataFormat::XML,
        DataParserFlags::STRICT | DataParserFlags::NO_STATE,
        DataValidationFlags::NO_STATE,
    )
}

#[test]
fn the_example_is_valid_and_uses_every_node_that_can_be_configured() {
    let mut missing: BTreeSet<String> = data_nodes(context().unwrap())
        .flat_map(|top| top.traverse())
        .filter(|node| matches!(node.kind(), SchemaNodeKind::Leaf | SchemaNodeKind::LeafList))
        .filter(SchemaNode::is_config)
        .map(|node| node.path(SchemaPathFormat::DATA))
        .filter(|path| effect_of(path).is_some_and(|effect| effect.by != [By::State]))
        .collect();
    assert!(missing.len() > 90, "only {} leafs can be configured", missing.len());
    for case in testcases("valid") {
        let tree =
            check(&case).unwrap_or_else(|error| panic!("{}: {error} {:?}", case.display(), error.path));
        for node in tree.traverse() {
            missing.remove(&node.schema().path(SchemaPathFormat::DATA));
        }
    }
    assert!(missing.is_empty(), "not in the example: {missing:#?}");
}

#[test]
fn what_has_no_effect_is_refused_and_named() {
    for case in testcases("refused") {
        let expected = read_to_string(case.join("expected")).unwrap();
        let Err(error) = check(&case.join("input.xml")) else { panic!("{} is accepted", case.display()) };
        let text = format!("{error} {}", error.path.clone().unwrap_or_default());
        assert!(text.contains(expected.trim_end()), "{}: {text}", case.display());
    }
}
