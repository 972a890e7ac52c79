//! A descriptor as a tree: small, bounded, with namespaces.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Levels of elements.
const MAX_DEPTH: usize = 32;
/// Elements in all.
const MAX_ELEMENTS: usize = 100_000;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Namespace; empty where there is none.
    pub(super) namespace: String,
    /// Name without prefix.
    pub(super) name: String,
    /// Namespace, name and value of each attribute.
    pub(super) attributes: Vec<(String, String, String)>,
    /// Elements in it.
    pub(super) children: Vec<Element>,
    /// Text in it, without that of elements in it.
    pub(super) text: String,
}

impl Element {
    /// Elements of a name, in the namespace of this one.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name && child.namespace == self.namespace)
    }

    /// The first of them.
    pub(super) fn first(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name && child.namespace == self.namespace)
    }

    /// Text of the first element of a name in whatever namespace.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.children.iter().find(|child| child.name == name).map(|child| child.text.trim())
    }

    /// An attribute of the element's own namespace, or written without one.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let own = |(namespace, own, _): &&(String, String, String)| {
            own == name && (namespace.is_empty() || *namespace == self.namespace)
        };
        self.attributes.iter().find(own).map(|(_, _, value)| value.as_str())
    }
}

type Scope = Vec<(String, String)>;

/// Reads a text.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn parse(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_end_names = true;
    let mut open: Vec<(Element, Scope)> = Vec::new();
    let mut root = None;
    let mut count = 0;
    loop {
        let at = reader.buffer_position();
        let wrong = |what: &str| format!("{what}, at byte {at}");
        match reader.read_event().map_err(|error| format!("{error}, at byte {at}"))? {
            Event::Start(start) => {
                count += 1;
                if root.is_some() || open.len() == MAX_DEPTH || count > MAX_ELEMENTS {
                    return Err(wrong("a second root, or more elements than a descriptor has"));
                }
                let scope = open.last().map(|(_, scope)| scope.clone()).unwrap_or_default();
                open.push(element(&start, scope).map_err(|what| wrong(&what))?);
            }
            Event::End(_) => {
                let Some((element, _)) = open.pop() else { return Err(wrong("an end without a start")) };
                match open.last_mut() {
                    Some((parent, _)) => parent.children.push(element),
                    None => root = Some(element),
                }
            }
            Event::Text(part) if open.is_empty() => {
                // A byte order mark may come as text.
                if !part
                    .xml10_content()
                    .trim_matches(|sign: char| sign == '\u{feff}' || sign.is_whitespace())
                    .is_empty()
                {
                    return Err(wrong("text outside of the root"));
                }
            }
            Event::CData(_) | Event::GeneralRef(_) if open.is_empty() => {
                return Err(wrong("text outside of the root"));
            }
            Event::Text(part) => add(&mut open, &part.xml10_content()),
            Event::CData(part) => add(&mut open, &part.xml10_content()),
            Event::GeneralRef(reference) => {
                let text = format!("&{};", reference.xml10_content());
                let text = quick_xml::escape::unescape(&text).map_err(|error| wrong(&error.to_string()))?;
                add(&mut open, &text);
            }
            Event::DocType(_) => return Err(wrong("a document type")),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
            Event::Eof if open.is_empty() => return root.ok_or_else(|| wrong("there is no element")),
            Event::Eof => return Err(wrong("the text ends inside an element")),
        }
    }
}

fn add(open: &mut [(Element, Scope)], text: &str) {
    if let Some((element, _)) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn element(start: &BytesStart<'_>, mut scope: Scope) -> Result<(Element, Scope), String> {
    let mut raw = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
        match attribute.key.0.strip_prefix("xmlns").map(|rest| rest.strip_prefix(':').unwrap_or(rest)) {
            Some(prefix) => scope.push((prefix.to_owned(), value.into_owned())),
            None => raw.push((attribute.key.0.to_owned(), value.into_owned())),
        }
    }
    let resolve = |qualified: &str, default: bool| -> Result<(String, String), String> {
        let (prefix, name) = qualified.split_once(':').unwrap_or(("", qualified));
        let found = scope.iter().rev().find(|(own, _)| own == prefix).map(|(_, namespace)| namespace.clone());
        match (prefix, found) {
            ("", _) if !default => Ok((String::new(), name.to_owned())),
            ("", found) => Ok((found.unwrap_or_default(), name.to_owned())),
            ("xml", None) => Ok(("http://www.w3.org/XML/1998/namespace".to_owned(), name.to_owned())),
            (_, Some(namespace)) => Ok((namespace, name.to_owned())),
            (prefix, None) => Err(format!("the prefix {prefix} is not declared")),
        }
    };
    let (namespace, name) = resolve(start.name().0, true)?;
    let attributes = raw.into_iter().map(|(qualified, value)| {
        resolve(&qualified, false).map(|(namespace, name)| (namespace, name, value))
    });
    let attributes = attributes.collect::<Result<_, _>>()?;
    Ok((Element { namespace, name, attributes, ..Element::default() }, scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_attributes_and_text_are_read() {
        let root = parse(
            "<?xml version='1.0'?><!-- c --><a xmlns='u:1' xmlns:o='u:1' xmlns:r='u:2'>\
             <b o:id='1' plain='&lt;'>x&amp;y<r:c/> </b></a>",
        )
        .unwrap();
        let b = root.first("b").unwrap();
        assert_eq!((b.attribute("id"), b.attribute("plain"), b.text.trim()), (Some("1"), Some("<"), "x&y"));
        assert_eq!((b.children[0].namespace.as_str(), b.children[0].name.as_str()), ("u:2", "c"));
        assert!(b.first("c").is_none());
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for text in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "x<a/>",
            "<a/><![CDATA[x]]>",
            "<a/>&amp;",
            "<x:a/>",
            "<a b='1' b='2'/>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
            "<a>&nope;</a>",
            &"<a>".repeat(40),
        ] {
            assert!(parse(text).is_err(), "{text:.60}");
        }
    }
}
