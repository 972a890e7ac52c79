//! Regular expressions of XML Schema (XSD 1.0 part 2, appendix F), translated for the crate `regex`, which matches in
//! linear time. Not supported: Unicode blocks (`\p{IsGreek}`) but for the first two, and patterns whose program would
//! take more than a megabyte. More than the schema language is taken in one place: a backslash makes every ASCII
//! punctuation mark literal.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

const NAME_START: &str = "A-Z_a-z\\x{C0}-\\x{D6}\\x{D8}-\\x{F6}\\x{F8}-\\x{2FF}\\x{370}-\\x{37D}\\x{37F}-\\x{1FFF}\
    \\x{200C}-\\x{200D}\\x{2070}-\\x{218F}\\x{2C00}-\\x{2FEF}\\x{3001}-\\x{D7FF}\\x{F900}-\\x{FDCF}\\x{FDF0}-\\x{FFFD}\
    \\x{10000}-\\x{EFFFF}";
const NAME_PART_TOO: &str = "\\-.0-9\\x{B7}\\x{300}-\\x{36F}\\x{203F}-\\x{2040}";

/// Bytes of a compiled program, and of the cache that matching builds.
const SIZE: usize = 1 << 20;
const NESTED_GROUPS: u32 = 50;
const NESTED_CLASSES: usize = 10;

/// Whether a character may start a name (XML 1.0 §2.3), colon apart.
pub(crate) fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// Whether a character may go on a name (XML 1.0 §2.3), colon apart.
pub(crate) fn is_name_part(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Compiles a pattern, which has to match the whole of a text (RFC 7950 §10.2.1). The error is for a person.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    let mut translator =
        Translator { rest: pattern.chars().peekable(), out: String::from("\\A(?:"), classes: 0 };
    translator.whole().map_err(|why| format!("the pattern '{pattern}' {why}"))?;
    translator.out.push_str(")\\z");
    RegexBuilder::new(&translator.out)
        .size_limit(SIZE)
        .dfa_size_limit(SIZE)
        .nest_limit(NESTED_GROUPS)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                format!("the pattern '{pattern}' is too big: repeat less in it")
            }
            _ => format!("the pattern '{pattern}' is no regular expression of XML Schema, or nests too deep"),
        })
}

struct Translator<'p> {
    rest: Peekable<Chars<'p>>,
    out: String,
    /// Classes that are open.
    classes: usize,
}

impl Translator<'_> {
    fn whole(&mut self) -> Result<(), String> {
        let mut open = 0_usize;
        let mut quantifiable = false;
        while let Some(c) = self.rest.next() {
            let mut atom = true;
            match c {
                '(' if self.rest.peek() == Some(&'?') => {
                    return Err("has '(?', which XML Schema does not".into());
                }
                '(' => {
                    open += 1;
                    atom = false;
                    self.out.push_str("(?:");
                }
                ')' => {
                    open = open.checked_sub(1).ok_or("closes a parenthesis that is not open")?;
                    self.out.push(')');
                }
                '|' => {
                    atom = false;
                    self.out.push('|');
                }
                '?' | '*' | '+' | '{' => {
                    if !quantifiable {
                        return Err(format!("has a '{c}' with nothing to repeat"));
                    }
                    atom = false;
                    self.out.push(c);
                    if c == '{' {
                        self.range()?;
                    }
                }
                '.' => self.out.push_str("[^\\n\\r]"),
                '[' => self.class()?,
                '\\' => {
                    let escape = self.escape()?;
                    self.out.push_str(&escape.text);
                }
                other => self.literal(other),
            }
            quantifiable = atom;
        }
        if open == 0 { Ok(()) } else { Err("leaves a parenthesis open".into()) }
    }

    /// `n}`, `n,}` or `n,m}`.
    fn range(&mut self) -> Result<(), String> {
        let inner = self.until_brace()?;
        let (least, most) = inner.split_once(',').unwrap_or((&inner, ""));
        let number = |text: &str| text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
        if least.is_empty() || !number(least) || !number(most) {
            return Err(format!("repeats '{{{inner}}}' times"));
        }
        self.out.push_str(&inner);
        self.out.push('}');
        Ok(())
    }

    /// A class after its `[`, with what is subtracted from it.
    fn class(&mut self) -> Result<(), String> {
        const OPEN: &str = "leaves a '[' open";
        if self.classes == NESTED_CLASSES {
            return Err(format!("subtracts more than {NESTED_CLASSES} times"));
        }
        self.classes += 1;
        self.out.push_str("[[");
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut items = 0_usize;
        loop {
            let c = self.rest.next().ok_or(OPEN)?;
            match c {
                ']' if items > 0 => break,
                '-' if self.rest.peek() == Some(&'[') => {
                    if items == 0 {
                        return Err("subtracts from nothing".into());
                    }
                    self.rest.next();
                    self.out.push_str("]--");
                    self.class()?;
                    return match self.rest.next() {
                        Some(']') => {
                            self.classes -= 1;
                            self.out.push(']');
                            Ok(())
                        }
                        _ => Err("goes on after what is subtracted".into()),
                    };
                }
                '[' | ']' => return Err(format!("has a bare '{c}' between brackets")),
                _ => {}
            }
            items += 1;
            let Some(low) = self.class_item(c)? else { continue };
            self.literal(low);
            let mut ahead = self.rest.clone();
            if ahead.next() == Some('-') && !matches!(ahead.peek(), Some(']' | '[') | None) {
                self.rest.next();
                let high = self.rest.next().ok_or(OPEN)?;
                self.out.push('-');
                match self.class_item(high)? {
                    Some(high) if high >= low => self.literal(high),
                    _ => return Err(format!("has a range from '{low}' that ends before it")),
                }
            }
        }
        self.classes -= 1;
        self.out.push_str("]]");
        Ok(())
    }

    /// A character between brackets; `None` when it was a whole class, which is written already.
    fn class_item(&mut self, c: char) -> Result<Option<char>, String> {
        if c != '\\' {
            return Ok(Some(c));
        }
        let escape = self.escape()?;
        if escape.single.is_none() {
            self.out.push_str(&escape.text);
        }
        Ok(escape.single)
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<Escape, String> {
        let c = self.rest.next().ok_or("ends in a backslash")?;
        let single = match c {
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            c if c.is_ascii_punctuation() => Some(c),
            _ => None,
        };
        if let Some(single) = single {
            return Ok(Escape { text: escaped(single), single: Some(single) });
        }
        let text = match c {
            'd' => "\\d".into(),
            'D' => "\\D".into(),
            's' => "[ \\t\\n\\r]".into(),
            'S' => "[^ \\t\\n\\r]".into(),
            'w' => "[^\\p{P}\\p{Z}\\p{C}]".into(),
            'W' => "[\\p{P}\\p{Z}\\p{C}]".into(),
            'i' => format!("[:{NAME_START}]"),
            'I' => format!("[^:{NAME_START}]"),
            'c' => format!("[:{NAME_START}{NAME_PART_TOO}]"),
            'C' => format!("[^:{NAME_START}{NAME_PART_TOO}]"),
            'p' | 'P' => self.property(c == 'P')?,
            _ => return Err(format!("has '\\{c}', which XML Schema does not")),
        };
        Ok(Escape { text, single: None })
    }

    /// `{Lu}` and the like.
    fn property(&mut self, negated: bool) -> Result<String, String> {
        if self.rest.next() != Some('{') {
            return Err("lacks the '{' after '\\p'".into());
        }
        let name = self.until_brace()?;
        let range = match &name[..] {
            "IsBasicLatin" => "\\x{0}-\\x{7F}".into(),
            "IsLatin-1Supplement" => "\\x{80}-\\x{FF}".into(),
            _ if name.starts_with("Is") => {
                return Err(format!("asks for the Unicode block '{name}': give its range of characters"));
            }
            _ if name.len() <= 2 && name.starts_with(['L', 'M', 'N', 'P', 'Z', 'S', 'C']) => {
                format!("\\p{{{name}}}")
            }
            _ => return Err(format!("asks for '{name}', which is no category of Unicode")),
        };
        Ok(if negated { format!("[^{range}]") } else { format!("[{range}]") })
    }

    /// What is before the next closing brace, which is taken too.
    fn until_brace(&mut self) -> Result<String, String> {
        let mut inner = String::new();
        loop {
            match self.rest.next().ok_or("leaves a brace open")? {
                '}' => return Ok(inner),
                c => inner.push(c),
            }
        }
    }

    fn literal(&mut self, c: char) {
        self.out.push_str(&escaped(c));
    }
}

struct Escape {
    /// For the other syntax.
    text: String,
    /// The character, when it stands for one only.
    single: Option<char>,
}

/// A character that means itself anywhere.
fn escaped(c: char) -> String {
    let mut out = String::new();
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        let _ = write!(out, "\\x{{{:X}}}", u32::from(c));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_xml_schema_does() {
        for (pattern, text, expected) in [
            ("1.*", "1x", true),
            ("1.*", "01", false),
            ("a|bc", "abc", false),
            ("a^b$", "a^b$", true),
            ("[a-z-[aeiou]]+", "xyz", true),
            ("[a-z-[aeiou]]+", "xaz", false),
            ("[^a-c-[x]]", "x", false),
            ("[^a-c-[x]]", "y", true),
            ("[-a]+", "a-", true),
            ("[a-]+", "a-", true),
            ("[\\-^&&~]+", "-^&~", true),
            ("\\i\\c*", "_a-1.ü", true),
            ("\\i\\c*", "-a", false),
            ("[\\i-[:]][\\c-[:]]*", "a:b", false),
            ("\\d{1,3}(\\.\\d{1,3}){3}", "192.0.2.1", true),
            ("\\w+", "a_b", false),
            ("\\w+", "aü1", true),
            ("[\\s\\S]", "\n", true),
            (".", "\n", false),
            ("\\s", "\u{a0}", false),
            ("\\p{Lu}\\P{Lu}", "Ab", true),
            ("\\p{IsBasicLatin}*", "abc", true),
            ("\\p{IsBasicLatin}*", "ü", false),
            ("a{2,}", "aaa", true),
            ("", "", true),
            ("()", "", true),
            ("a\\$\\/", "a$/", true),
            ("x]}", "x]}", true),
        ] {
            assert_eq!(compile(pattern).unwrap().is_match(text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn refuses_what_xml_schema_does_not_have() {
        for pattern in [
            "(?i)a",
            "a**",
            "*",
            "(",
            ")",
            "[",
            "[]",
            "[a",
            "[z-a]",
            "[a-[b]c]",
            "a{x}",
            "a{1",
            "a{,2}",
            "\\b",
            "\\1",
            "\\",
            "\\p{IsGreek}",
            "\\p{Xx}",
            "\\pL",
            "[a[b]]",
            "a{999999}",
            "((((a{99}){99}){99}){99}){99}",
            "[a-\\d]",
        ] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
        assert!(compile(&format!("{}a{}", "(".repeat(9999), ")".repeat(9999))).is_err());
        assert!(compile(&"[a-".repeat(20_000)).is_err());
    }
}
