//! XML as messages use it: elements with namespaces and attributes around pieces that others read.
//!
//! An [`Element`] borrows its content as text. [`Element::children`] reads one level of it, so that a large configuration
//! within a request is passed over once and handed on as it is. Document types and processing instructions are refused,
//! nesting is bounded.

mod element;
mod error;
mod escape;
mod parse;

pub use element::{Attribute, Element};
pub use error::XmlError;
pub use escape::{element, escape_attribute, escape_text};

/// Namespace of NETCONF's own elements (RFC 6241 §3.1).
pub const NETCONF: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";
/// Namespace of YANG's attributes and error information (RFC 7950 §15).
pub const YANG: &str = "urn:ietf:params:xml:ns:yang:1";
/// Namespace of `get-schema` (RFC 6022).
pub const MONITORING: &str = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring";
/// Namespace of `<notification>` (RFC 5277 §4).
pub const NOTIFICATION: &str = "urn:ietf:params:xml:ns:netconf:notification:1.0";

/// What is read at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Elements within each other.
    pub depth: usize,
    /// Elements beside each other, where they are read one by one.
    pub children: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
}

impl Default for Limits {
    /// 128 levels, 4096 children, 64 attributes.
    fn default() -> Self {
        Self { depth: 128, children: 4096, attributes: 64 }
    }
}
