use super::{DefaultOperation, ErrorOption, apply, parse_json, parse_xml, tree_from_json};
use crate::testing::{cases, edit, example, tree, xml};
use crate::tree::Tree;
use crate::xml::{Fragment, Limits};
use daybreak_netconf::error::ErrorTag;
use std::fs;

/// Every `testcases/edit/NAME`: `before.xml`, `edit.xml`, perhaps `default-operation`, and either `expected.xml` or `error`
/// with tag, app-tag and path in the first line and a part of the message in the second.
#[test]
fn edits_do_what_the_cases_say() {
    let mut wrong = Vec::new();
    for case in fs::read_dir(cases("edit")).unwrap() {
        let case = case.unwrap().path();
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let read = |file: &str| fs::read_to_string(case.join(file)).ok();
        let before = tree(&read("before.xml").unwrap());
        let default = read("default-operation").map_or(DefaultOperation::Merge, |text| {
            DefaultOperation::parse(text.trim()).unwrap_or_else(|| panic!("{name}: {text}"))
        });
        let found = match edit(&before, &read("edit.xml").unwrap(), default) {
            Ok(after) => {
                assert_eq!(tree(&xml(&after)), after, "{name}");
                xml(&after)
            }
            Err(error) => {
                let path = error.path.as_ref().map_or("-", |path| &path.text);
                let first =
                    format!("{} {} {path}", error.tag.name(), error.app_tag.as_deref().unwrap_or("-"));
                format!("{first}\n{}", error.message.unwrap_or_default())
            }
        };
        let (expected, fits) = match (read("expected.xml"), read("error")) {
            (Some(expected), None) => (expected.clone(), found == expected.trim_end()),
            (None, Some(expected)) => {
                let (first, part) = expected.trim_end().split_once('\n').unwrap();
                let fits =
                    found.split_once('\n').is_some_and(|(line, rest)| line == first && rest.contains(part));
                (expected.clone(), fits)
            }
            _ => panic!("{name} needs either expected.xml or error"),
        };
        if !fits {
            wrong.push(format!("{name}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_there_already_is_not_copied() {
    let before =
        tree("<top xmlns='urn:example'><item><name>a</name><value>1</value></item><server>x</server></top>");
    for same in [
        "<top xmlns='urn:example'><item><name>a</name><value>1</value></item></top>",
        "<top xmlns='urn:example'><item operation='replace'><name>a</name><value>1</value></item></top>",
        "<top xmlns='urn:example'><server>x</server></top>",
        "<top xmlns='urn:example'/>",
    ] {
        let after = edit(&before, same, DefaultOperation::Merge).unwrap();
        assert!(after.ptr_eq(&before), "{same}");
    }
}

#[test]
fn continue_on_error_does_the_rest_and_tells_all() {
    let before = tree("<top xmlns='urn:example'><size>5</size></top>");
    let text = "<top xmlns='urn:example'><name operation='delete'/><size operation='create'>6</size><on>false</on>\
                <item operation='delete'><name>a</name></item></top>";
    let edit = parse_xml(example(), Fragment::new(text), Limits::default()).unwrap();
    let outcome = apply(&before, &edit, DefaultOperation::Merge, ErrorOption::ContinueOnError);
    let tags: Vec<_> = outcome.errors.iter().map(|error| error.tag).collect();
    assert_eq!(tags, [ErrorTag::DataMissing, ErrorTag::DataExists, ErrorTag::DataMissing]);
    assert_eq!(xml(&outcome.tree), "<top xmlns=\"urn:example\"><size>5</size><on>false</on></top>");
    for option in [ErrorOption::StopOnError, ErrorOption::RollbackOnError] {
        let outcome = apply(&before, &edit, DefaultOperation::Merge, option);
        assert_eq!((outcome.errors.len(), outcome.tree.ptr_eq(&before)), (1, true));
    }
}

#[test]
fn prefixes_may_be_declared_around_the_piece() {
    let namespaces = [(String::new(), "urn:x".to_owned()), ("p".to_owned(), "urn:example".to_owned())];
    let fragment = Fragment { text: "<p:top><p:mode>example:mode</p:mode></p:top>", namespaces: &namespaces };
    let edit = parse_xml(example(), fragment, Limits::default()).unwrap();
    assert_eq!(edit.nodes.len(), 1);
}

#[test]
fn json_errors_tell_the_place() {
    for (json, tag, position, part) in [
        ("{\n  \"example:top\": {\n    \"size\": 7000\n  }\n}", ErrorTag::InvalidValue, (3, 16), "7000"),
        ("{\"example:top\": {\"nothing\": 1}}", ErrorTag::UnknownElement, (1, 26), "nothing"),
        ("{\"none:top\": {}}", ErrorTag::UnknownNamespace, (1, 11), "none"),
        ("{\"example:top\": [1]}", ErrorTag::MalformedMessage, (1, 16), "object"),
        ("{\"example:top\": {\"count\": 1}}", ErrorTag::UnknownElement, (1, 24), "state"),
        ("{\"example:top\": {\"item\": [{\"value\": 1}]}}", ErrorTag::MissingElement, (1, 39), "name"),
        ("{\"example:top\": {", ErrorTag::MalformedMessage, (1, 17), "EOF"),
        ("{} {}", ErrorTag::MalformedMessage, (1, 4), "trailing"),
        ("{\"example:top\": {\"flag\": [null, null]}}", ErrorTag::MalformedMessage, (1, 37), "[null]"),
    ] {
        let error = parse_json(example(), json.as_bytes(), Limits::default()).unwrap_err();
        assert_eq!((error.tag(), error.position), (tag, Some(position)), "{json}: {error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn json_may_leave_out_module_names_and_carry_metadata() {
    let json = r#"{"example:top": {"@size": {"x:y": 1}, "size": "20", "item": [{"value": 1, "name": "a"}], "on": "false",
                  "either": "any", "flag": [null], "mode": "example-types:fast"}}"#;
    let tree = tree_from_json(example(), json.as_bytes(), Limits::default()).unwrap();
    let expected = "<top xmlns=\"urn:example\"><size>20</size><on>false</on><flag/>\
                    <mode xmlns:example-types=\"urn:example-types\">example-types:fast</mode><either>any</either>\
                    <item><name>a</name><value>1</value></item></top>";
    assert_eq!(xml(&tree), expected);
}

#[test]
fn too_much_is_refused() {
    let limits = Limits { size: 10, ..Limits::default() };
    let text = "<top xmlns='urn:example'/>";
    assert_eq!(parse_xml(example(), Fragment::new(text), limits).unwrap_err().tag(), ErrorTag::TooBig);
    assert_eq!(parse_json(example(), text.as_bytes(), limits).unwrap_err().tag(), ErrorTag::TooBig);
    assert!(Tree::empty(example().clone()).is_empty());
}
