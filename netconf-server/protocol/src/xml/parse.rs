//! Reading one level of a text.

use super::{Attribute, Element, Limits, XmlError};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::borrow::Cow;
use std::sync::Arc;

/// Prefixes with their namespaces; the last declaration of a prefix holds.
pub(super) type Scope = Vec<(Arc<str>, Arc<str>)>;

/// What stands beside each other.
pub(super) struct Content<'x> {
    pub(super) elements: Vec<Element<'x>>,
    pub(super) text: String,
}

/// Reads the elements of a text and the text between them. What is in the elements is passed over; it is nested properly.
pub(super) fn content<'x>(
    text: &'x str,
    scope: &Arc<Scope>,
    limits: Limits,
) -> Result<Content<'x>, XmlError> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_end_names = true;
    let mut content = Content { elements: Vec::new(), text: String::new() };
    let mut depth = 0;
    let mut inner = 0;
    loop {
        let before = place(reader.buffer_position());
        let event = reader
            .read_event()
            .map_err(|error| XmlError::malformed(text, place(reader.error_position()), error.to_string()))?;
        match event {
            Event::Start(start) => {
                depth += 1;
                if depth > limits.depth {
                    return Err(XmlError::too_big(text, before, "levels of elements", limits.depth));
                }
                if depth == 1 {
                    if content.elements.len() == limits.children {
                        return Err(XmlError::too_big(text, before, "elements", limits.children));
                    }
                    content.elements.push(open(text, before, &start, scope, limits)?);
                    inner = place(reader.buffer_position());
                }
            }
            Event::End(_) => {
                depth -= 1;
                if depth == 0
                    && let Some(element) = content.elements.last_mut()
                {
                    element.inner = &text[inner..before.max(inner)];
                }
            }
            Event::Text(part) if depth == 0 => content.text.push_str(&part.xml10_content()),
            Event::CData(part) if depth == 0 => content.text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) if depth == 0 => {
                content.text.push_str(&resolve(text, before, &reference)?);
            }
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) | Event::Decl(_) | Event::Comment(_) => {}
            Event::DocType(_) => {
                return Err(XmlError::malformed(text, before, "a document type is not allowed"));
            }
            Event::PI(_) => {
                return Err(XmlError::malformed(text, before, "processing instructions are not allowed"));
            }
            // `expand_empty_elements` turns these into a start and an end.
            Event::Empty(_) => {
                return Err(XmlError::malformed(text, before, "an empty element stands alone"));
            }
            Event::Eof if depth > 0 => {
                return Err(XmlError::malformed(text, before, "the text ends inside an element"));
            }
            Event::Eof => return Ok(content),
        }
    }
}

fn place(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn open<'x>(
    text: &'x str,
    at: usize,
    start: &BytesStart<'_>,
    scope: &Arc<Scope>,
    limits: Limits,
) -> Result<Element<'x>, XmlError> {
    let malformed = |message: String| XmlError::malformed(text, at, message);
    let mut scope = scope.clone();
    let mut raw = Vec::new();
    for (count, attribute) in start.attributes().enumerate() {
        if count == limits.attributes {
            return Err(XmlError::too_big(text, at, "attributes", limits.attributes));
        }
        let attribute = attribute.map_err(|error| malformed(error.to_string()))?;
        let value =
            quick_xml::escape::unescape(&attribute.value).map_err(|error| malformed(error.to_string()))?;
        if let Some(bad) = value.chars().find(|c| !allowed(*c)) {
            return Err(malformed(format!("the character U+{:04X} is not allowed in XML", u32::from(bad))));
        }
        let key = attribute.key.0;
        match declared_prefix(key) {
            Some(prefix) if !prefix.is_empty() && value.is_empty() => {
                return Err(malformed(format!("the prefix {prefix} has an empty namespace")));
            }
            Some(prefix) => {
                if scope.len() == limits.attributes {
                    return Err(XmlError::too_big(text, at, "namespace declarations", limits.attributes));
                }
                Arc::make_mut(&mut scope).push((prefix.into(), (*value).into()));
            }
            None => raw.push((key.to_owned(), value.into_owned())),
        }
    }
    let namespace_of = |prefix: &str| {
        let declared = scope.iter().rev().find(|(own, _)| **own == *prefix);
        declared.map(|(_, namespace)| namespace.clone()).filter(|namespace| !namespace.is_empty())
    };
    let need = |prefix: &str| {
        namespace_of(prefix).ok_or_else(|| malformed(format!("the prefix {prefix} is not declared")))
    };
    let mut attributes = Vec::with_capacity(raw.len());
    for (qualified, value) in raw {
        let (namespace, name) = match qualified.split_once(':') {
            None => (None, qualified.clone()),
            Some(("xml", name)) => (Some("http://www.w3.org/XML/1998/namespace".into()), name.to_owned()),
            Some((prefix, name)) => (Some(need(prefix)?), name.to_owned()),
        };
        attributes.push(Attribute { qualified, namespace, name, value });
    }
    let (namespace, name) = match start.name().0.split_once(':') {
        Some((prefix, name)) => (Some(need(prefix)?), name.to_owned()),
        None => (namespace_of(""), start.name().0.to_owned()),
    };
    let limits = Limits { depth: limits.depth.saturating_sub(1), ..limits };
    Ok(Element { name, namespace, attributes, inner: "", scope, limits })
}

/// The prefix that an attribute declares; empty for the default namespace.
fn declared_prefix(key: &str) -> Option<&str> {
    let rest = key.strip_prefix("xmlns")?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix(':') }
}

fn resolve(text: &str, at: usize, reference: &BytesRef<'_>) -> Result<Cow<'static, str>, XmlError> {
    let malformed = |message: String| XmlError::malformed(text, at, message);
    let known = match &**reference {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        other => {
            return match reference.resolve_char_ref() {
                Ok(Some(c)) if allowed(c) => Ok(Cow::Owned(c.to_string())),
                Ok(Some(c)) => {
                    Err(malformed(format!("the character U+{:04X} is not allowed in XML", u32::from(c))))
                }
                Ok(None) => Err(malformed(format!("the entity &{other}; is not defined"))),
                Err(error) => Err(malformed(error.to_string())),
            };
        }
    };
    Ok(Cow::Borrowed(known))
}

/// XML 1.0 §2.2.
fn allowed(c: char) -> bool {
    (c >= ' ' || matches!(c, '\t' | '\n' | '\r')) && !matches!(c, '\u{fffe}' | '\u{ffff}')
}
