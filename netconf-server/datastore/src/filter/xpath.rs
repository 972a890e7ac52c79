//! XPath filters of `get` and `get-config` (RFC 6241 §8.9.5).

use super::Selection;
use crate::constraint::View;
use crate::error::{DataError, ErrorTag};
use crate::schema::Schema;
use daybreak_xpath::{Expression, Kind, Limits, Names, Unprefixed, XPathError};

/// A `select` attribute.
#[derive(Debug, Clone)]
pub struct XPathFilter {
    expression: Expression,
}

impl XPathFilter {
    /// Reads an expression. `namespaces` are the prefixes in scope at the attribute with their XML namespaces; a name
    /// without prefix is found in any module, as clients leave prefixes out.
    ///
    /// # Errors
    /// `invalid-value` for what is no expression, or one that gives no node set (RFC 6241 §8.9.5.2).
    pub fn parse<'n>(
        schema: &Schema,
        text: &str,
        namespaces: impl IntoIterator<Item = (&'n str, &'n str)>,
        limits: Limits,
    ) -> Result<Self, DataError> {
        let mut names = Names::new(Unprefixed::Any);
        for (prefix, namespace) in namespaces {
            // A prefix of a namespace that is not ours is an error only if it is used. Module names serve, too.
            let module = schema.module_in(namespace).or_else(|| schema.module_named(namespace));
            if let Some(module) = module {
                names = names.with(prefix, &schema.module(module).name);
            }
        }
        let expression = Expression::parse(text, &names, limits).map_err(|error| refused(text, &error))?;
        if expression.kind() != Kind::Nodes {
            let message = format!("the filter \"{text}\" gives no nodes; write a path");
            return Err(DataError::new(ErrorTag::InvalidValue, message).attribute("select"));
        }
        Ok(Self { expression })
    }

    /// What it selects of a tree: the nodes with all that is in them, and the way to them.
    ///
    /// # Errors
    /// `too-big` when the evaluation takes more steps than the limit.
    pub fn select(&self, view: &View<'_>) -> Result<Selection, DataError> {
        let nodes = self
            .expression
            .select(view, &view.tree().root())
            .map_err(|error| refused(self.expression.text(), &error))?;
        let mut selection = Selection::none();
        for node in nodes {
            if node.is_root() {
                return Ok(Selection::All);
            }
            selection.add(&node.path());
        }
        Ok(selection)
    }
}

fn refused(text: &str, error: &XPathError) -> DataError {
    let tag = match error.problem {
        daybreak_xpath::Problem::Budget { .. } => ErrorTag::TooBig,
        _ => ErrorTag::InvalidValue,
    };
    DataError::new(tag, format!("the filter \"{text}\": {error}")).attribute("select")
}
