//! What is wrong with data: an `rpc-error` and where in the text it arose.

use crate::schema::Schema;
use crate::tree::InstancePath;
use daybreak_netconf::error::{ErrorInfo, ErrorPath, ErrorType, RpcError};
use std::fmt;

pub use daybreak_netconf::error::ErrorTag;

/// Something wrong with data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    /// What the client is told.
    pub error: RpcError,
    /// Where in the text that was read, as line and column from 1.
    pub position: Option<(usize, usize)>,
}

impl DataError {
    /// An error with a message and nothing more.
    pub(crate) fn new(tag: ErrorTag, message: impl Into<String>) -> Self {
        let kind = match tag {
            ErrorTag::MalformedMessage | ErrorTag::TooBig => ErrorType::Rpc,
            _ => ErrorType::Application,
        };
        Self { error: RpcError::new(kind, tag, message), position: None }
    }

    /// The `error-tag`.
    pub fn tag(&self) -> ErrorTag {
        self.error.tag
    }

    /// The same with the node that it is about.
    pub(crate) fn at(mut self, schema: &Schema, path: &InstancePath) -> Self {
        if !path.steps().is_empty() {
            self.error.path = Some(error_path(schema, path));
        }
        self
    }

    /// The same with an `error-app-tag`.
    pub(crate) fn app_tag(mut self, tag: impl Into<String>) -> Self {
        self.error.app_tag = Some(tag.into());
        self
    }

    /// The same with the element at fault.
    pub(crate) fn element(self, name: &str) -> Self {
        self.with(ErrorInfo::BadElement(name.to_owned()))
    }

    /// The same with the attribute at fault.
    pub(crate) fn attribute(self, name: &str) -> Self {
        self.with(ErrorInfo::BadAttribute(name.to_owned()))
    }

    /// The same with the namespace at fault.
    pub(crate) fn namespace(self, namespace: &str) -> Self {
        self.with(ErrorInfo::BadNamespace(namespace.to_owned()))
    }

    fn with(mut self, info: ErrorInfo) -> Self {
        self.error.info.push(info);
        self
    }
}

/// A path as `error-path` has it: every name with the name of its module as prefix.
pub fn error_path(schema: &Schema, path: &InstancePath) -> ErrorPath {
    let (text, modules) = path.to_xml(schema);
    let namespaces = modules
        .into_iter()
        .map(|id| schema.module(id))
        .map(|module| (module.name.to_string(), module.namespace.to_string()))
        .collect();
    ErrorPath { text, namespaces }
}

impl From<DataError> for RpcError {
    fn from(error: DataError) -> Self {
        error.error
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.position {
            write!(f, "line {line}, column {column}: ")?;
        }
        self.error.fmt(f)
    }
}

impl std::error::Error for DataError {}
