use super::{Selection, SubtreeFilter};
use crate::codec::{WithDefaults, WriteOptions, write_xml};
use crate::testing::{cases, example, tree};
use crate::tree::{InstancePath, Tree};
use crate::xml::{Fragment, Limits};
use std::fs;

/// Every `testcases/filter/NAME`: what `filter.xml` selects of `data.xml`; with a file `report-all` also of its defaults.
#[test]
fn filters_select_what_the_cases_say() {
    let data = tree(&fs::read_to_string(cases("filter/data.xml")).unwrap());
    let mut wrong = Vec::new();
    for case in fs::read_dir(cases("filter")).unwrap() {
        let case = case.unwrap().path();
        if !case.is_dir() {
            continue;
        }
        let filter = fs::read_to_string(case.join("filter.xml")).unwrap();
        let filter = SubtreeFilter::parse(example(), Fragment::new(&filter), Limits::default()).unwrap();
        let report_all = case.join("report-all").exists();
        let selection = filter.select(&data.root(), report_all);
        let defaults = if report_all { WithDefaults::ReportAll } else { WithDefaults::Explicit };
        let mut found = String::new();
        let options = WriteOptions { defaults, selection: Some(&selection), ..WriteOptions::default() };
        write_xml(&mut found, &data.root(), options).unwrap();
        let expected = fs::read_to_string(case.join("expected.xml")).unwrap();
        if found != expected.trim_end() {
            wrong.push(format!("{}\n  expected {expected}  found    {found}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn paths_add_up_to_a_selection() {
    let data = tree(&fs::read_to_string(cases("filter/data.xml")).unwrap());
    let mut selection = Selection::none();
    for path in [
        "/example:top/item[name='i']/part[kind='j'][number='1']/note",
        "/example:top/size",
        "/example:top/server",
        "/example:top/tag[.='b']",
        "/example:top/item[name='nothing']",
    ] {
        selection.add(&InstancePath::parse(example(), path).unwrap());
    }
    let mut found = String::new();
    let options = WriteOptions { selection: Some(&selection), ..WriteOptions::default() };
    write_xml(&mut found, &data.root(), options).unwrap();
    let expected = "<top xmlns=\"urn:example\"><size>5</size><tag>b</tag><server>y</server><server>x</server><item>\
                    <name>i</name><part><kind>j</kind><number>1</number><note>z</note></part></item></top>";
    assert_eq!(found, expected);
    selection.add(&InstancePath::parse(example(), "/").unwrap());
    assert_eq!(selection, Selection::All);
}

#[test]
fn entries_without_keys_are_chosen_by_what_is_in_them() {
    let events = ["first", "second", "third", "second"];
    let data = Tree::build(example(), |root| {
        root.container("example:top", |top| {
            events
                .iter()
                .try_for_each(|text| top.entry("event", |event| event.leaf("text", text).map(drop)).map(drop))
        })
        .map(drop)
    });
    let data = data.unwrap();
    for (inner, expected) in [
        ("<event><text>second</text></event>", vec!["second", "second"]),
        ("<event><text/></event>", events.to_vec()),
        ("<event/>", events.to_vec()),
        ("<event><text>fourth</text></event>", vec![]),
    ] {
        let filter = format!("<top xmlns=\"urn:example\">{inner}</top>");
        let filter = SubtreeFilter::parse(example(), Fragment::new(&filter), Limits::default()).unwrap();
        let selection = filter.select(&data.root(), false);
        let mut found = String::new();
        let options = WriteOptions { selection: Some(&selection), ..WriteOptions::default() };
        write_xml(&mut found, &data.root(), options).unwrap();
        let expected: Vec<_> =
            expected.iter().map(|text| format!("<event><text>{text}</text></event>")).collect();
        let found = found.trim_start_matches("<top xmlns=\"urn:example\">").trim_end_matches("</top>");
        assert_eq!(found, expected.concat(), "{inner}");
    }
}
