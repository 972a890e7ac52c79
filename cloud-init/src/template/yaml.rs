//! Values as JSON on one line that every YAML reader takes for the same value.

use std::fmt::Write;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

/// YAML readers look for the ':' of a key within 1024 characters of one line (YAML 1.2.2 section 7.4).
const MAX_KEY: usize = 512;

fn refuse(detail: String) -> Error {
    Error::new(ErrorKind::BadSerialization, detail)
}

/// Writes `value`; an undefined value was refused before by the engine's strict mode, inside a list it is here.
pub(super) fn write(out: &mut impl Write, value: &Value) -> Result<(), Error> {
    let done = match value.kind() {
        ValueKind::None => out.write_str("null"),
        ValueKind::Bool => write!(out, "{}", value.is_true()),
        ValueKind::Number => {
            let text = value.to_string();
            // Infinity and NaN have no form in JSON.
            if !text.bytes().any(|b| b.is_ascii_digit()) {
                return Err(refuse(format!("the number {text} cannot be written")));
            }
            out.write_str(&text)
        }
        ValueKind::String => return write_string(out, value.as_str().unwrap_or_default()),
        ValueKind::Seq | ValueKind::Iterable => return write_list(out, value),
        ValueKind::Map => return write_map(out, value),
        kind => return Err(refuse(format!("a value of kind {kind} cannot be written"))),
    };
    done.map_err(Error::from)
}

fn write_list(out: &mut impl Write, value: &Value) -> Result<(), Error> {
    out.write_char('[')?;
    for (index, item) in value.try_iter()?.checked().enumerate() {
        if index > 0 {
            out.write_str(", ")?;
        }
        write(out, &item?)?;
    }
    Ok(out.write_char(']')?)
}

fn write_map(out: &mut impl Write, value: &Value) -> Result<(), Error> {
    out.write_char('{')?;
    for (index, key) in value.try_iter()?.checked().enumerate() {
        let key = key?;
        if index > 0 {
            out.write_str(", ")?;
        }
        match key.as_str() {
            Some(text) if text.len() <= MAX_KEY => write_string(out, text)?,
            _ => return Err(refuse(format!("a key must be a text of at most {MAX_KEY} bytes"))),
        }
        out.write_str(": ")?;
        write(out, &value.get_item(&key)?)?;
    }
    Ok(out.write_char('}')?)
}

/// JSON (RFC 8259 section 7) with more escapes than it asks for: what YAML 1.1 takes for a line break or refuses as
/// not printable (YAML 1.1 section 5.1) is written as `\uXXXX`, which means the same in both.
fn write_string(out: &mut impl Write, text: &str) -> Result<(), Error> {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                write!(out, "\\u{:04x}", u32::from(c))?;
            }
            c => out.write_char(c)?,
        }
    }
    Ok(out.write_char('"')?)
}
