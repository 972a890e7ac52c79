//! Constraints across nodes: `must`, `when`, references, `unique`, `mandatory`, numbers of entries (RFC 7950 §8).
//!
//! [`Constraints`] is made once per schema and knows for every schema node which constraints look at it, so that
//! [`Constraints::validate`] evaluates what a change can have broken and nothing else: around the change where the
//! constraint stays within an entry, else at all instances of the constrained node.

mod build;
mod check;
mod error;
mod facts;
mod instances;
mod plan;
mod reach;
mod settle;
#[cfg(test)]
mod tests;
mod view;

pub use error::ConstraintError;
pub use settle::Settled;
pub use view::View;

use crate::diff::Change;
use crate::error::DataError;
use crate::schema::{ChoiceId, Schema, SchemaId};
use crate::tree::Tree;
use daybreak_xpath::Expression;
use facts::Facts;
use std::sync::Arc;

/// Every constraint of a schema's configuration, and which of them a change can break.
#[derive(Debug)]
pub struct Constraints {
    schema: Arc<Schema>,
    facts: Facts,
    /// Sorted by context, so that those below a node are a range.
    list: Vec<Constraint>,
    /// By schema node: constraints outside that a change there can break.
    triggers: Vec<Vec<Trigger>>,
    /// Constraints of which it cannot be told what they read.
    unknown: Vec<usize>,
}

/// One constraint of one schema node.
#[derive(Debug)]
struct Constraint {
    /// It is checked at each instance of this node; `None` for the root.
    context: Option<SchemaId>,
    rule: Rule,
}

/// What is demanded.
#[derive(Debug)]
enum Rule {
    Must {
        condition: Expression,
        message: Option<String>,
        app_tag: Option<String>,
    },
    /// The context node must not be there unless this holds.
    When(When),
    /// The value has to be that of one of the nodes found.
    Leafref(Expression),
    /// The value has to lead to a node.
    InstanceIdentifier,
    /// No two entries of `list` may have the same values at all of `leafs`, ways down from the entry.
    Unique {
        list: SchemaId,
        leafs: Vec<Vec<SchemaId>>,
    },
    Mandatory(SchemaId),
    MandatoryChoice(ChoiceId),
    AtLeast(SchemaId, u32),
    AtMost(SchemaId, u32),
}

/// A `when` of a data node: its own, or that of a choice or case around it.
#[derive(Debug, Clone)]
struct When {
    condition: Expression,
    at: daybreak_yang::WhenContext,
}

/// A constraint that a change may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Trigger {
    constraint: usize,
    /// Only context nodes below the instance of this node that the change is in can be concerned; `None` for the root.
    anchor: Option<SchemaId>,
    /// Only taking away or altering can break it: a new target breaks no reference.
    not_by_creation: bool,
}

impl Constraints {
    /// Collects the constraints of a schema.
    ///
    /// # Errors
    /// [`ConstraintError`] for an expression that is none, which libyang would not have let through.
    pub fn new(schema: &Arc<Schema>) -> Result<Self, ConstraintError> {
        build::build(schema)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The tree as expressions see it: with defaults in use (RFC 7950 §6.4.1).
    pub fn view<'t>(&'t self, tree: &'t Tree) -> View<'t> {
        View::new(tree, self)
    }

    /// Everything that is wrong with `new`, in document order.
    ///
    /// With a base, which has to be valid, and the changes from it to `new`, only what these can have broken is
    /// evaluated. Without one all of `new` is. Run [`Self::settle`] first: a node whose `when` is false is an error
    /// here, whoever made it.
    pub fn validate(&self, base: Option<&Tree>, new: &Tree, changes: &[Change]) -> Vec<DataError> {
        let plan = match base {
            None => plan::Plan::whole(self),
            Some(_) => plan::Plan::of(self, changes),
        };
        let view = self.view(new);
        let mut found = Vec::new();
        for (index, scope) in plan.iter() {
            let constraint = &self.list[index];
            instances::for_each(&view, constraint.context, scope, &mut |context| {
                check::check(&view, constraint, context, &mut found);
            });
        }
        found.sort_by(|a: &check::Violation, b| a.path.cmp(&b.path));
        found.into_iter().map(|violation| violation.error).collect()
    }
}
