//! Reading XML token by token, within bounds.

use super::{Fragment, Limits, Scope};
use crate::error::DataError;
use daybreak_netconf::error::ErrorTag;
use quick_xml::Reader;
use quick_xml::errors::Error as SyntaxError;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::borrow::Cow;
use std::sync::Arc;

/// One piece of XML.
pub(crate) enum Token<'x> {
    Start(Element<'x>),
    Text(Cow<'x, str>),
    End,
    /// The text is over, and every element was closed.
    Eof,
}

/// The start of an element.
pub(crate) struct Element<'x> {
    start: BytesStart<'x>,
    pub(crate) namespace: Option<Arc<str>>,
    /// All but namespace declarations.
    pub(crate) attributes: Vec<Attribute>,
}

impl Element<'_> {
    /// Name without prefix.
    pub(crate) fn name(&self) -> &str {
        let name = self.start.name().0;
        name.rsplit_once(':').map_or(name, |(_, local)| local)
    }
}

/// An attribute.
pub(crate) struct Attribute {
    pub(crate) namespace: Option<Arc<str>>,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Reads tokens.
pub(crate) struct XmlReader<'x> {
    reader: Reader<&'x [u8]>,
    text: &'x str,
    scope: Scope,
    limits: Limits,
    depth: usize,
    /// The element that was closed last was this deep; its declarations hold until the next token is asked for.
    closed: Option<usize>,
}

impl<'x> XmlReader<'x> {
    /// # Errors
    /// [`ErrorTag::TooBig`], or [`ErrorTag::MalformedMessage`] for characters that no XML text may hold.
    pub(crate) fn new(fragment: Fragment<'x>, limits: Limits) -> Result<Self, DataError> {
        let text = fragment.text;
        if text.len() > limits.size {
            let message = format!("{} bytes of XML, at most {} are read", text.len(), limits.size);
            return Err(DataError::new(ErrorTag::TooBig, message));
        }
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        let new =
            Self { reader, text, scope: Scope::of(fragment.namespaces), limits, depth: 0, closed: None };
        if let Some(at) = text.bytes().position(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'))
        {
            let message = format!("the character U+{:04X} is not allowed in XML", text.as_bytes()[at]);
            return Err(new.malformed_at(at, message));
        }
        Ok(new)
    }

    /// Prefixes in scope: after [`Token::End`] still those of the element that ended.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Where the reader is, as line and column from 1.
    pub(crate) fn position(&self) -> (usize, usize) {
        self.position_of(usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX))
    }

    /// The next token. Comments and declarations are passed over.
    pub(crate) fn next(&mut self) -> Result<Token<'x>, DataError> {
        if let Some(depth) = self.closed.take() {
            self.scope.leave(depth);
        }
        loop {
            return match self.reader.read_event().map_err(|error| self.syntax(&error))? {
                Event::Start(start) => self.start(start).map(Token::Start),
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    self.closed = Some(self.depth);
                    Ok(Token::End)
                }
                Event::Text(text) => Ok(Token::Text(text.xml10_content())),
                Event::CData(text) => Ok(Token::Text(text.xml10_content())),
                Event::GeneralRef(reference) => self.reference(&reference).map(Token::Text),
                Event::Eof if self.depth > 0 => Err(self.malformed("the text ends inside an element")),
                Event::Eof => Ok(Token::Eof),
                Event::DocType(_) => Err(self.malformed("a document type is not allowed")),
                Event::PI(_) => Err(self.malformed("processing instructions are not allowed")),
                Event::Decl(_) | Event::Comment(_) => continue,
                // `expand_empty_elements` turns these into a start and an end.
                Event::Empty(_) => Err(self.malformed("an empty element stands alone")),
            };
        }
    }

    /// Reads text up to the end of the element that started last.
    pub(crate) fn text(&mut self, name: &str) -> Result<Cow<'x, str>, DataError> {
        let mut result: Cow<'x, str> = Cow::Borrowed("");
        loop {
            match self.next()? {
                Token::Text(text) if result.is_empty() => result = text,
                Token::Text(text) => result.to_mut().push_str(&text),
                Token::End | Token::Eof => return Ok(result),
                Token::Start(inner) => {
                    let message = format!("{name} takes a value, not elements");
                    let mut error = DataError::new(ErrorTag::BadElement, message).element(inner.name());
                    error.position = Some(self.position());
                    return Err(error);
                }
            }
        }
    }

    pub(crate) fn malformed(&self, message: impl Into<String>) -> DataError {
        let mut error = DataError::new(ErrorTag::MalformedMessage, message);
        error.position = Some(self.position());
        error
    }

    fn malformed_at(&self, at: usize, message: impl Into<String>) -> DataError {
        let mut error = DataError::new(ErrorTag::MalformedMessage, message);
        error.position = Some(self.position_of(at));
        error
    }

    fn syntax(&self, error: &SyntaxError) -> DataError {
        let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        self.malformed_at(at, error.to_string())
    }

    fn position_of(&self, at: usize) -> (usize, usize) {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let line = before.rfind('\n').map_or(before, |newline| &before[newline + 1..]);
        (before.bytes().filter(|byte| *byte == b'\n').count() + 1, line.chars().count() + 1)
    }

    fn start(&mut self, start: BytesStart<'x>) -> Result<Element<'x>, DataError> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            let message = format!("elements are nested deeper than {} levels", self.limits.depth);
            let mut error = DataError::new(ErrorTag::TooBig, message);
            error.position = Some(self.position());
            return Err(error);
        }
        let mut raw = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.malformed(error.to_string()))?;
            let value = quick_xml::escape::unescape(&attribute.value)
                .map_err(|error| self.malformed(error.to_string()))?;
            self.check_characters(&value)?;
            let key = attribute.key.0;
            match key
                .strip_prefix("xmlns")
                .and_then(|rest| if rest.is_empty() { Some("") } else { rest.strip_prefix(':') })
            {
                Some(prefix) => self.scope.declare(self.depth, prefix, &value),
                None => raw.push((key.to_owned(), value.into_owned())),
            }
            if raw.len() > self.limits.attributes {
                return Err(self.malformed(format!("more than {} attributes", self.limits.attributes)));
            }
        }
        let mut attributes = Vec::with_capacity(raw.len());
        for (key, value) in raw {
            attributes.push(match key.split_once(':') {
                None => Attribute { namespace: None, name: key, value },
                // `xml:lang` and the like say nothing about data.
                Some(("xml", _)) => continue,
                Some((prefix, name)) => {
                    Attribute { namespace: Some(self.declared(prefix)?), name: name.to_owned(), value }
                }
            });
        }
        let namespace = match start.name().0.split_once(':') {
            Some((prefix, _)) => Some(self.declared(prefix)?),
            None => self.scope.namespace("").cloned(),
        };
        Ok(Element { start, namespace, attributes })
    }

    fn declared(&self, prefix: &str) -> Result<Arc<str>, DataError> {
        let found = self.scope.namespace(prefix).cloned();
        found.ok_or_else(|| self.malformed(format!("the namespace prefix {prefix} is not declared")))
    }

    fn reference(&self, reference: &BytesRef<'_>) -> Result<Cow<'x, str>, DataError> {
        let known = match &**reference {
            "lt" => Some("<"),
            "gt" => Some(">"),
            "amp" => Some("&"),
            "apos" => Some("'"),
            "quot" => Some("\""),
            _ => None,
        };
        if let Some(known) = known {
            return Ok(Cow::Borrowed(known));
        }
        match reference.resolve_char_ref() {
            Ok(Some(c)) => {
                let text = c.to_string();
                self.check_characters(&text)?;
                Ok(Cow::Owned(text))
            }
            Ok(None) => Err(self.malformed(format!("the entity &{}; is not defined", &**reference))),
            Err(error) => Err(self.syntax(&error)),
        }
    }

    /// References may stand for characters that XML does not allow (XML 1.0 §2.2).
    fn check_characters(&self, text: &str) -> Result<(), DataError> {
        let allowed =
            |c: char| (c >= ' ' || matches!(c, '\t' | '\n' | '\r')) && !matches!(c, '\u{fffe}' | '\u{ffff}');
        match text.chars().find(|c| !allowed(*c)) {
            None => Ok(()),
            Some(bad) => {
                Err(self.malformed(format!("the character U+{:04X} is not allowed in XML", bad as u32)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fragment, Limits, Token, XmlReader};
    use crate::error::DataError;
    use daybreak_netconf::error::ErrorTag;
    use std::fmt::Write as _;

    fn read(text: &str) -> Result<String, DataError> {
        let limits = Limits { size: 10_000, depth: 5, attributes: 3 };
        let mut reader = XmlReader::new(Fragment::new(text), limits)?;
        let mut result = String::new();
        loop {
            match reader.next()? {
                Token::Start(element) => {
                    let namespace = element.namespace.as_deref().unwrap_or("-");
                    write!(result, "<{}@{namespace}", element.name()).unwrap();
                    for attribute in &element.attributes {
                        let namespace = attribute.namespace.as_deref().unwrap_or("-");
                        write!(result, " {}@{namespace}={}", attribute.name, attribute.value).unwrap();
                    }
                }
                Token::Text(text) => result.push_str(&text),
                Token::End => result.push('>'),
                Token::Eof => return Ok(result),
            }
        }
    }

    #[test]
    fn namespaces_are_resolved() {
        let text = "<a xmlns='u' xmlns:p='v'><p:b p:x='1' y=\"2\"/><c xmlns=''/><d>t&amp;&#x41;<![CDATA[<]]></d></a>";
        assert_eq!(read(text).unwrap(), "<a@u<b@v x@v=1 y@-=2><c@-><d@ut&A<>>");
        assert_eq!(read("<?xml version='1.0'?><!-- c --><a/><b/>").unwrap(), "<a@-><b@->");
    }

    #[test]
    fn hostile_text_is_refused() {
        for (text, part) in [
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"),
            ("<a>&b;</a>", "&b;"),
            ("<a>\u{0}</a>", "U+0000"),
            ("<a>&#0;</a>", "haracter"),
            ("<a>&#1;</a>", "U+0001"),
            ("<a b='&#1;'/>", "U+0001"),
            ("<a><b></a></b>", "b"),
            ("<a>", "ends inside"),
            ("<?php x?>", "processing"),
            ("<p:a/>", "not declared"),
            ("<a p:b='1'/>", "not declared"),
            ("<a b='1' b='2'/>", "b"),
            ("<a a='1' b='1' c='1' d='1'/>", "attributes"),
            ("<a", "a"),
            ("</a>", "a"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.tag(), ErrorTag::MalformedMessage, "{text}: {error}");
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
        assert_eq!(read(&"<a>".repeat(6)).unwrap_err().tag(), ErrorTag::TooBig);
        assert_eq!(read(&" ".repeat(10_001)).unwrap_err().tag(), ErrorTag::TooBig);
    }

    #[test]
    fn errors_tell_the_place() {
        assert_eq!(read("<a>\n  <b>&x;</b></a>").unwrap_err().position, Some((2, 9)));
    }
}
