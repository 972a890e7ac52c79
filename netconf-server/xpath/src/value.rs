//! Values of expressions.

use crate::number;

/// What an expression evaluates to (XPath 1.0 §1).
#[derive(Debug, Clone, PartialEq)]
pub enum Value<N> {
    /// Nodes in document order, each once.
    Nodes(Vec<N>),
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// A boolean.
    Boolean(bool),
}

impl<N> Value<N> {
    /// As `boolean()` gives it (XPath 1.0 §4.3).
    pub fn boolean(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Boolean(boolean) => *boolean,
        }
    }

    /// As `number()` gives it (XPath 1.0 §4.4), with the string value of the first node given by `first`.
    pub(crate) fn number_with<E>(&self, first: impl FnOnce(&[N]) -> Result<String, E>) -> Result<f64, E> {
        Ok(match self {
            Self::Nodes(nodes) => number::parse(&first(nodes)?),
            Self::Text(text) => number::parse(text),
            Self::Number(number) => *number,
            Self::Boolean(boolean) => f64::from(u8::from(*boolean)),
        })
    }

    /// As `string()` gives it (XPath 1.0 §4.2), with the string value of the first node given by `first`.
    pub(crate) fn text_with<E>(self, first: impl FnOnce(&[N]) -> Result<String, E>) -> Result<String, E> {
        Ok(match self {
            Self::Nodes(nodes) => first(&nodes)?,
            Self::Text(text) => text,
            Self::Number(number) => number::text(number),
            Self::Boolean(boolean) => boolean.to_string(),
        })
    }
}
