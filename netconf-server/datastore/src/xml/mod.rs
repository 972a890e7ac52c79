//! XML as NETCONF uses it: elements, attributes, text and namespaces; no document types, no entities of one's own.

mod escape;
mod reader;
mod scope;

pub(crate) use escape::{escape_attribute, escape_text};
pub(crate) use reader::{Attribute, Element, Token, XmlReader};
pub(crate) use scope::Scope;

/// Namespace of NETCONF's own elements and of the `operation` attribute (RFC 6241 §3.1).
pub const NETCONF: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";
/// Namespace of the attributes `insert`, `key` and `value` (RFC 7950 §7.8.6).
pub const YANG: &str = "urn:ietf:params:xml:ns:yang:1";
/// Namespace of the attribute `default` (RFC 6243 §6).
pub const WITH_DEFAULTS: &str = "urn:ietf:params:xml:ns:netconf:default:1.0";

/// A piece of XML taken out of a message.
#[derive(Debug, Clone, Copy)]
pub struct Fragment<'x> {
    /// Elements beside each other, without the element around them.
    pub text: &'x str,
    /// Prefixes that were declared around the piece, with their namespaces; the empty prefix is the default namespace.
    /// Inner declarations come after outer ones.
    pub namespaces: &'x [(String, String)],
}

impl<'x> Fragment<'x> {
    /// A piece that declares every prefix itself.
    pub fn new(text: &'x str) -> Self {
        Self { text, namespaces: &[] }
    }
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub size: usize,
    /// Elements within each other.
    pub depth: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
}

impl Default for Limits {
    /// 256 MiB, 64 levels, 64 attributes: several times what a million nodes take.
    fn default() -> Self {
        Self { size: 256 << 20, depth: 64, attributes: 64 }
    }
}
