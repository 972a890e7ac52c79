//! What evaluations cost: entries are looked up and not walked, and a budget ends what takes too long.

use crate::arena::{Arena, context, data, names};
use daybreak_xpath::{Expression, Limits, Problem, Tree};

#[test]
fn an_entry_is_found_by_its_keys_without_a_walk() {
    let context = context();
    let data = data(&context);
    let arena = Arena::new(&data);
    for (text, found) in [
        ("/h:house/h:room[h:id='10']", 1),
        ("/h:house/h:room[id = 10 - 0 or false()]", 1),
        ("/house/room[id=current()]", 1),
        ("/house/room['10'=id][1]", 1),
        ("/house/tag[.='dry']", 1),
        ("/house/room[id='1']/bed[side='left'][place='2']", 1),
        ("/house/room[id='10' and true()]", 1),
    ] {
        arena.look_ups.set(0);
        arena.given.set(0);
        let at = arena.find("/house:house/room[id='10']/id").unwrap();
        let expression = Expression::parse(text, &names(), Limits::default()).unwrap();
        let nodes = expression.select(&arena, &at).unwrap();
        assert_eq!(nodes.len(), found, "{text}");
        let looked_up = arena.look_ups.get() > 0;
        // Two children of the root, and some of the entries that were found.
        let walked = arena.given.get() > 25;
        assert!(looked_up != text.contains(" or ") || text.contains("and"), "{text}");
        assert!(!(looked_up && walked), "{text}: {} children were given", arena.given.get());
    }
}

#[test]
fn a_budget_ends_what_takes_too_long() {
    let context = context();
    let data = data(&context);
    let arena = Arena::new(&data);
    let limits = Limits { steps: 100_000, ..Limits::default() };
    let long = format!("concat({})", vec!["string(/)"; 1500].join(","));
    for text in ["//*[//*[//*[//*]]]", &long] {
        let expression = Expression::parse(text, &names(), limits).unwrap();
        let error = expression.evaluate(&arena, &arena.root()).unwrap_err();
        assert_eq!(error.problem, Problem::Budget { limit: 100_000 }, "{text}");
    }
}

#[test]
fn nesting_ends_at_the_limit_and_long_rows_do_not_nest() {
    let context = context();
    let data = data(&context);
    let arena = Arena::new(&data);
    let limits = Limits { length: 1 << 20, ..Limits::default() };
    let parse = |text: &str| Expression::parse(text, &names(), limits);
    for deep in [
        format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("{}1{}", "a[".repeat(10_000), "]".repeat(10_000)),
        format!("{}1{}", "not(".repeat(10_000), ")".repeat(10_000)),
    ] {
        assert_eq!(parse(&deep).unwrap_err().problem, Problem::TooDeep { limit: limits.depth });
    }
    let at_the_limit = format!("{}1{}", "not(".repeat(limits.depth), ")".repeat(limits.depth));
    parse(&at_the_limit).unwrap().evaluate(&arena, &0).unwrap();
    for row in ["1 or ", "1 and ", "1 = ", "1 < ", "1 + ", "1 * ", "a | ", "a/", "-"] {
        parse(&format!("{}a", row.repeat(20_000))).unwrap().evaluate(&arena, &0).unwrap();
    }
}
