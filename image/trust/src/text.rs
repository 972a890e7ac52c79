//! The text of minisign's files: comments, and lines of base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::TrustError;

/// What the first line of every file begins with.
pub(crate) const UNTRUSTED: &str = "untrusted comment: ";

/// Longest comment that is taken, in bytes.
pub(crate) const MAX_COMMENT: usize = 1024;

/// `N` bytes from a line of base64.
pub(crate) fn decode<const N: usize>(what: &'static str, line: &str) -> Result<[u8; N], TrustError> {
    let bytes = STANDARD.decode(line.trim_end()).map_err(|e| TrustError::format(what, e.to_string()))?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| {
        TrustError::format(what, format!("{N} bytes of base64 were expected, there are {length}"))
    })
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A comment is one line of text; minisign puts tabs between its own words.
pub(crate) fn check_comment(what: &'static str, comment: &str) -> Result<(), TrustError> {
    if comment.len() > MAX_COMMENT || comment.chars().any(|c| c.is_control() && c != '\t') {
        return Err(TrustError::format(
            what,
            format!("a comment is one line of at most {MAX_COMMENT} bytes"),
        ));
    }
    Ok(())
}

/// The payload of a key file: its second line, after a comment.
pub(crate) fn key_line<'a>(what: &'static str, text: &'a str) -> Result<&'a str, TrustError> {
    let mut lines = text.lines();
    let comment = lines.next().unwrap_or_default();
    if !comment.starts_with(UNTRUSTED) {
        return Err(TrustError::format(
            what,
            format!("the first line does not begin with `{}`", UNTRUSTED.trim_end()),
        ));
    }
    lines.next().ok_or_else(|| TrustError::format(what, "the second line, with the key, is missing"))
}
