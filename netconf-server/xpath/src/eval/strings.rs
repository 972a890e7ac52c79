//! The string functions of XPath 1.0 §4.2 as pure functions.

use std::collections::HashMap;

use crate::number;

/// Characters from `start`, counted from 1, and at most `length` of them; both are rounded.
pub(super) fn substring(text: &str, start: f64, length: Option<f64>) -> String {
    let first = number::round(start);
    let end = length.map_or(f64::INFINITY, |length| first + number::round(length));
    text.chars()
        .zip(1_u32..)
        // Comparisons with not-a-number are false, as the specification's examples want.
        .filter(|(_, place)| f64::from(*place) >= first && f64::from(*place) < end)
        .map(|(c, _)| c)
        .collect()
}

/// What is before the first `mark`, empty when there is none.
pub(super) fn before<'t>(text: &'t str, mark: &str) -> &'t str {
    text.split_once(mark).map_or("", |(before, _)| before)
}

/// What is after the first `mark`, empty when there is none.
pub(super) fn after<'t>(text: &'t str, mark: &str) -> &'t str {
    text.split_once(mark).map_or("", |(_, after)| after)
}

/// Without blanks at the ends, and with one space for each run of blanks within.
pub(super) fn normalize_space(text: &str) -> String {
    let words = text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Each character of `from` replaced by the one at its place in `to`, or dropped where `to` has ended.
pub(super) fn translate(text: &str, from: &str, to: &str) -> String {
    let mut table = HashMap::new();
    let mut to = to.chars();
    for c in from.chars() {
        let replacement = to.next();
        // The first of two counts.
        table.entry(c).or_insert(replacement);
    }
    text.chars().filter_map(|c| table.get(&c).copied().unwrap_or(Some(c))).collect()
}
