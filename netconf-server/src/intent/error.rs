//! A tree that is no intent.

use daybreak_appliers::Refusal;

/// What keeps a tree from being an intent. A validated tree has none of this: the schema refuses it before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntentError {
    /// The program looks for a node that the schema does not have.
    #[error("the schema has no node {name} below {parent}")]
    Schema {
        /// Path of the node above.
        parent: String,
        /// Name of the node.
        name: String,
    },
    /// A node that the schema demands is not there.
    #[error("{path} is not there")]
    Missing {
        /// Where it should be.
        path: String,
    },
    /// A value that the schema should have refused.
    #[error("{path}: {value:?} is not {expected}")]
    Value {
        /// Where it is.
        path: String,
        /// The value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

impl From<IntentError> for Refusal {
    fn from(error: IntentError) -> Self {
        let message = error.to_string();
        match error {
            IntentError::Schema { .. } => Self::unable("", "daybreak:schema", message),
            IntentError::Missing { path } => Self::missing(path, "daybreak:missing", message),
            IntentError::Value { path, .. } => Self::invalid(path, "daybreak:value", message),
        }
    }
}
