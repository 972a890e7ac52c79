//! The same node sets as libyang, for random expressions.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::arena::{Arena, context, data, names};
use daybreak_xpath::{Expression, Limits};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use yang5::data::Data;

fn name() -> impl Strategy<Value = String> {
    let names = [
        "h:house", "h:room", "h:id", "h:name", "h:tag", "h:bed", "h:side", "h:place", "h:width", "h:guest",
        "h:box", "h:size", "h:door", "h:state", "h:next", "h:tenant", "g:name", "g:view", "g:garden",
        "g:tree", "g:height",
    ];
    prop::sample::select(names.to_vec())
        .prop_map(|name| name.replace("h:", "house:").replace("g:", "garden:"))
}

fn step(with_predicates: bool) -> BoxedStrategy<String> {
    let axis = prop::sample::select(vec![
        "",
        "",
        "",
        "",
        "descendant::",
        "descendant-or-self::",
        "ancestor::",
        "ancestor-or-self::",
        "parent::",
        "self::",
        "following-sibling::",
        "preceding-sibling::",
        "following::",
        "preceding::",
    ]);
    let test = prop_oneof![6 => name(), 2 => Just("*".to_owned()), 1 => Just("node()".to_owned())];
    let predicates = if with_predicates {
        prop::collection::vec(predicate(), 0..=2).boxed()
    } else {
        Just(Vec::new()).boxed()
    };
    prop_oneof![
        12 => (axis, test, predicates).prop_map(|(axis, test, predicates)| {
            format!("{axis}{test}{}", predicates.concat())
        }),
        1 => Just(".".to_owned()),
        2 => Just("..".to_owned()),
    ]
    .boxed()
}

fn relative(with_predicates: bool) -> impl Strategy<Value = String> {
    prop::collection::vec((step(with_predicates), prop::sample::select(vec!["/", "/", "/", "//"])), 1..=3)
        .prop_map(join)
}

fn join(steps: Vec<(String, &str)>) -> String {
    let mut text = String::new();
    for (place, (step, separator)) in steps.iter().enumerate() {
        text.push_str(step);
        if place + 1 < steps.len() {
            text.push_str(separator);
        }
    }
    text
}

fn predicate() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "'hall'", "'1'", "'2'", "1", "10", "'ann'", "'left'", "'let'", "'red'", "120",
    ]);
    let comparison = prop::sample::select(vec!["=", "=", "!=", "<", ">="]);
    let leaf = prop::sample::select(vec![
        "house:id",
        "house:name",
        "house:guest",
        "house:side",
        "house:width",
        "garden:name",
        "../house:id",
        "house:state",
        "house:next",
    ]);
    let condition = prop_oneof![
        4 => (leaf, comparison, value).prop_map(|(leaf, comparison, value)| format!("{leaf} {comparison} {value}")),
        2 => relative(false),
        1 => (1_u8..4).prop_map(|place| place.to_string()),
        1 => Just("last()".to_owned()),
        1 => Just("position() > 1".to_owned()),
        1 => relative(false).prop_map(|path| format!("count({path}) > 1")),
        1 => relative(false).prop_map(|path| format!("not({path})")),
        1 => Just("starts-with(house:name, 'h')".to_owned()),
        1 => Just("string-length(house:name) = 4".to_owned()),
        1 => Just("text()".to_owned()),
    ];
    prop_oneof![
        5 => condition.clone().prop_map(|condition| format!("[{condition}]")),
        1 => (condition.clone(), condition).prop_map(|(one, other)| format!("[{one} or {other}]")),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    let path = || {
        (prop::sample::select(vec!["/", "//"]), relative(true))
            .prop_map(|(start, path)| format!("{start}{path}"))
    };
    prop_oneof![
        8 => path(),
        1 => (path(), path()).prop_map(|(one, other)| format!("{one} | {other}")),
        1 => (path(), 1..5).prop_map(|(path, place)| format!("({path})[{place}]")),
    ]
}

#[test]
fn node_sets_are_those_of_libyang() {
    let context = context();
    let data = data(&context);
    let arena = Arena::new(&data);
    let names = names().with("house", "house").with("garden", "garden");
    let mut runner = TestRunner::new(Config { cases: 3000, failure_persistence: None, ..Config::default() });
    let (some, refused) = (Cell::new(0), Cell::new(0));
    runner
        .run(&expression(), |text| {
            let Ok(theirs) = data.find_xpath(&text) else {
                refused.set(refused.get() + 1);
                return Ok(());
            };
            let theirs: BTreeSet<String> = theirs.map(|node| node.path()).collect();
            let expression = Expression::parse(&text, &names, Limits::default()).unwrap();
            let ours: BTreeSet<String> = expression
                .select(&arena, &0)
                .unwrap()
                .into_iter()
                .filter(|node| *node != 0)
                .map(|node| arena.path(node).to_owned())
                .collect();
            prop_assert_eq!(&ours, &theirs, "{}", text);
            some.set(some.get() + usize::from(!ours.is_empty()));
            Ok(())
        })
        .unwrap();
    assert!(some.get() > 500, "only {} of 3000 select anything", some.get());
    assert!(refused.get() < 300, "libyang refused {}", refused.get());
}
