//! `rpc-error` (RFC 6241 §4.3, Appendix A).

mod build;
mod read;
mod tag;
mod write;

pub use read::read;
pub use tag::{ErrorTag, ErrorType, Severity};
pub use write::write;

use std::fmt;

/// One `rpc-error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcError {
    /// Where it arose.
    pub kind: ErrorType,
    /// What it is.
    pub tag: ErrorTag,
    /// How bad it is.
    pub severity: Severity,
    /// What it is in the terms of a data model, for example `data-not-unique` (RFC 7950 §15).
    pub app_tag: Option<String>,
    /// The node that it is about.
    pub path: Option<ErrorPath>,
    /// For people, in English.
    pub message: Option<String>,
    /// For programs.
    pub info: Vec<ErrorInfo>,
}

/// An absolute XPath expression with the prefixes that it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPath {
    /// The expression.
    pub text: String,
    /// Prefix and namespace of each module in it.
    pub namespaces: Vec<(String, String)>,
}

/// One element of `error-info`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorInfo {
    /// Name of the attribute.
    BadAttribute(String),
    /// Name of the element.
    BadElement(String),
    /// The namespace.
    BadNamespace(String),
    /// Session that has the lock; 0 if it is no NETCONF session.
    SessionId(u32),
    /// `ok-element` of the obsolete `partial-operation`.
    OkElement(String),
    /// `err-element` of the obsolete `partial-operation`.
    ErrElement(String),
    /// `noop-element` of the obsolete `partial-operation`.
    NoopElement(String),
    /// A leaf whose value is not unique (RFC 7950 §15.1).
    NonUnique(ErrorPath),
    /// The choice of which a case must be there (RFC 7950 §15.6).
    MissingChoice(String),
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.tag)?,
            None => write!(f, "{}", self.tag)?,
        }
        if let Some(path) = &self.path {
            write!(f, " at {}", path.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for RpcError {}
