//! A configuration of FRR that knows for each line which leaf asks for it.

use crate::intent::At;

/// Lines of a configuration, each with its block and the leaf that asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// With its indent.
    text: String,
    /// Empty for lines that are always there.
    path: String,
}

impl Text {
    /// A line that is always there.
    pub(super) fn fixed(&mut self, text: &str) {
        self.lines.push(Line { text: text.to_owned(), path: String::new() });
    }

    /// A line that an item asks for.
    pub(super) fn line(&mut self, at: &At, text: String) {
        self.lines.push(Line { text, path: at.path() });
    }

    /// A line that a leaf of an item asks for.
    pub(super) fn leaf(&mut self, at: &At, leaf: &str, text: String) {
        self.lines.push(Line { text, path: at.leaf(leaf) });
    }

    /// The leaf that asks for the line that reads so, whatever its indent; empty when it is always there or not ours.
    pub fn blame(&self, text: &str) -> &str {
        let text = text.trim();
        self.lines.iter().find(|line| line.text.trim() == text).map_or("", |line| &line.path)
    }

    /// The leaf that asks for the line of that number, counted from 1.
    pub fn blame_number(&self, number: usize) -> &str {
        number.checked_sub(1).and_then(|index| self.lines.get(index)).map_or("", |line| &line.path)
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(out, "{}", line.text))
    }
}

/// Why FRR cannot take a free text; None when it can.
pub(super) fn unusable(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("is empty".to_owned());
    }
    if text.len() > 255 {
        return Some(format!("has {} bytes; FRR takes 255", text.len()));
    }
    // vtysh runs what stands behind a bar as a filter, and drops the line without an error.
    text.chars()
        .find(|&c| c.is_control() || c == '|')
        .map(|c| format!("has the character {c:?}, which FRR's shell reads as its own"))
}

/// With single spaces, as FRR keeps a text.
pub(super) fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Text, single_spaced, unusable};
    use crate::intent::At;

    #[test]
    fn a_line_knows_who_asks_for_it() {
        let mut text = Text::default();
        text.fixed("router bgp 1");
        text.leaf(&At::new("/n"), "description", " neighbor 192.0.2.1 description x".to_owned());
        assert_eq!(text.blame("neighbor 192.0.2.1 description x"), "/n/description");
        assert_eq!(text.blame_number(2), "/n/description");
        assert_eq!([text.blame("router bgp 1"), text.blame("x"), text.blame_number(9)], ["", "", ""]);
        assert_eq!(text.to_string(), "router bgp 1\n neighbor 192.0.2.1 description x\n");
    }

    #[test]
    fn nothing_of_a_text_can_be_a_command() {
        for bad in ["", " ", "a\nrouter bgp 2", "a\r", "a\0", "a | grep b", "\u{1b}[0m", &"x".repeat(256)] {
            assert!(unusable(bad).is_some(), "{bad:?}");
        }
        for good in ["the core", "Ümläut", "a # b ! c", "quo\"te", "back\\slash", "% what?", "$HOME `id`"] {
            assert_eq!(unusable(good), None, "{good:?}");
        }
        assert_eq!(single_spaced("  a \t b  "), "a b");
    }
}
