//! Which entries moved: as few as possible.

use super::Placement;
use crate::tree::Key;
use imbl::Vector;
use std::collections::HashMap;

/// For each key of the new order that is created or moved: where it stands. `created` says which are new.
///
/// The keys that stay are the longest run of common keys that is in the same order in both (patience sorting,
/// `O(n log n)` of this one list).
pub(super) fn placements(
    old: &Vector<Key>,
    new: &Vector<Key>,
    created: impl Fn(&Key) -> bool,
) -> Vec<(Key, Placement)> {
    let places: HashMap<&Key, usize> = old.iter().zip(0..).collect();
    let common: Vec<(&Key, usize)> =
        new.iter().filter_map(|key| places.get(key).map(|place| (key, *place))).collect();
    let stays = longest_rise(&common);
    let mut result = Vec::new();
    let mut before: Option<&Key> = None;
    let mut staying = stays.into_iter().peekable();
    for key in new {
        if staying.peek() == Some(&key) {
            staying.next();
        } else if created(key) || places.contains_key(key) {
            let place = before.map_or(Placement::First, |key| Placement::After(key.clone()));
            result.push((key.clone(), place));
        }
        before = Some(key);
    }
    result
}

/// The keys of a longest subsequence whose places rise.
fn longest_rise<'a>(items: &[(&'a Key, usize)]) -> Vec<&'a Key> {
    // `tails[n]` is the item with the smallest place that ends a rise of n + 1 items.
    let mut tails: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(items.len());
    for (at, (_, place)) in items.iter().enumerate() {
        let length = tails.partition_point(|tail| items[*tail].1 < *place);
        previous.push(length.checked_sub(1).map(|before| tails[before]));
        if length == tails.len() {
            tails.push(at);
        } else {
            tails[length] = at;
        }
    }
    let mut rise: Vec<_> =
        std::iter::successors(tails.last().copied(), |at| previous[*at]).map(|at| items[at].0).collect();
    rise.reverse();
    rise
}

#[cfg(test)]
mod tests {
    use super::{Placement, placements};
    use crate::tree::Key;
    use imbl::Vector;

    fn order(text: &str) -> Vector<Key> {
        text.chars().map(|c| Key::new([c.to_string().as_str()])).collect()
    }

    fn moves(old: &str, new: &str) -> String {
        let (old, new) = (order(old), order(new));
        let placed = placements(&old, &new, |key| !old.contains(key));
        let text = placed.iter().map(|(key, place)| match place {
            Placement::After(other) => format!("{}>{}", other.text(), key.text()),
            _ => format!("^{}", key.text()),
        });
        text.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn as_few_as_possible_move() {
        for (old, new, expected) in [
            ("abc", "abc", ""),
            ("abcd", "dabc", "^d"),
            ("abcd", "bcda", "d>a"),
            ("abcd", "acbd", "a>c"),
            ("abc", "xabyc", "^x b>y"),
            ("abc", "c", ""),
            ("abc", "cxb", "^c c>x"),
            ("", "ab", "^a a>b"),
        ] {
            assert_eq!(moves(old, new), expected, "{old} to {new}");
        }
    }
}
