//! Lines as words.

use std::borrow::Cow;

use super::LineError;

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Without quotes.
    pub(crate) text: String,
    /// Where it begins, in bytes.
    pub(crate) start: usize,
    /// Whether any part of it was quoted, so that it stands for nothing but itself.
    pub(crate) quoted: bool,
}

impl Word {
    /// Whether it is that sign, unquoted.
    pub(crate) fn is(&self, sign: &str) -> bool {
        !self.quoted && self.text == sign
    }
}

/// Takes a line apart into commands, which `;` separates, each of words. `#` before a word begins a comment. Within
/// `"` the backslash escapes: `\n`, `\t`, and itself or the quote; within `'` everything is itself.
///
/// # Errors
/// [`LineError::OpenQuote`].
pub(crate) fn split(line: &str) -> Result<Vec<Vec<Word>>, LineError> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<Word> = None;
    let mut rest = line.char_indices();
    let mut finish = |word: &mut Option<Word>, end: bool| {
        if let Some(last) = commands.last_mut() {
            last.extend(word.take());
        }
        if end {
            commands.push(Vec::new());
        }
    };
    while let Some((at, c)) = rest.next() {
        match c {
            '#' if word.is_none() => break,
            ';' => finish(&mut word, true),
            c if c.is_whitespace() => finish(&mut word, false),
            '"' | '\'' => {
                let word = word.get_or_insert_with(|| Word { text: String::new(), start: at, quoted: true });
                word.quoted = true;
                quoted(&mut rest, c, &mut word.text)
                    .ok_or_else(|| LineError::OpenQuote { column: line[..at].chars().count() + 1 })?;
            }
            c => {
                let word = word.get_or_insert_with(|| Word { text: String::new(), start: at, quoted: false });
                word.text.push(c);
            }
        }
    }
    finish(&mut word, false);
    Ok(commands)
}

/// Reads up to the closing quote; `None` if there is none.
fn quoted(rest: &mut std::str::CharIndices<'_>, quote: char, text: &mut String) -> Option<()> {
    loop {
        match rest.next()?.1 {
            c if c == quote => return Some(()),
            '\\' if quote == '"' => text.push(match rest.next()?.1 {
                'n' => '\n',
                't' => '\t',
                c => c,
            }),
            c => text.push(c),
        }
    }
}

/// A value as it must be typed to be read back as it is; `?` outside of quotes asks for help as soon as it is typed.
pub(crate) fn quote(value: &str) -> Cow<'_, str> {
    let special = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '\\' | '?');
    let bare = !value.is_empty() && !value.contains(special) && !value.starts_with('#') && value != "|";
    if bare {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for c in value.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '"' | '\\' => text.extend(['\\', c]),
            c => text.push(c),
        }
    }
    text.push('"');
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<Vec<String>> {
        let commands = split(line).unwrap();
        commands.into_iter().map(|words| words.into_iter().map(|word| word.text).collect()).collect()
    }

    #[test]
    fn lines_are_taken_apart() {
        for (line, expected) in [
            ("", vec![vec![]]),
            ("  set\ta  b ", vec![vec!["set", "a", "b"]]),
            ("set a \"b c\"", vec![vec!["set", "a", "b c"]]),
            ("set a 'b \"c\\' d", vec![vec!["set", "a", "b \"c\\", "d"]]),
            (r#"set a "x\"y\\z\n""#, vec![vec!["set", "a", "x\"y\\z\n"]]),
            ("a;b c; # d", vec![vec!["a"], vec!["b", "c"], vec![]]),
            ("a b#c # d", vec![vec!["a", "b#c"]]),
            ("a x\"y z\"", vec![vec!["a", "xy z"]]),
            ("a \"\"", vec![vec!["a", ""]]),
            ("a ';'", vec![vec!["a", ";"]]),
        ] {
            assert_eq!(texts(line), expected, "{line}");
        }
    }

    #[test]
    fn words_know_where_they_begin() {
        let words = split("set  é 'q' |").unwrap().remove(0);
        let places: Vec<_> = words.iter().map(|word| (word.start, word.quoted)).collect();
        assert_eq!(places, [(0, false), (5, false), (8, true), (12, false)]);
        assert!(words[3].is("|") && !words[2].is("q"));
    }

    #[test]
    fn an_open_quote_is_told_with_its_column() {
        for (line, column) in [("set a \"b", 7), ("é 'x", 3), ("\"a\\", 1)] {
            assert_eq!(split(line).unwrap_err(), LineError::OpenQuote { column }, "{line}");
        }
    }

    #[test]
    fn quoted_values_are_read_back() {
        for value in ["a", "", "a b", "a\"b", "a\\", "#a", "a#b", "a;b", "it's", "two\nlines\t", "|", "?"] {
            assert_eq!(texts(&format!("set {}", quote(value))), [["set", value]], "{value}");
        }
        assert_eq!(quote("2001:db8::1/64"), "2001:db8::1/64");
    }
}
