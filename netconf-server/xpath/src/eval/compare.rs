//! Comparison (XPath 1.0 §3.4). Two sets are compared in time that grows with their sum, not their product.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Evaluator, Item};
use crate::ast::Comparison;
use crate::{Tree, Value, XPathError, number};

impl<T: Tree> Evaluator<'_, T> {
    pub(super) fn compare(
        &self,
        comparison: Comparison,
        left: &Value<Item<T::Node>>,
        right: &Value<Item<T::Node>>,
    ) -> Result<bool, XPathError> {
        Ok(match (left, right) {
            (Value::Nodes(left), Value::Nodes(right)) => {
                return self.two_sets(comparison, left, right);
            }
            (Value::Nodes(nodes), other) => return self.set_and(comparison, nodes, other),
            (other, Value::Nodes(nodes)) => return self.set_and(comparison.swapped(), nodes, other),
            (Value::Text(left), Value::Text(right)) if comparison.is_equality() => {
                (left == right) == (comparison == Comparison::Equal)
            }
            (Value::Boolean(_), _) | (_, Value::Boolean(_)) if comparison.is_equality() => {
                (left.boolean() == right.boolean()) == (comparison == Comparison::Equal)
            }
            _ => comparison.numbers(plain_number(left), plain_number(right)),
        })
    }

    /// A set compared with a value that is none.
    fn set_and(
        &self,
        comparison: Comparison,
        nodes: &[Item<T::Node>],
        other: &Value<Item<T::Node>>,
    ) -> Result<bool, XPathError> {
        match other {
            Value::Boolean(boolean) => {
                let as_number = |boolean: bool| f64::from(u8::from(boolean));
                return Ok(comparison.numbers(as_number(!nodes.is_empty()), as_number(*boolean)));
            }
            Value::Text(text) if comparison.is_equality() => {
                for item in nodes {
                    let value = self.string_value(item)?;
                    let canonical = self.tree.canonical(&item.node, text, self.names);
                    let equal = value == canonical.as_deref().unwrap_or(text);
                    if equal == (comparison == Comparison::Equal) {
                        return Ok(true);
                    }
                }
            }
            _ => {
                let number = plain_number(other);
                for item in nodes {
                    if comparison.numbers(number::parse(&self.string_value(item)?), number) {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Whether one node of each set are so.
    fn two_sets(
        &self,
        comparison: Comparison,
        left: &[Item<T::Node>],
        right: &[Item<T::Node>],
    ) -> Result<bool, XPathError> {
        if left.is_empty() || right.is_empty() {
            return Ok(false);
        }
        if comparison == Comparison::Equal {
            let (few, many) = if left.len() < right.len() { (left, right) } else { (right, left) };
            let few = few.iter().map(|item| self.string_value(item)).collect::<Result<HashSet<_>, _>>()?;
            for item in many {
                if few.contains(&self.string_value(item)?) {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if comparison == Comparison::NotEqual {
            // None is unequal only where all are the same.
            let first = self.string_value(&left[0])?;
            for item in left.iter().chain(right) {
                if self.string_value(item)? != first {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let (left_least, left_most) = self.bounds(left)?;
        let (right_least, right_most) = self.bounds(right)?;
        Ok(match comparison {
            Comparison::Less | Comparison::LessOrEqual => comparison.numbers(left_least, right_most),
            _ => comparison.numbers(left_most, right_least),
        })
    }

    /// Least and greatest number among the string values; not-a-number when none is one.
    fn bounds(&self, items: &[Item<T::Node>]) -> Result<(f64, f64), XPathError> {
        let mut bounds = (f64::NAN, f64::NAN);
        for item in items {
            let text: Cow<'_, str> = self.string_value(item)?;
            let number = number::parse(&text);
            // The minimum of a number and not-a-number is the number.
            bounds = (bounds.0.min(number), bounds.1.max(number));
        }
        Ok(bounds)
    }
}

fn plain_number<N>(value: &Value<N>) -> f64 {
    let none: Result<f64, std::convert::Infallible> = value.number_with(|_| Ok(String::new()));
    none.unwrap_or(f64::NAN)
}
