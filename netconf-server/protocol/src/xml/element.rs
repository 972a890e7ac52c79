//! One element.

use super::parse::{self, Scope};
use super::{Limits, NETCONF, XmlError};
use std::sync::Arc;

/// An element and, as text, what is in it.
#[derive(Debug, Clone)]
pub struct Element<'x> {
    pub(super) name: String,
    pub(super) namespace: Option<Arc<str>>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) inner: &'x str,
    pub(super) scope: Arc<Scope>,
    /// With the depth that is left.
    pub(super) limits: Limits,
}

/// An attribute that is no namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// As it was written, with its prefix.
    pub qualified: String,
    /// Absent without a prefix.
    pub namespace: Option<Arc<str>>,
    /// Name without prefix.
    pub name: String,
    /// Value, without references.
    pub value: String,
}

impl<'x> Element<'x> {
    /// Reads a text that holds one element.
    ///
    /// # Errors
    /// [`XmlError`] for anything else.
    pub fn parse(text: &'x str, limits: Limits) -> Result<Self, XmlError> {
        let content = parse::content(text, &Arc::default(), limits)?;
        let mut elements = content.elements.into_iter();
        match (elements.next(), elements.next(), content.text.trim_ascii().is_empty()) {
            (Some(only), None, true) => Ok(only),
            (None, _, true) => Err(XmlError::malformed(text, 0, "there is no element")),
            (_, Some(_), true) => {
                Err(XmlError::malformed(text, text.len(), "there is more than one element"))
            }
            (_, _, false) => Err(XmlError::malformed(text, 0, "there is text around the element")),
        }
    }

    /// Name without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Absent if none was declared.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Whether it is NETCONF's element of that name. Clients that declare no namespace mean NETCONF's.
    pub fn is(&self, name: &str) -> bool {
        self.name == name && self.namespace().is_none_or(|own| own == NETCONF)
    }

    /// All attributes but namespace declarations.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The value of an attribute that has no namespace or NETCONF's.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let own = |attribute: &&Attribute| {
            attribute.name == name && attribute.namespace.as_deref().is_none_or(|own| own == NETCONF)
        };
        self.attributes.iter().find(own).map(|attribute| &*attribute.value)
    }

    /// What is in it, as it was written.
    pub fn inner(&self) -> &'x str {
        self.inner
    }

    /// Prefixes in scope with their namespaces, inner declarations after outer ones; the empty prefix is the default
    /// namespace.
    pub fn namespaces(&self) -> Vec<(String, String)> {
        self.scope.iter().map(|(prefix, namespace)| (prefix.to_string(), namespace.to_string())).collect()
    }

    /// [`Self::namespaces`] without the default namespace and without what inner declarations hide.
    pub fn prefixes(&self) -> Vec<(String, String)> {
        let mut result: Vec<(String, String)> = Vec::new();
        for (prefix, namespace) in self.namespaces() {
            result.retain(|(own, _)| *own != prefix);
            if !prefix.is_empty() && !namespace.is_empty() {
                result.push((prefix, namespace));
            }
        }
        result
    }

    /// The elements in it.
    ///
    /// # Errors
    /// [`XmlError`] for content that is no XML.
    pub fn children(&self) -> Result<Vec<Element<'x>>, XmlError> {
        let content = parse::content(self.inner, &self.scope, self.limits)?;
        if content.elements.is_empty() || content.text.trim_ascii().is_empty() {
            return Ok(content.elements);
        }
        Err(XmlError::malformed(self.inner, 0, format!("{} holds both elements and text", self.name)))
    }

    /// The text in it.
    ///
    /// # Errors
    /// [`XmlError`] for content that is no XML, or has elements.
    pub fn text(&self) -> Result<String, XmlError> {
        let content = parse::content(self.inner, &self.scope, self.limits)?;
        match content.elements.first() {
            None => Ok(content.text),
            Some(inner) => {
                let message = format!("{} takes a value, not the element {}", self.name, inner.name);
                Err(XmlError::malformed(self.inner, 0, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Element;
    use crate::xml::{Limits, XmlError};

    fn parse(text: &str) -> Result<Element<'_>, XmlError> {
        Element::parse(text, Limits { depth: 5, children: 4, attributes: 3 })
    }

    #[test]
    fn one_level_is_read_at_a_time() {
        let text = "<?xml version='1.0'?>\n<!-- c --><n:a xmlns:n='u' x='1' n:y='&lt;2'><b xmlns='v'><n:c>t</n:c></b><d/></n:a>\n";
        let a = parse(text).unwrap();
        assert_eq!((a.name(), a.namespace()), ("a", Some("u")));
        assert_eq!((a.attribute("x"), a.attribute("y")), (Some("1"), None));
        assert_eq!(a.attributes()[1].value, "<2");
        let children = a.children().unwrap();
        let [b, d] = &children[..] else { panic!("{children:?}") };
        assert_eq!((b.name(), b.namespace(), b.inner()), ("b", Some("v"), "<n:c>t</n:c>"));
        assert_eq!((d.namespace(), d.inner()), (None, ""));
        let c = &b.children().unwrap()[0];
        assert_eq!((c.namespace(), c.text().unwrap()), (Some("u"), "t".to_owned()));
        assert_eq!(c.prefixes(), [("n".to_owned(), "u".to_owned())]);
    }

    #[test]
    fn text_is_put_together() {
        assert_eq!(
            parse("<a>x &amp; <![CDATA[<y>]]>&#65;<!-- c -->z</a>").unwrap().text().unwrap(),
            "x & <y>Az"
        );
        assert!(parse("<a>x<b/></a>").unwrap().text().unwrap_err().to_string().contains('b'));
        assert!(parse("<a>x<b/></a>").unwrap().children().is_err());
    }

    #[test]
    fn hostile_text_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(6), "</a>".repeat(6));
        let wide = format!("<a>{}</a>", "<b/>".repeat(5));
        for (text, part) in [
            ("", "no element"),
            ("x", "text around"),
            ("<a/><b/>", "more than one"),
            ("<a>", "ends inside"),
            ("<a></b>", "b"),
            ("</a>", "a"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"),
            ("<?php x?><a/>", "processing"),
            ("<p:a/>", "not declared"),
            ("<a p:b='1'/>", "not declared"),
            ("<a b='1' b='2'/>", "b"),
            ("<a a='1' b='1' c='1' d='1'/>", "attributes"),
            ("<a xmlns:a='1' xmlns:b='1' xmlns:c='1' xmlns:d='1'/>", "attributes"),
            ("<a b='&#1;'/>", "U+0001"),
            ("<a xmlns:p=''/>", "empty namespace"),
            (&deep, "levels"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(matches!(parse(&wide).unwrap().children(), Err(XmlError::TooBig { .. })));
        for text in ["<a>&b;</a>", "<a>&#0;</a>", "<a>&#x1b;</a>"] {
            parse(text).unwrap().text().expect_err(text);
        }
    }

    #[test]
    fn depth_is_that_of_the_whole_message() {
        let text = "<a><b><c><d><e/></d></c></b></a>";
        let mut element = parse(text).unwrap();
        for _ in 0..4 {
            element = element.children().unwrap().remove(0);
        }
        assert_eq!(element.name(), "e");
    }
}
