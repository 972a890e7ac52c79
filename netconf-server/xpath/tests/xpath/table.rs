//! Every line of `testcases/*/input` against the same line of `expected`.
//!
//! A line is an expression, then optionally a tabulator and the path of the context node. The expected line is a node set
//! as paths, a quoted string, a number, `true` or `false`, or an error. Blank lines and those with `#` are skipped in both.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::arena::{Arena, context, data, names};
use daybreak_xpath::{Expression, Limits, Value, XPathError};

fn evaluate(arena: &Arena, line: &str) -> Result<String, XPathError> {
    let (text, at) = line.split_once('\t').unwrap_or((line, "/"));
    let node = arena.find(at).unwrap_or_else(|| panic!("no node {at}"));
    let limits = Limits { steps: 20_000, length: 200, depth: 8 };
    let expression = Expression::parse(text, &names(), limits)?;
    Ok(match expression.evaluate(arena, &node)? {
        Value::Nodes(nodes) if nodes.is_empty() => "none".into(),
        Value::Nodes(nodes) => nodes.iter().map(|node| arena.path(*node)).collect::<Vec<_>>().join(" "),
        Value::Text(text) => format!("'{text}'"),
        Value::Number(number) => number.to_string(),
        Value::Boolean(boolean) => boolean.to_string(),
    })
}

#[test]
fn expressions_give_what_is_expected() {
    let context = context();
    let data = data(&context);
    let mut arena = Arena::new(&data);
    let mut wrong = String::new();
    let mut folders: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    for folder in &folders {
        let lines = |name: &str| {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            text.lines()
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let (input, expected) = (lines("input"), lines("expected"));
        for (place, line) in input.iter().enumerate() {
            for indexed in [true, false] {
                arena.indexed = indexed;
                let found = evaluate(&arena, line).unwrap_or_else(|error| error.to_string());
                let expected = expected.get(place).map_or("(nothing)", |line| line);
                if found != expected {
                    let _ = writeln!(
                        wrong,
                        "{}, {line} (index: {indexed})\n  expected {expected}\n  found    {found}",
                        folder.display()
                    );
                }
            }
        }
        if input.len() != expected.len() {
            let _ = writeln!(wrong, "{}: {} lines for {}", folder.display(), expected.len(), input.len());
        }
    }
    assert!(folders.len() >= 8, "found only {folders:?}");
    assert!(wrong.is_empty(), "{wrong}");
}
