//! XPath 1.0 with the functions of YANG 1.1 (RFC 7950 §10), over any tree.
//!
//! [`Expression::parse`] resolves names, checks types and counts arguments, so that only the step budget and a pattern
//! that is computed at run time can fail later. [`Tree`] is what the evaluator asks of a tree; [`Expression::reads`]
//! tells which nodes an expression looks at.

mod ast;
mod error;
mod eval;
mod functions;
mod limits;
mod names;
mod number;
mod parse;
mod reads;
mod regex;
mod tree;
mod value;

pub use ast::{Axis, Kind, NodeTest};
pub use error::{Problem, XPathError};
pub use limits::Limits;
pub use names::{Names, Unprefixed};
pub use reads::{Origin, Read, ReadStep, Reads};
pub use tree::{Key, Tree};
pub use value::Value;

use ast::Expr;

/// A checked expression.
#[derive(Debug, Clone)]
pub struct Expression {
    text: Box<str>,
    root: Expr,
    names: Names,
    steps: u64,
}

impl Expression {
    /// Parses an expression. `names` gives the modules of its prefixes and of its names without prefix.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(text: &str, names: &Names, limits: Limits) -> Result<Self, XPathError> {
        let root = parse::parse(text, names, limits)?;
        Ok(Self { text: text.into(), root, names: names.clone(), steps: limits.steps })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it evaluates to.
    pub fn kind(&self) -> Kind {
        self.root.kind()
    }

    /// Evaluates it with `context` as the context node and as what `current()` gives.
    ///
    /// # Errors
    /// The step budget is used up, or a computed pattern is not a regular expression.
    pub fn evaluate<T: Tree>(&self, tree: &T, context: &T::Node) -> Result<Value<T::Node>, XPathError> {
        eval::evaluate(tree, &self.names, &self.root, context, self.steps)
    }

    /// The nodes that it selects, in document order and each once; a text node counts as the leaf that holds it.
    ///
    /// # Errors
    /// As [`Self::evaluate`]; also an expression that gives no node set.
    pub fn select<T: Tree>(&self, tree: &T, context: &T::Node) -> Result<Vec<T::Node>, XPathError> {
        match self.evaluate(tree, context)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Err(XPathError { position: 0, problem: Problem::NotNodes }),
        }
    }

    /// Its boolean value, as `must` and `when` take it.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn is_true<T: Tree>(&self, tree: &T, context: &T::Node) -> Result<bool, XPathError> {
        Ok(self.evaluate(tree, context)?.boolean())
    }

    /// Which nodes it looks at.
    pub fn reads(&self) -> Reads {
        reads::reads(&self.root)
    }
}
