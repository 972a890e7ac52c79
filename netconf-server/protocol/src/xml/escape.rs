//! Text and attribute values that XML reads back as they were.

/// Writes character data. Characters that XML 1.0 cannot hold (§2.2) become U+FFFD.
pub fn escape_text(out: &mut String, text: &str) {
    escape(out, text, false);
}

/// Writes an attribute value for double quotes.
pub fn escape_attribute(out: &mut String, text: &str) {
    escape(out, text, true);
}

/// Writes an element that holds text.
pub fn element(out: &mut String, name: &str, text: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    escape_text(out, text);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn escape(out: &mut String, text: &str, attribute: bool) {
    let mut done = 0;
    for (at, c) in text.char_indices() {
        let replacement = match c {
            '<' => "&lt;",
            '>' => "&gt;",
            '&' => "&amp;",
            '"' if attribute => "&quot;",
            // White space in an attribute would be read back as blanks, a carriage return in text as a line feed.
            '\t' if attribute => "&#9;",
            '\n' if attribute => "&#10;",
            '\r' => "&#13;",
            '\t' | '\n' => continue,
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}",
            _ => continue,
        };
        out.push_str(&text[done..at]);
        out.push_str(replacement);
        done = at + c.len_utf8();
    }
    out.push_str(&text[done..]);
}
