//! What is wrong with data, in the terms of RFC 6241.

use crate::schema::Schema;
use crate::tree::InstancePath;
use std::fmt;

/// `error-tag` (RFC 6241 Appendix A), as far as data can cause it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorTag {
    /// A value does not fit.
    InvalidValue,
    /// Larger than the limits.
    TooBig,
    /// An attribute is not there.
    MissingAttribute,
    /// An attribute has a wrong value.
    BadAttribute,
    /// An attribute that means nothing here.
    UnknownAttribute,
    /// An element is not there.
    MissingElement,
    /// An element is where it must not be.
    BadElement,
    /// No such element in the schema.
    UnknownElement,
    /// No module has the namespace.
    UnknownNamespace,
    /// It must not be there yet.
    DataExists,
    /// It must be there.
    DataMissing,
    /// Not offered.
    OperationNotSupported,
    /// All else.
    OperationFailed,
    /// Not XML.
    MalformedMessage,
}

impl ErrorTag {
    /// The text of the tag.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidValue => "invalid-value",
            Self::TooBig => "too-big",
            Self::MissingAttribute => "missing-attribute",
            Self::BadAttribute => "bad-attribute",
            Self::UnknownAttribute => "unknown-attribute",
            Self::MissingElement => "missing-element",
            Self::BadElement => "bad-element",
            Self::UnknownElement => "unknown-element",
            Self::UnknownNamespace => "unknown-namespace",
            Self::DataExists => "data-exists",
            Self::DataMissing => "data-missing",
            Self::OperationNotSupported => "operation-not-supported",
            Self::OperationFailed => "operation-failed",
            Self::MalformedMessage => "malformed-message",
        }
    }
}

/// Something wrong with data: all that an `rpc-error` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    /// `error-tag`.
    pub tag: ErrorTag,
    /// `error-app-tag`.
    pub app_tag: Option<String>,
    /// `error-path`.
    pub path: Option<ErrorPath>,
    /// `error-message`.
    pub message: String,
    /// `bad-element` of `error-info`.
    pub bad_element: Option<String>,
    /// `bad-attribute` of `error-info`.
    pub bad_attribute: Option<String>,
    /// `bad-namespace` of `error-info`.
    pub bad_namespace: Option<String>,
    /// Where in the text, as line and column from 1.
    pub position: Option<(usize, usize)>,
}

/// A path in both of its spellings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPath {
    /// With module names where the module changes, for people.
    pub text: String,
    /// With a prefix on every name, for `error-path`.
    pub xml: String,
    /// Prefixes of [`Self::xml`] with their namespaces.
    pub namespaces: Vec<(String, String)>,
}

impl ErrorPath {
    /// The spellings of a path.
    pub fn new(schema: &Schema, path: &InstancePath) -> Self {
        let (xml, modules) = path.to_xml(schema);
        let namespaces = modules
            .into_iter()
            .map(|id| schema.module(id))
            .map(|module| (module.name.to_string(), module.namespace.to_string()))
            .collect();
        Self { text: path.display(schema).to_string(), xml, namespaces }
    }
}

impl DataError {
    /// An error with a message and nothing more.
    pub fn new(tag: ErrorTag, message: impl Into<String>) -> Self {
        Self {
            tag,
            app_tag: None,
            path: None,
            message: message.into(),
            bad_element: None,
            bad_attribute: None,
            bad_namespace: None,
            position: None,
        }
    }

    /// The same with the node that it is about.
    #[must_use]
    pub fn at(mut self, schema: &Schema, path: &InstancePath) -> Self {
        if !path.steps().is_empty() {
            self.path = Some(ErrorPath::new(schema, path));
        }
        self
    }

    /// The same with an application tag.
    #[must_use]
    pub fn app_tag(mut self, tag: impl Into<String>) -> Self {
        self.app_tag = Some(tag.into());
        self
    }

    /// The same with the element at fault.
    #[must_use]
    pub fn element(mut self, name: impl Into<String>) -> Self {
        self.bad_element = Some(name.into());
        self
    }

    /// The same with the attribute at fault.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>) -> Self {
        self.bad_attribute = Some(name.into());
        self
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.position {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(path) = &self.path {
            write!(f, " at {}", path.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for DataError {}
