//! The same node sets as libyang, for random expressions.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::arena::{Arena, context, data, names};
use crate::strategies::LIBYANG;
use daybreak_xpath::{Expression, Limits};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use yang5::data::Data;

#[test]
fn node_sets_are_those_of_libyang() {
    let context = context();
    let data = data(&context);
    let arena = Arena::new(&data);
    let mut runner = TestRunner::new(Config { cases: 2000, failure_persistence: None, ..Config::default() });
    let (some, refused) = (Cell::new(0), Cell::new(0));
    runner
        .run(&LIBYANG.node_sets(), |text| {
            let Ok(theirs) = data.find_xpath(&text) else {
                refused.set(refused.get() + 1);
                return Ok(());
            };
            let theirs: BTreeSet<String> = theirs.map(|node| node.path()).collect();
            let expression = Expression::parse(&text, &names(), Limits::default()).unwrap();
            let ours: BTreeSet<String> = expression
                .select(&arena, &0)
                .unwrap()
                .into_iter()
                // libyang leaves out the root.
                .filter(|node| *node != 0)
                .map(|node| arena.path(node).to_owned())
                .collect();
            prop_assert_eq!(&ours, &theirs, "{}", text);
            some.set(some.get() + usize::from(!ours.is_empty()));
            Ok(())
        })
        .unwrap();
    assert!(some.get() > 100, "only {} of 2000 select anything", some.get());
    assert!(refused.get() < 200, "libyang refused {}", refused.get());
}
