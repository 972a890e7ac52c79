//! The input as an expression: parsed, and evaluated on a small tree with and without look-up of entries. Both ways give
//! the same, within the budget.
#![no_main]

use std::borrow::Cow;
use std::cmp::Ordering;

use daybreak_xpath::{Expression, Key, Limits, Names, Problem, Tree, Unprefixed, Value};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 3] = ["a", "b", "a"];
const DEPTH: usize = 4;

/// Inner nodes have three children; a node is the way to it from the root.
struct Regular {
    indexed: bool,
}

impl Tree for Regular {
    type Node = Vec<usize>;

    fn root(&self) -> Vec<usize> {
        Vec::new()
    }

    fn parent(&self, node: &Vec<usize>) -> Option<Vec<usize>> {
        node.split_last().map(|(_, rest)| rest.to_vec())
    }

    fn children(&self, node: &Vec<usize>) -> impl Iterator<Item = Vec<usize>> {
        let count = if node.len() < DEPTH { NAMES.len() } else { 0 };
        (0..count).map(|place| node.iter().copied().chain([place]).collect())
    }

    fn entries(
        &self,
        node: &Vec<usize>,
        module: Option<&str>,
        name: &str,
        _: &[Key<'_>],
        _: &Names,
    ) -> Option<Vec<Vec<usize>>> {
        // More than asked for is allowed.
        self.indexed.then(|| self.children_named(node, module, name).collect())
    }

    fn name<'n>(&'n self, node: &'n Vec<usize>) -> &'n str {
        node.last().map_or("", |place| NAMES[*place])
    }

    fn module<'n>(&'n self, node: &'n Vec<usize>) -> &'n str {
        if node.is_empty() { "" } else { "m" }
    }

    fn namespace<'n>(&'n self, node: &'n Vec<usize>) -> &'n str {
        if node.is_empty() { "" } else { "urn:m" }
    }

    fn text<'n>(&'n self, node: &'n Vec<usize>) -> Option<Cow<'n, str>> {
        (node.len() == DEPTH).then(|| Cow::Owned(node.iter().sum::<usize>().to_string()))
    }

    fn compare(&self, left: &Vec<usize>, right: &Vec<usize>) -> Ordering {
        left.cmp(right)
    }
}

fuzz_target!(|text: &str| {
    let names = Names::new(Unprefixed::Any).with("m", "m");
    let limits = Limits { steps: 200_000, ..Limits::default() };
    let Ok(expression) = Expression::parse(text, &names, limits) else { return };
    let _ = expression.reads();
    let mut values = [true, false].map(|indexed| expression.evaluate(&Regular { indexed }, &vec![0, 1]));
    for value in &mut values {
        match value {
            Ok(Value::Nodes(nodes)) => assert!(nodes.is_sorted_by(|left, right| left < right)),
            // Not-a-number is not equal to itself.
            Ok(Value::Number(number)) if number.is_nan() => *number = 0.0,
            // The ways differ in what they cost.
            Err(error) if matches!(error.problem, Problem::Budget { .. }) => return,
            _ => {}
        }
    }
    assert_eq!(values[0], values[1]);
});
