//! Tokens (XPath 1.0 §3.7).

use crate::{Problem, XPathError};

/// A token with its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Token<'t> {
    pub what: What<'t>,
    /// Byte offset of its first character.
    pub position: usize,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What<'t> {
    /// `( ) [ ] . .. @ , :: / // | + - = != < <= > >=` and, where an operator is due, `* and or mod div`.
    Symbol(&'static str),
    Literal(&'t str),
    Number(f64),
    /// `name` or `prefix:name`, at a place where no operator is due.
    Name {
        prefix: Option<&'t str>,
        name: &'t str,
    },
    /// `*` or `prefix:*`, at a place where no operator is due.
    Wildcard(Option<&'t str>),
    Variable(&'t str),
    End,
}

impl std::fmt::Display for What<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Symbol(symbol) => write!(f, "'{symbol}'"),
            Self::Literal(text) => write!(f, "the literal '{text}'"),
            Self::Number(number) => write!(f, "the number {number}"),
            Self::Name { prefix: None, name } => write!(f, "'{name}'"),
            Self::Name { prefix: Some(prefix), name } => write!(f, "'{prefix}:{name}'"),
            Self::Wildcard(None) => write!(f, "'*'"),
            Self::Wildcard(Some(prefix)) => write!(f, "'{prefix}:*'"),
            Self::Variable(name) => write!(f, "'${name}'"),
            Self::End => write!(f, "the end"),
        }
    }
}

/// Longest first where one begins another.
const SYMBOLS: [&str; 20] = [
    "..", "//", "::", "!=", "<=", ">=", "(", ")", "[", "]", ".", "@", ",", "/", "|", "+", "-", "=", "<", ">",
];
const OPERATOR_NAMES: [&str; 4] = ["and", "or", "mod", "div"];

/// All tokens; the last is [`What::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, XPathError> {
    let mut lexer = Lexer { text, at: 0, operator_due: false };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        lexer.operator_due = match token.what {
            What::Symbol(symbol) => matches!(symbol, ")" | "]" | "." | ".."),
            _ => true,
        };
        tokens.push(token);
        if token.what == What::End {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// The rule of XPath 1.0 §3.7: after an operand `*` and a name are operators.
    operator_due: bool,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn take(&mut self, length: usize) -> &'t str {
        let taken = &self.rest()[..length];
        self.at += length;
        taken
    }

    fn next(&mut self) -> Result<Token<'t>, XPathError> {
        let blank = self.rest().find(|c| !matches!(c, ' ' | '\t' | '\n' | '\r'));
        self.take(blank.unwrap_or(self.rest().len()));
        let position = self.at;
        let what = self.what().map_err(|problem| XPathError { position, problem })?;
        Ok(Token { what, position })
    }

    fn what(&mut self) -> Result<What<'t>, Problem> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(What::End) };
        let second = rest.as_bytes().get(1);
        if first.is_ascii_digit() || (first == '.' && second.is_some_and(u8::is_ascii_digit)) {
            return Ok(What::Number(self.number()));
        }
        if matches!(first, '"' | '\'') {
            let length = rest[1..].find(first).ok_or(Problem::OpenLiteral)?;
            return Ok(What::Literal(&self.take(length + 2)[1..=length]));
        }
        if first == '*' {
            self.take(1);
            return Ok(if self.operator_due { What::Symbol("*") } else { What::Wildcard(None) });
        }
        if first == '$' {
            self.take(1);
            let (prefix, name) = self.qualified_name().ok_or(Problem::Character('$'))?;
            return Ok(What::Variable(prefix.unwrap_or(name)));
        }
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            self.take(symbol.len());
            return Ok(What::Symbol(symbol));
        }
        if self.operator_due && is_name_start(first) {
            let found = name_length(rest);
            if let Some(operator) = OPERATOR_NAMES.iter().find(|name| **name == &rest[..found]) {
                self.take(found);
                return Ok(What::Symbol(operator));
            }
        }
        let Some((prefix, name)) = self.qualified_name() else { return Err(Problem::Character(first)) };
        Ok(if name == "*" { What::Wildcard(prefix) } else { What::Name { prefix, name } })
    }

    fn number(&mut self) -> f64 {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let mut length = digits(self.rest());
        if self.rest()[length..].starts_with('.') {
            length += 1;
            length += digits(&self.rest()[length..]);
        }
        crate::number::parse(self.take(length))
    }

    /// Prefix and name; the name is `*` for `prefix:*`.
    fn qualified_name(&mut self) -> Option<(Option<&'t str>, &'t str)> {
        let first = name_length(self.rest());
        if first == 0 {
            return None;
        }
        let first = self.take(first);
        // In `child::x` the colons are an axis'.
        let Some(after) = self.rest().strip_prefix(':').filter(|after| !after.starts_with(':')) else {
            return Some((None, first));
        };
        let second = if after.starts_with('*') { 1 } else { name_length(after) };
        if second == 0 {
            return Some((None, first));
        }
        self.take(1);
        Some((Some(first), self.take(second)))
    }
}

/// Bytes of the name without colon that a text begins with.
fn name_length(text: &str) -> usize {
    if !text.starts_with(is_name_start) {
        return 0;
    }
    text.find(|c| !is_name_part(c)).unwrap_or(text.len())
}

/// First character of a name without colon (XML 1.0 §2.3, Namespaces in XML §3).
fn is_name_start(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic() || (!c.is_ascii() && crate::regex::is_name_start(c))
}

fn is_name_part(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.')
        || c.is_ascii_digit()
        || (!c.is_ascii() && crate::regex::is_name_part(c))
}
