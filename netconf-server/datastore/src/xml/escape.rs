//! Text and attribute values that XML reads back as they were.

use std::fmt;

/// Writes character data. A carriage return would be read back as a line feed, so it is written as a reference.
pub(crate) fn escape_text(out: &mut dyn fmt::Write, text: &str) -> fmt::Result {
    escape(out, text, |c| match c {
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'&' => Some("&amp;"),
        b'\r' => Some("&#13;"),
        _ => None,
    })
}

/// Writes an attribute value for double quotes; white space other than blanks would be read back as blanks.
pub(crate) fn escape_attribute(out: &mut dyn fmt::Write, text: &str) -> fmt::Result {
    escape(out, text, |c| match c {
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'&' => Some("&amp;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#9;"),
        b'\n' => Some("&#10;"),
        b'\r' => Some("&#13;"),
        _ => None,
    })
}

fn escape(out: &mut dyn fmt::Write, text: &str, replace: impl Fn(u8) -> Option<&'static str>) -> fmt::Result {
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(replacement) = replace(byte) {
            out.write_str(&text[done..at])?;
            out.write_str(replacement)?;
            done = at + 1;
        }
    }
    out.write_str(&text[done..])
}
