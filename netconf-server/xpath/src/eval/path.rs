//! Location paths: steps, predicates, and list entries found by their keys.

use super::{Context, Evaluator, Item, Items};
use crate::ast::{Axis, Expr, NodeTest, Predicate, Start, Step};
use crate::{Key, Tree, Value, XPathError};

/// Combinations of key values that are looked up one by one before all entries are walked instead.
const MOST_LOOKUPS: usize = 64;

/// A set of nodes in document order.
struct Set<T: Tree> {
    items: Items<T>,
    /// Whether no node of it is above another, so that what is below keeps the order.
    apart: bool,
}

impl<T: Tree> Evaluator<'_, T> {
    pub(super) fn path(
        &self,
        start: &Start,
        steps: &[Step],
        context: &Context<T::Node>,
    ) -> Result<Items<T>, XPathError> {
        let items = match start {
            Start::Root => vec![Item::element(self.tree.root())],
            Start::Context => vec![context.item.clone()],
            Start::Filter { expr, predicates } => {
                let mut items = self.nodes(expr, context)?;
                for predicate in predicates {
                    items = self.filter(items, predicate)?;
                }
                items
            }
        };
        let mut set = Set { apart: items.len() <= 1, items };
        for step in steps {
            set = self.step(step, &set)?;
        }
        Ok(set.items)
    }

    fn step(&self, step: &Step, from: &Set<T>) -> Result<Set<T>, XPathError> {
        let mut items = Vec::new();
        let keys = match (&from.items[..], step.axis, &step.test) {
            ([first, ..], Axis::Child, NodeTest::Name { .. }) => self.keys(step, first)?,
            _ => None,
        };
        for item in &from.items {
            let mut found = match &keys {
                Some(keys) => self.look_up(step, keys, item)?,
                None => None,
            }
            .map_or_else(
                || {
                    let mut found = Vec::new();
                    self.axis(step.axis, &step.test, item, &mut found).map(|()| found)
                },
                Ok,
            )?;
            for predicate in &step.predicates {
                found = self.filter(found, predicate)?;
            }
            items.append(&mut found);
        }
        let single = from.items.len() <= 1;
        if single && step.axis.is_reverse() {
            items.reverse();
        }
        let in_order = single
            || (from.apart
                && matches!(
                    step.axis,
                    Axis::Child | Axis::SelfNode | Axis::Descendant | Axis::DescendantOrSelf
                ));
        if !in_order {
            self.arrange(&mut items)?;
        }
        let keeps_apart = from.apart
            && matches!(
                step.axis,
                Axis::Child | Axis::SelfNode | Axis::FollowingSibling | Axis::PrecedingSibling
            );
        let apart = items.len() <= 1 || (keeps_apart && in_order);
        Ok(Set { items, apart })
    }

    /// The nodes that pass, in the same order.
    pub(super) fn filter(&self, items: Items<T>, predicate: &Predicate) -> Result<Items<T>, XPathError> {
        let size = items.len();
        let mut passed = Vec::new();
        for (place, item) in items.into_iter().enumerate() {
            let context = Context { item, position: place + 1, size };
            let admitted = match self.value(&predicate.expr, &context)? {
                #[allow(
                    clippy::float_cmp,
                    clippy::cast_precision_loss,
                    reason = "a position is far below 2^52"
                )]
                Value::Number(number) => number == context.position as f64,
                other => other.boolean(),
            };
            if admitted {
                passed.push(context.item);
            }
        }
        Ok(passed)
    }

    /// The key values that the first predicates ask for, in all combinations; `None` when they ask for none.
    fn keys<'s>(
        &self,
        step: &'s Step,
        item: &Item<T::Node>,
    ) -> Result<Option<Vec<Vec<Wanted<'s>>>>, XPathError> {
        let mut combinations = vec![Vec::new()];
        for predicate in &step.predicates {
            let (Some(key), Expr::Compare { first, rest }) = (&predicate.key, &predicate.expr) else { break };
            let side = if key.value_first { first } else { &rest[0].1 };
            // Its value does not depend on the context.
            let values = match self.value(side, &Context::only(item.clone()))? {
                Value::Text(text) => vec![text],
                Value::Nodes(items) => {
                    if items.len() > MOST_LOOKUPS {
                        return Ok(None);
                    }
                    let texts: Result<Vec<_>, _> = items
                        .iter()
                        .map(|item| self.string_value(item).map(std::borrow::Cow::into_owned))
                        .collect();
                    texts?
                }
                // Compared as numbers or booleans: the index has texts.
                _ => continue,
            };
            if combinations.len() * values.len() > MOST_LOOKUPS {
                return Ok(None);
            }
            combinations = combinations
                .iter()
                .flat_map(|so_far| {
                    values.iter().map(|value| {
                        let mut wanted = so_far.clone();
                        wanted.push(Wanted {
                            module: key.module.as_deref(),
                            name: &key.name,
                            value: value.clone(),
                        });
                        wanted
                    })
                })
                .collect();
        }
        let asked = combinations.first().is_none_or(|first| !first.is_empty());
        Ok(asked.then_some(combinations))
    }

    /// The children that have one of the combinations of values; `None` when the tree has no index for them.
    fn look_up(
        &self,
        step: &Step,
        combinations: &[Vec<Wanted<'_>>],
        item: &Item<T::Node>,
    ) -> Result<Option<Items<T>>, XPathError> {
        let NodeTest::Name { module, name } = &step.test else { return Ok(None) };
        let mut found = Vec::new();
        if item.is_text {
            return Ok(Some(found));
        }
        for wanted in combinations {
            self.charge(1)?;
            let keys: Vec<Key<'_>> = wanted
                .iter()
                .map(|one| Key { module: one.module, name: one.name, value: &one.value })
                .collect();
            let Some(nodes) = self.tree.entries(&item.node, module.as_deref(), name, &keys, self.names)
            else {
                return Ok(None);
            };
            self.charge(nodes.len())?;
            found.extend(nodes.into_iter().map(Item::element));
        }
        if combinations.len() > 1 {
            self.arrange(&mut found)?;
        }
        Ok(Some(found))
    }
}

/// A child and the value that it has to have.
#[derive(Clone)]
struct Wanted<'s> {
    module: Option<&'s str>,
    name: &'s str,
    value: String,
}
