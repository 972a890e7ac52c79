//! Why constraints cannot be collected.

use daybreak_xpath::XPathError;

/// An expression of the schema that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{statement} of {node}, \"{text}\": {source}; correct the module or deviate the statement away")]
pub struct ConstraintError {
    /// `must`, `when` or `path`.
    pub statement: &'static str,
    /// Path of the schema node.
    pub node: String,
    /// The expression.
    pub text: String,
    /// What is wrong with it.
    pub source: XPathError,
}
