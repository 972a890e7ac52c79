use super::{WithDefaults, WriteOptions, write_json, write_xml};
use crate::edit::{tree_from_json, tree_from_xml};
use crate::testing::{cases, example, json, tree, xml};
use crate::tree::Tree;
use crate::xml::{Fragment, Limits};

fn written(tree: &Tree, defaults: WithDefaults) -> (String, String) {
    let (mut xml, mut json) = (String::new(), String::new());
    let options = WriteOptions { defaults, indent: Some(2), ..WriteOptions::default() };
    write_xml(&mut xml, &tree.root(), options).unwrap();
    write_json(&mut json, &tree.root(), options).unwrap();
    (xml, json)
}

/// Every file `testcases/codec/NAME/input.xml` with the expected text per mode of RFC 6243.
#[test]
fn texts_are_as_expected() {
    for case in std::fs::read_dir(cases("codec")).unwrap() {
        let case = case.unwrap().path();
        let input = std::fs::read_to_string(case.join("input.xml")).unwrap();
        let tree = tree_from_xml(example(), Fragment::new(&input), Limits::default()).unwrap();
        for (mode, name) in [
            (WithDefaults::Explicit, "explicit"),
            (WithDefaults::ReportAll, "report-all"),
            (WithDefaults::ReportAllTagged, "report-all-tagged"),
            (WithDefaults::Trim, "trim"),
        ] {
            let (xml, json) = written(&tree, mode);
            for (text, extension) in [(xml, "xml"), (json, "json")] {
                let file = case.join(format!("{name}.{extension}"));
                let expected = std::fs::read_to_string(&file).unwrap_or_default();
                assert_eq!(text, expected, "{}", file.display());
            }
        }
    }
}

#[test]
fn xml_and_json_are_read_back() {
    for entry in std::fs::read_dir(cases("codec")).unwrap() {
        let input = std::fs::read_to_string(entry.unwrap().path().join("input.xml")).unwrap();
        let first = tree_from_xml(example(), Fragment::new(&input), Limits::default()).unwrap();
        assert_eq!(tree(&xml(&first)), first);
        assert_eq!(tree_from_json(example(), json(&first).as_bytes(), Limits::default()).unwrap(), first);
        // Libyang reads what we write, in both forms.
        for (text, format) in
            [(xml(&first), yang5::data::DataFormat::XML), (json(&first), yang5::data::DataFormat::JSON)]
        {
            let flags = yang5::data::DataParserFlags::STRICT | yang5::data::DataParserFlags::NO_STATE;
            let validation = yang5::data::DataValidationFlags::PRESENT;
            yang5::data::DataTree::parse_string(
                example().context(),
                text.as_str(),
                format,
                flags,
                validation,
            )
            .unwrap_or_else(|error| panic!("{error:?} {text}"));
        }
    }
}

#[test]
fn one_line_has_no_blanks_between() {
    let tree = tree("<top xmlns='urn:example'><name>a&lt;b</name><plain><a/></plain></top>");
    assert_eq!(xml(&tree), "<top xmlns=\"urn:example\"><name>a&lt;b</name><plain><a/></plain></top>");
    assert_eq!(json(&tree), r#"{"example:top":{"name":"a<b","plain":{"a":""}}}"#);
    let empty = Tree::empty(example().clone());
    assert_eq!((xml(&empty).as_str(), json(&empty).as_str()), ("", "{}"));
}

#[test]
fn hidden_nodes_are_left_out() {
    let tree = tree(
        "<top xmlns='urn:example'><item><name>a</name><value>1</value></item><plain><a>x</a></plain></top>",
    );
    let permit = |node: &crate::tree::NodeRef<'_>| !matches!(node.name(), "value" | "a");
    let mut text = String::new();
    let options = WriteOptions { permit: Some(&permit), ..WriteOptions::default() };
    write_xml(&mut text, &tree.root(), options).unwrap();
    assert_eq!(text, "<top xmlns=\"urn:example\"><item><name>a</name></item></top>");
}

#[test]
fn a_when_that_fails_takes_its_default_away() {
    let tree = tree("<top xmlns='urn:example'><name>a</name></top>");
    let when = |node: &crate::tree::NodeRef<'_>| node.name() == "on";
    let mut text = String::new();
    let options =
        WriteOptions { defaults: WithDefaults::ReportAll, when: Some(&when), ..WriteOptions::default() };
    write_xml(&mut text, &tree.root(), options).unwrap();
    assert_eq!(text, "<top xmlns=\"urn:example\"><name>a</name><on>true</on></top>");
}
