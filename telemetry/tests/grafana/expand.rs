//! What Grafana puts in the place of macros and variables.

use std::collections::BTreeMap;

/// A time range and the choice of every variable.
pub(crate) struct View {
    /// Begin and end in milliseconds since 1970.
    pub(crate) range: (i64, i64),
    /// Seconds between two points of a graph.
    pub(crate) interval: u64,
    /// Values of each variable; all of them, as Grafana lists them, where the reader chose All.
    pub(crate) chosen: BTreeMap<String, Vec<String>>,
}

impl View {
    /// The text that is sent.
    pub(crate) fn expand(&self, query: &str) -> String {
        let (begin, end) = self.range;
        let mut text = query
            .replace("$timeFilter", &format!("time >= {begin}ms and time <= {end}ms"))
            .replace("$__interval", &format!("{}s", self.interval));
        for (name, values) in &self.chosen {
            text = text.replace(&format!("${{{name}:regex}}"), &regex(values));
        }
        assert!(!text.contains("${"), "a variable that is not known, or without `:regex`: {text}");
        text
    }
}

/// The format `regex`: each value escaped, more than one as alternatives.
fn regex(values: &[String]) -> String {
    let escape = |value: &String| {
        let mut out = String::new();
        for character in value.chars() {
            if r"\^$*+?.()|[]{}/".contains(character) {
                out.push('\\');
            }
            out.push(character);
        }
        out
    };
    let escaped: Vec<String> = values.iter().map(escape).collect();
    match escaped.as_slice() {
        [one] => one.clone(),
        more => format!("({})", more.join("|")),
    }
}

#[test]
fn names_are_escaped_as_grafana_does_it() {
    assert_eq!(regex(&["et-0/1/0".to_owned()]), r"et-0\/1\/0");
    assert_eq!(regex(&["a.b".to_owned(), "c|d (e)".to_owned()]), r"(a\.b|c\|d \(e\))");
}
