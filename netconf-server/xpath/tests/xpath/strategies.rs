//! Random expressions.

use proptest::prelude::*;

/// What an oracle can judge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Oracle {
    axes: &'static [&'static str],
    tests: &'static [&'static str],
    /// Conditions on places and on text nodes, and steps upwards.
    all_of_xpath: bool,
}

/// What libyang 5.4 gets right. Left out: places, which it counts in the whole set instead of among the nodes of one
/// step (XPath 1.0 §2.4), as in `//a[1]` and `ancestor::a[1]`; text nodes, some of which it forgets; `*`, which it lets match the root;
/// `//` after `..` and the `following` and `preceding` axes, on which it crashes.
pub(crate) const LIBYANG: Oracle = Oracle {
    axes: &["", "", "", "", "", "descendant::", "descendant-or-self::", "self::", "following-sibling::"],
    tests: &["house:room"],
    all_of_xpath: false,
};

/// libxml2 has all of XPath 1.0. Left out: `/.//.`, of which it makes nothing; what may leave a minus sign alone of a text, which
/// it takes for zero (XPath 1.0 §4.4 wants not-a-number); and texts of numbers that 15 digits do not tell from their neighbours, of
/// which it writes no more (§4.2).
pub(crate) const LIBXML2: Oracle = Oracle {
    axes: &[
        "",
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
        "attribute::",
    ],
    tests: &["*", "node()", "text()", "house:*", "garden:*"],
    all_of_xpath: true,
};

const NAMES: [&str; 17] = [
    "house:house",
    "house:room",
    "house:id",
    "house:name",
    "house:tag",
    "house:bed",
    "house:side",
    "house:place",
    "house:width",
    "house:guest",
    "house:box",
    "house:size",
    "house:door",
    "house:state",
    "house:next",
    "garden:name",
    "garden:view",
];

impl Oracle {
    fn name() -> impl Strategy<Value = String> {
        prop::sample::select(&NAMES[..]).prop_map(str::to_owned)
    }

    fn conditions(self, nested: bool) -> BoxedStrategy<String> {
        if nested {
            return Just(String::new()).boxed();
        }
        prop::collection::vec(self.predicate(), 0..=2).prop_map(|all| all.concat()).boxed()
    }

    fn step(self, nested: bool) -> BoxedStrategy<String> {
        let axis = prop::sample::select(self.axes);
        let test =
            prop_oneof![6 => Self::name(), 3 => prop::sample::select(self.tests).prop_map(str::to_owned)];
        let step = (axis, test, self.conditions(nested))
            .prop_map(|(axis, test, conditions)| format!("{axis}{test}{conditions}"));
        if self.all_of_xpath {
            prop_oneof![12 => step, 2 => Just("..".to_owned())].boxed()
        } else {
            step.boxed()
        }
    }

    /// One step and what is before it.
    fn segment(self, nested: bool) -> BoxedStrategy<String> {
        let step = self.step(nested).prop_map(|step| format!("/{step}"));
        let anywhere = if self.all_of_xpath {
            self.step(nested)
        } else {
            (Self::name(), self.conditions(nested)).prop_map(|(name, conditions)| name + &conditions).boxed()
        };
        prop_oneof![3 => step, 1 => anywhere.prop_map(|step| format!("//{step}"))].boxed()
    }

    fn absolute(self) -> impl Strategy<Value = String> {
        prop::collection::vec(self.segment(false), 1..=3).prop_map(|segments| segments.concat())
    }

    fn relative(self) -> BoxedStrategy<String> {
        let first = self.step(true);
        if self.all_of_xpath {
            let rest = prop::collection::vec(self.segment(true), 0..=2);
            (first, rest).prop_map(|(first, rest)| first + &rest.concat()).boxed()
        } else {
            let up = prop::sample::select(vec!["", "", "../", "../../"]);
            (up, first, Self::name()).prop_map(|(up, first, name)| format!("{up}{first}/{name}")).boxed()
        }
    }

    fn predicate(self) -> impl Strategy<Value = String> {
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
        let more: &[&str] = if self.all_of_xpath {
            &[
                "1",
                "2",
                "last()",
                "position() > 1",
                "last() - 1",
                "position() = last()",
                "text()",
                "not(text())",
                ". = 'hall'",
                "string-length() > 5",
                "local-name() = 'id'",
                "../text()",
            ]
        } else {
            &["true()"]
        };
        let condition = prop_oneof![
            4 => (leaf, comparison.clone(), value)
                .prop_map(|(leaf, comparison, value)| format!("{leaf} {comparison} {value}")),
            2 => self.relative(),
            4 => prop::sample::select(more.to_vec()).prop_map(str::to_owned),
            1 => self.relative().prop_map(|path| format!("count({path}) > 1")),
            1 => self.relative().prop_map(|path| format!("not({path})")),
            1 => (self.relative(), comparison, self.relative())
                .prop_map(|(left, comparison, right)| format!("{left} {comparison} {right}")),
            1 => Just("starts-with(house:name, 'h')".to_owned()),
            1 => Just("string-length(house:name) = 4".to_owned()),
        ];
        prop_oneof![
            5 => condition.clone().prop_map(|condition| format!("[{condition}]")),
            1 => (condition.clone(), condition).prop_map(|(one, other)| format!("[{one} or {other}]")),
        ]
    }

    /// Expressions that give node sets.
    pub(crate) fn node_sets(self) -> impl Strategy<Value = String> {
        prop_oneof![
            8 => self.absolute(),
            1 => (self.absolute(), self.absolute()).prop_map(|(one, other)| format!("{one} | {other}")),
            1 => (self.absolute(), 1..5).prop_map(|(path, place)| format!("({path})[{place}]")),
        ]
    }

    /// Expressions that give strings, numbers and booleans.
    pub(crate) fn values(self) -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            4 => self.absolute(),
            2 => prop::sample::select(vec![
                "1", "-0", "2.5", "-2.5", "0.5", "'a'", "' 12 '", "''", "'a-b'", "true()", "false()", "1 div 0", "0 div 0",
                "'-1.50'", "'äöü'",
            ])
            .prop_map(str::to_owned),
        ];
        let node_set = self.absolute().boxed();
        leaf.prop_recursive(3, 12, 3, move |inner| {
            let nodes = node_set.clone();
            let two = (inner.clone(), inner.clone());
            let infix = prop::sample::select(vec![
                "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod", "and", "or",
            ]);
            let one_argument = prop::sample::select(vec![
                "string",
                "number",
                "boolean",
                "not",
                "floor",
                "ceiling",
                "round",
                "string-length",
                "normalize-space",
            ]);
            let two_arguments = prop::sample::select(vec![
                "concat",
                "contains",
                "starts-with",
                "substring-before",
                "substring-after",
                "substring",
            ]);
            let three_arguments = prop::sample::select(vec!["translate", "substring", "concat"]);
            let of_nodes = prop::sample::select(vec!["count", "sum", "local-name", "namespace-uri"]);
            prop_oneof![
                (two.clone(), infix).prop_map(|((left, right), infix)| format!("({left}) {infix} ({right})")),
                (one_argument, inner.clone()).prop_map(|(name, argument)| format!("{name}({argument})")),
                (two_arguments, two.clone())
                    .prop_map(|(name, (one, other))| format!("{name}({one}, {other})")),
                (three_arguments, two, inner.clone())
                    .prop_map(|(name, (one, other), third)| format!("{name}({one}, {other}, {third})")),
                (of_nodes, nodes).prop_map(|(name, nodes)| format!("{name}({nodes})")),
                inner.prop_map(|of| format!("-({of})")),
            ]
        })
        .prop_filter("a minus sign may be left alone", |text| !(cuts(text) && has_minus(text)))
        .prop_filter("the text of a number may be long", |text| !(divides(text) && is_of_texts(text)))
    }
}

/// Whether an expression takes characters away from a text.
fn cuts(text: &str) -> bool {
    ["translate(", "substring(", "substring-before(", "substring-after("]
        .iter()
        .any(|name| text.contains(name))
}

/// Whether there is a minus sign that is not part of a name.
fn has_minus(text: &str) -> bool {
    let next = |(at, _)| text[at + 1..].chars().next();
    text.match_indices('-').filter_map(next).any(|next| !next.is_ascii_alphabetic() || text.contains("'a-b'"))
}

/// Whether one number is divided by another, which gives numbers of many digits.
fn divides(text: &str) -> bool {
    text.contains(") div (")
}

/// Whether a number may become a text.
fn is_of_texts(text: &str) -> bool {
    let names = ["string(", "string-length(", "normalize-space(", "concat(", "contains(", "starts-with("];
    cuts(text) || names.iter().any(|name| text.contains(name))
}
