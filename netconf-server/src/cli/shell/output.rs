//! What comes after `|`.

use crate::cli::Format;
use crate::cli::lang::{LineError, Word, pick};

/// What follows a bar, each with what it does.
pub(super) const AFTER: &[(&str, &str)] = &[
    ("set", "as set commands"),
    ("text", "as a tree, or a table"),
    ("json", "as JSON"),
    ("xml", "as XML"),
    ("match", "only lines that hold a text"),
    ("count", "only how many lines there are"),
];

/// How a text is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pipe {
    /// As what; each command has a default of its own.
    pub(super) format: Format,
    filters: Vec<Filter>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    Match(String),
    Count,
}

/// Takes what comes after bars from a command.
///
/// # Errors
/// [`LineError`] for anything that cannot come there.
pub(super) fn pipe(words: &[Word], format: Format) -> Result<(&[Word], Pipe), LineError> {
    let mut parts = words.split(|word| word.is("|"));
    let command = parts.next().unwrap_or_default();
    let mut pipe = Pipe { format, filters: Vec::new() };
    let names: Vec<&str> = AFTER.iter().map(|(name, _)| *name).collect();
    for part in parts {
        let Some((first, rest)) = part.split_first() else {
            return Err(LineError::Incomplete(format!("after | comes one of {}", names.join(", "))));
        };
        match (names[pick(&first.text, "|", &names)?], rest) {
            ("match", [text]) => pipe.filters.push(Filter::Match(text.text.clone())),
            ("match", _) => return Err(LineError::Incomplete("match takes one text".to_owned())),
            (name, [more, ..]) => {
                return Err(LineError::Wrong(format!("{name} takes nothing more, not {:?}", more.text)));
            }
            ("set", _) => pipe.format = Format::Set,
            ("json", _) => pipe.format = Format::Json,
            ("xml", _) => pipe.format = Format::Xml,
            ("count", _) => pipe.filters.push(Filter::Count),
            _ => pipe.format = Format::Text,
        }
    }
    Ok((command, pipe))
}

impl Pipe {
    /// Filters lines.
    pub(super) fn apply(&self, text: &str) -> String {
        self.filters.iter().fold(text.to_owned(), |text, filter| match filter {
            Filter::Match(part) => {
                let lines = text.split_inclusive('\n').filter(|line| line.contains(part));
                lines.collect()
            }
            Filter::Count => format!("{}\n", text.lines().count()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lang::split;

    #[test]
    fn lines_are_filtered() {
        for (line, words, format, out) in [
            ("show", 1, Format::Text, "a 1\nb 2\nab 3\n"),
            ("show x | match a", 2, Format::Text, "a 1\nab 3\n"),
            ("show | match a | count", 1, Format::Text, "2\n"),
            ("show | j", 1, Format::Json, "a 1\nb 2\nab 3\n"),
            ("show \"|\" | set | match 2", 2, Format::Set, "b 2\n"),
        ] {
            let all = split(line).unwrap().remove(0);
            let (command, pipe) = pipe(&all, Format::Text).unwrap();
            assert_eq!((command.len(), pipe.format), (words, format), "{line}");
            assert_eq!(pipe.apply("a 1\nb 2\nab 3\n"), out, "{line}");
        }
    }

    #[test]
    fn what_comes_after_the_bar_wins_over_the_option() {
        for (line, format) in
            [("show x", Format::Json), ("show x | match a", Format::Json), ("show x | text", Format::Text)]
        {
            let all = split(line).unwrap().remove(0);
            assert_eq!(pipe(&all, Format::Json).unwrap().1.format, format, "{line}");
        }
    }

    #[test]
    fn what_cannot_come_there_is_told() {
        for (line, part) in [
            ("show |", "after | comes"),
            ("show | grep x", "accepted: set, text"),
            ("show | match", "one text"),
            ("show | json x", "nothing more"),
        ] {
            let all = split(line).unwrap().remove(0);
            let error = pipe(&all, Format::Text).unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
