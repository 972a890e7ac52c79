//! What has to be evaluated after a change.

use super::build::within;
use super::{Constraints, Rule};
use crate::diff::{Change, Op};
use crate::schema::SchemaId;
use crate::tree::{InstancePath, Select};
use std::collections::{BTreeMap, BTreeSet};

/// Which instances of its context node a constraint is checked at.
#[derive(Debug)]
pub(super) enum Scope {
    All,
    /// Those at or below these nodes.
    Under(BTreeSet<InstancePath>),
}

/// Constraints to evaluate, in the order of the schema.
#[derive(Debug, Default)]
pub(super) struct Plan {
    scopes: BTreeMap<usize, Scope>,
}

impl Plan {
    /// Everything.
    pub(super) fn whole(constraints: &Constraints) -> Self {
        Self { scopes: (0..constraints.list.len()).map(|index| (index, Scope::All)).collect() }
    }

    /// What these changes can have broken.
    pub(super) fn of(constraints: &Constraints, changes: &[Change]) -> Self {
        let mut plan = Self::default();
        for change in changes {
            plan.add(constraints, change);
        }
        if !changes.is_empty() {
            plan.scopes.extend(constraints.unknown.iter().map(|index| (*index, Scope::All)));
        }
        plan
    }

    /// The same without all that are no `when` statements.
    pub(super) fn only_whens(mut self, constraints: &Constraints) -> Self {
        self.scopes.retain(|index, _| matches!(constraints.list[*index].rule, Rule::When(_)));
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Scope)> {
        self.scopes.iter().map(|(index, scope)| (*index, scope))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    fn add(&mut self, constraints: &Constraints, change: &Change) {
        let Some(step) = change.path.steps().last() else { return };
        let node = constraints.schema.node(step.id);
        let around = match (&change.op, &step.select) {
            (Op::Created { .. } | Op::Modified { .. }, _) => Some(change.path.clone()),
            // Its default, or what a container without presence holds by default, may be in use now.
            (Op::Deleted { .. }, Select::Node) => change.path.parent(),
            // The defaults of a leaf-list likewise when its last value goes.
            (Op::Deleted { .. }, Select::Key(_)) if node.has_value() => change.path.parent(),
            (Op::Deleted { .. } | Op::Moved { .. }, _) => None,
        };
        if let Some(around) = around {
            for index in within(&constraints.list, node) {
                self.under(index, around.clone());
            }
        }
        for trigger in &constraints.triggers[step.id.index()] {
            if trigger.not_by_creation && matches!(change.op, Op::Created { .. } | Op::Moved { .. }) {
                continue;
            }
            match trigger.anchor {
                None => {
                    self.scopes.insert(trigger.constraint, Scope::All);
                }
                Some(anchor) => self.under(trigger.constraint, cut(&change.path, anchor)),
            }
        }
    }

    fn under(&mut self, index: usize, path: InstancePath) {
        let scope = self.scopes.entry(index).or_insert_with(|| Scope::Under(BTreeSet::new()));
        if let Scope::Under(paths) = scope {
            paths.insert(path);
        }
    }
}

/// The part of a path down to the instance of a schema node.
fn cut(path: &InstancePath, anchor: SchemaId) -> InstancePath {
    let steps = path.steps();
    let end = steps.iter().position(|step| step.id == anchor).map_or(steps.len(), |place| place + 1);
    InstancePath::new(steps[..end].to_vec())
}
