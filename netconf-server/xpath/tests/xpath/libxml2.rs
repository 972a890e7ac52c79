//! The same values as libxml2, for random expressions: all of XPath 1.0 that a data tree has.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::arena::{Arena, context, data, names};
use crate::strategies::LIBXML2;
use daybreak_xpath::{Expression, Limits, Problem, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

/// Reads the document and then expressions, a line each; writes a value a line.
const SCRIPT: &str = r#"
import sys, lxml.etree as etree
lines = sys.stdin.read().split("\n")
root = etree.fromstring(lines[0])
place = {element: number + 1 for number, element in enumerate(root.iter())}
spaces = {"house": "urn:house", "garden": "urn:garden"}
for line in lines[1:]:
    try:
        value = root.getroottree().xpath(line, namespaces=spaces)
    except etree.XPathError as error:
        print("error", error)
        continue
    if isinstance(value, bool):
        print("boolean", str(value).lower())
    elif isinstance(value, float):
        print("number", repr(value))
    elif isinstance(value, str):
        print("text", value)
    else:
        found = {place[one if etree.iselement(one) else one.getparent()] for one in value}
        print("nodes", *sorted(found))
"#;

/// What libxml2 makes of each expression.
fn judged(document: &str, expressions: &[String]) -> Vec<String> {
    // Debian's, not another one on the path.
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", SCRIPT])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 with lxml is in tests/setup/packages.txt");
    let input = format!("{document}\n{}", expressions.join("\n"));
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "python3 with lxml is in tests/setup/packages.txt");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Whether both are the same, numbers to twelve digits: libxml2 computes some in another order.
fn same(ours: &Value<usize>, theirs: &str) -> bool {
    let (kind, value) = theirs.split_once(' ').unwrap_or((theirs, ""));
    match ours {
        Value::Boolean(boolean) => kind == "boolean" && boolean.to_string() == value,
        Value::Text(text) => kind == "text" && text == value,
        Value::Number(number) => {
            let theirs: f64 = value.parse().unwrap_or(f64::MAX);
            kind == "number"
                && match number.total_cmp(&theirs) {
                    Ordering::Equal => true,
                    _ if number.is_nan() => theirs.is_nan(),
                    _ => (number - theirs).abs() <= theirs.abs() * 1e-12,
                }
        }
        Value::Nodes(nodes) => {
            // lxml has no object for the root.
            let nodes: Vec<_> = nodes.iter().filter(|node| **node != 0).map(usize::to_string).collect();
            kind == "nodes" && nodes.join(" ") == value
        }
    }
}

fn compare(expressions: impl Strategy<Value = String>, most_errors: usize) {
    let context = context();
    let data = data(&context);
    // A document of XML has one top-level element.
    let arena = Arena::below(&data, "/house:house");
    let mut runner = TestRunner::new(Config::default());
    let expressions: Vec<String> =
        (0..3000).map(|_| expressions.new_tree(&mut runner).unwrap().current()).collect();
    let theirs = judged(&arena.xml(), &expressions);
    assert_eq!(theirs.len(), expressions.len());
    let (mut wrong, mut errors) = (String::new(), 0);
    for (text, theirs) in expressions.iter().zip(&theirs) {
        if theirs.starts_with("error") {
            errors += 1;
            continue;
        }
        let expression = match Expression::parse(text, &names(), Limits::default()) {
            Ok(expression) => expression,
            Err(error) => {
                let _ = writeln!(wrong, "{text}: {error}");
                continue;
            }
        };
        let ours = match expression.evaluate(&arena, &0) {
            Ok(ours) => ours,
            // One in tens of thousands; libxml2 has no limit.
            Err(error) if matches!(error.problem, Problem::Budget { .. }) => {
                errors += 1;
                continue;
            }
            Err(error) => panic!("{text}: {error}"),
        };
        if !same(&ours, theirs) {
            let _ = writeln!(wrong, "{text}\n  ours   {ours:?}\n  theirs {theirs}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(errors <= most_errors, "libxml2 refused {errors} of 3000");
}

#[test]
fn node_sets_are_those_of_libxml2() {
    compare(LIBXML2.node_sets(), 600);
}

#[test]
fn values_are_those_of_libxml2() {
    compare(LIBXML2.values(), 600);
}
