//! What expressions are said to read.

use std::fmt::Write as _;

use daybreak_xpath::{Axis, Expression, Limits, Names, NodeTest, Origin, Read, ReadStep, Reads};

/// One path in short: `.` or `/` for where it starts, steps, `=` at the end when the value counts.
fn short(read: &Read) -> String {
    let mut text = String::from(if read.origin == Origin::Root { "/" } else { "." });
    for step in &read.steps {
        text.push('/');
        match step {
            ReadStep::Deref => text.push_str("deref()"),
            ReadStep::Axis(Axis::Parent, NodeTest::Node) => text.push_str(".."),
            ReadStep::Axis(Axis::Child, NodeTest::Name { name, .. }) => text.push_str(name),
            ReadStep::Axis(axis, which) => {
                let _ = write!(text, "{axis:?}::{which:?}");
            }
        }
    }
    if read.value {
        text.push('=');
    }
    text
}

fn reads(text: &str) -> Vec<String> {
    let expression = Expression::parse(text, &Names::in_module("m"), Limits::default()).unwrap();
    match expression.reads() {
        Reads::Paths(paths) => paths.iter().map(short).collect(),
        Reads::Unknown => vec!["unknown".into()],
    }
}

#[test]
fn paths_are_listed_with_those_of_their_predicates() {
    for (text, expected) in [
        ("../a", vec!["./../a"]),
        ("a/b = 1 or not(c)", vec!["./a/b=", "./c"]),
        ("/a/b[c = current()/../d]/e > 3", vec!["//a/b/c=", "./../d=", "//a/b/e="]),
        ("count(/a/b) = 1", vec!["//a/b"]),
        ("(a | b)/c", vec!["./a", "./b", "./a/c", "./b/c"]),
        ("deref(../x)/../y = 'z'", vec!["./../x=", "./../x/deref()", "./../x/deref()/../y="]),
        ("derived-from(type, 'eth')", vec!["./type="]),
        ("string-length() > 3 and . != 'x'", vec![".=", "./SelfNode::Node="]),
        ("(//a)[b]", vec!["//Descendant::Name { module: Some(\"m\"), name: \"a\" }"]),
        ("a[position() = 2]", vec!["./a"]),
        ("true()", vec![]),
    ] {
        let found = reads(text);
        for one in &expected {
            assert!(found.iter().any(|found| found == one), "{text}: {one} is not in {found:?}");
        }
        assert!(text.contains('[') || found.len() == expected.len(), "{text}: {found:?}");
    }
}

#[test]
fn more_paths_than_can_be_followed_are_unknown() {
    let mut text = String::from("(a|b)");
    for _ in 0..5 {
        text = format!("(a|b|c)[{text}]");
    }
    assert_eq!(reads(&text), ["unknown"]);
}
