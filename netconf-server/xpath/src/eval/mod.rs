//! Evaluation. Every node looked at and every operation takes a step from the budget.

mod axes;
mod call;
mod compare;
mod path;
mod strings;

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

use crate::ast::{Arithmetic, Call, Expr};
use crate::{Names, Problem, Tree, Value, XPathError};

/// Bytes of text that cost as much as one node.
const BYTES_OF_A_STEP: usize = 32;

/// Evaluates an expression with `context` as context node and as `current()`.
pub(crate) fn evaluate<T: Tree>(
    tree: &T,
    names: &Names,
    expr: &Expr,
    context: &T::Node,
    steps: u64,
) -> Result<Value<T::Node>, XPathError> {
    let evaluator = Evaluator { tree, names, current: context.clone(), left: Cell::new(steps), limit: steps };
    let context = Context::only(Item::element(context.clone()));
    Ok(match evaluator.value(expr, &context)? {
        Value::Nodes(items) => {
            let mut nodes: Vec<T::Node> = items.into_iter().map(|item| item.node).collect();
            // A text node comes right after its leaf.
            nodes.dedup();
            Value::Nodes(nodes)
        }
        Value::Text(text) => Value::Text(text),
        Value::Number(number) => Value::Number(number),
        Value::Boolean(boolean) => Value::Boolean(boolean),
    })
}

/// A node of the tree, or the text node that is in a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item<N> {
    node: N,
    is_text: bool,
}

impl<N> Item<N> {
    fn element(node: N) -> Self {
        Self { node, is_text: false }
    }

    fn text(node: N) -> Self {
        Self { node, is_text: true }
    }
}

/// What an expression is evaluated for (XPath 1.0 §1).
struct Context<N> {
    item: Item<N>,
    position: usize,
    size: usize,
}

impl<N> Context<N> {
    fn only(item: Item<N>) -> Self {
        Self { item, position: 1, size: 1 }
    }
}

struct Evaluator<'e, T: Tree> {
    tree: &'e T,
    names: &'e Names,
    current: T::Node,
    left: Cell<u64>,
    limit: u64,
}

type Items<T> = Vec<Item<<T as Tree>::Node>>;

impl<T: Tree> Evaluator<'_, T> {
    fn charge(&self, steps: usize) -> Result<(), XPathError> {
        match self.left.get().checked_sub(steps as u64) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(XPathError { position: 0, problem: Problem::Budget { limit: self.limit } }),
        }
    }

    fn charge_text(&self, bytes: usize) -> Result<(), XPathError> {
        self.charge(bytes / BYTES_OF_A_STEP)
    }

    fn value(&self, expr: &Expr, context: &Context<T::Node>) -> Result<Value<Item<T::Node>>, XPathError> {
        self.charge(1)?;
        Ok(match expr {
            Expr::Or(all) => {
                for one in all {
                    if self.boolean(one, context)? {
                        return Ok(Value::Boolean(true));
                    }
                }
                Value::Boolean(false)
            }
            Expr::And(all) => {
                for one in all {
                    if !self.boolean(one, context)? {
                        return Ok(Value::Boolean(false));
                    }
                }
                Value::Boolean(true)
            }
            Expr::Compare { first, rest } => {
                let mut left = self.value(first, context)?;
                for (comparison, right) in rest {
                    left = Value::Boolean(self.compare(*comparison, &left, &self.value(right, context)?)?);
                }
                left
            }
            Expr::Arithmetic { first, rest } => {
                let mut left = self.number(first, context)?;
                for (arithmetic, right) in rest {
                    left = calculate(*arithmetic, left, self.number(right, context)?);
                }
                Value::Number(left)
            }
            Expr::Sign { negative, of } => {
                let number = self.number(of, context)?;
                Value::Number(if *negative { -number } else { number })
            }
            Expr::Union(all) => {
                let mut items = Vec::new();
                for one in all {
                    items.extend(self.nodes(one, context)?);
                }
                self.arrange(&mut items)?;
                Value::Nodes(items)
            }
            Expr::Path { start, steps } => Value::Nodes(self.path(start, steps, context)?),
            Expr::Literal(text) => {
                self.charge_text(text.len())?;
                Value::Text(text.to_string())
            }
            Expr::Number(number) => Value::Number(*number),
            Expr::Call(call) => self.call(call, context)?,
        })
    }

    fn boolean(&self, expr: &Expr, context: &Context<T::Node>) -> Result<bool, XPathError> {
        Ok(self.value(expr, context)?.boolean())
    }

    fn number(&self, expr: &Expr, context: &Context<T::Node>) -> Result<f64, XPathError> {
        self.value(expr, context)?.number_with(|items| self.first_text(items))
    }

    fn text(&self, expr: &Expr, context: &Context<T::Node>) -> Result<String, XPathError> {
        self.value(expr, context)?.text_with(|items| self.first_text(items))
    }

    /// The node set; the parser has seen to it that the expression gives one.
    fn nodes(&self, expr: &Expr, context: &Context<T::Node>) -> Result<Items<T>, XPathError> {
        Ok(match self.value(expr, context)? {
            Value::Nodes(items) => items,
            _ => Vec::new(),
        })
    }

    /// The string value of the first node, empty when there is none.
    fn first_text(&self, items: &[Item<T::Node>]) -> Result<String, XPathError> {
        items.first().map_or(Ok(String::new()), |item| Ok(self.string_value(item)?.into_owned()))
    }

    /// The string value of a node (XPath 1.0 §5): of an inner node all texts below, one after the other.
    fn string_value<'n>(&'n self, item: &'n Item<T::Node>) -> Result<Cow<'n, str>, XPathError> {
        if let Some(text) = self.tree.text(&item.node) {
            self.charge(1)?;
            self.charge_text(text.len())?;
            return Ok(text);
        }
        let mut below = Vec::new();
        self.below(&item.node, &mut below)?;
        let mut all = String::new();
        for node in &below {
            if let Some(text) = self.tree.text(node) {
                self.charge_text(text.len())?;
                all.push_str(&text);
            }
        }
        Ok(Cow::Owned(all))
    }

    /// Puts nodes into document order and drops those that are there twice.
    fn arrange(&self, items: &mut Items<T>) -> Result<(), XPathError> {
        if items.len() > 1 {
            // Sorting compares each node about log2(n) times.
            self.charge(items.len() * items.len().ilog2() as usize)?;
            items.sort_by(|left, right| self.order(left, right));
            items.dedup();
        }
        Ok(())
    }

    fn order(&self, left: &Item<T::Node>, right: &Item<T::Node>) -> Ordering {
        self.tree.compare(&left.node, &right.node).then(left.is_text.cmp(&right.is_text))
    }

    fn error(call: &Call, problem: Problem) -> XPathError {
        XPathError { position: call.position, problem }
    }
}

fn calculate(arithmetic: Arithmetic, left: f64, right: f64) -> f64 {
    match arithmetic {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        // Both truncate: the result has the sign of the dividend.
        Arithmetic::Modulo => left % right,
    }
}
