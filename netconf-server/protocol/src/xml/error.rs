//! What is wrong with a text.

use thiserror::Error;

/// A text is not the XML that is expected. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum XmlError {
    /// No XML, or a kind of it that messages may not use.
    #[error("line {line}, column {column}: {message}")]
    Malformed {
        /// Line.
        line: usize,
        /// Column, in characters.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// More than is read.
    #[error("line {line}, column {column}: more than {limit} {what}")]
    TooBig {
        /// Line.
        line: usize,
        /// Column, in characters.
        column: usize,
        /// What there is too much of.
        what: &'static str,
        /// How much is read.
        limit: usize,
    },
}

impl XmlError {
    pub(super) fn malformed(text: &str, at: usize, message: impl Into<String>) -> Self {
        let (line, column) = position(text, at);
        Self::Malformed { line, column, message: message.into() }
    }

    pub(super) fn too_big(text: &str, at: usize, what: &'static str, limit: usize) -> Self {
        let (line, column) = position(text, at);
        Self::TooBig { line, column, what, limit }
    }
}

fn position(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line = before.rfind('\n').map_or(before, |newline| &before[newline + 1..]);
    (before.bytes().filter(|byte| *byte == b'\n').count() + 1, line.chars().count() + 1)
}
