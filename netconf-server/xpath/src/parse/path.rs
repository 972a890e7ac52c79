//! Location paths and what can stand at their start (XPath 1.0 §2, §3.3).

use std::sync::Arc;

use super::{Level, Parser, What, require_nodes};
use crate::ast::{Axis, Comparison, Expr, KeyTest, NodeTest, Predicate, Start, Step};
use crate::{Problem, XPathError};

const NODE_TYPES: [&str; 4] = ["node", "text", "comment", "processing-instruction"];

impl<'p> Parser<'p> {
    /// A location path, a filter expression, or both.
    pub(super) fn path(&mut self) -> Result<Expr, XPathError> {
        let position = self.position();
        let mut steps = Vec::new();
        let start = if self.accept("/") {
            if !self.starts_step() {
                return Ok(Expr::Path { start: Start::Root, steps });
            }
            Start::Root
        } else if self.accept("//") {
            steps.push(anywhere());
            Start::Root
        } else if self.starts_step() {
            Start::Context
        } else {
            let expr = self.primary()?;
            let mut predicates = Vec::new();
            while matches!(self.peek(), What::Symbol("[")) {
                require_nodes(&expr, position)?;
                predicates.push(self.predicate()?);
            }
            let goes_on = matches!(self.peek(), What::Symbol("/" | "//"));
            if goes_on {
                require_nodes(&expr, position)?;
            }
            let start = if goes_on || !predicates.is_empty() {
                Start::Filter { expr: Box::new(expr), predicates }
            } else {
                return Ok(expr);
            };
            if self.accept("//") {
                steps.push(anywhere());
            } else if !self.accept("/") {
                return Ok(Expr::Path { start, steps });
            }
            start
        };
        loop {
            let step = self.step()?;
            push(&mut steps, step);
            if self.accept("//") {
                steps.push(anywhere());
            } else if !self.accept("/") {
                return Ok(Expr::Path { start, steps });
            }
        }
    }

    /// Whether the next token starts a step and not a function call.
    fn starts_step(&self) -> bool {
        match self.peek() {
            What::Symbol(symbol) => matches!(symbol, "." | ".." | "@"),
            What::Wildcard(_) => true,
            What::Name { prefix, name } => {
                self.peek_at(1) != What::Symbol("(") || (prefix.is_none() && NODE_TYPES.contains(&name))
            }
            _ => false,
        }
    }

    fn primary(&mut self) -> Result<Expr, XPathError> {
        let expr = match self.peek() {
            What::Literal(text) => Expr::Literal(text.into()),
            What::Number(number) => Expr::Number(number),
            What::Variable(name) => return Err(self.error(Problem::Variable(name.into()))),
            What::Name { prefix: None, name } => return self.call(name),
            What::Name { prefix: Some(prefix), name } => {
                return Err(self.error(Problem::Function(format!("{prefix}:{name}"))));
            }
            What::Symbol("(") => {
                self.advance();
                let expr = self.nested(|parser| parser.expression(Level::Or))?;
                self.expect(")", "an operator or ')'")?;
                return Ok(expr);
            }
            _ => return Err(self.unexpected("a value, a name or a path")),
        };
        self.advance();
        Ok(expr)
    }

    fn step(&mut self) -> Result<Step, XPathError> {
        let abbreviated = |axis| Step { axis, test: NodeTest::Node, predicates: Vec::new() };
        // Neither abbreviation takes a predicate.
        if self.accept(".") {
            return Ok(abbreviated(Axis::SelfNode));
        }
        if self.accept("..") {
            return Ok(abbreviated(Axis::Parent));
        }
        let axis = self.axis()?;
        let test = self.node_test()?;
        let mut predicates = Vec::new();
        while matches!(self.peek(), What::Symbol("[")) {
            predicates.push(self.predicate()?);
        }
        Ok(Step { axis, test, predicates })
    }

    fn axis(&mut self) -> Result<Axis, XPathError> {
        if self.accept("@") {
            return Ok(Axis::Attribute);
        }
        let (What::Name { prefix: None, name }, What::Symbol("::")) = (self.peek(), self.peek_at(1)) else {
            return Ok(Axis::Child);
        };
        let axis = Axis::by_name(name).ok_or_else(|| self.error(Problem::Axis(name.into())))?;
        self.advance();
        self.advance();
        Ok(axis)
    }

    fn node_test(&mut self) -> Result<NodeTest, XPathError> {
        let test = match self.peek() {
            What::Wildcard(None) => NodeTest::Any,
            What::Wildcard(Some(prefix)) => NodeTest::Module(self.module(prefix)?),
            What::Name { prefix: None, name } if self.peek_at(1) == What::Symbol("(") => {
                return self.node_type(name);
            }
            What::Name { prefix: None, name } => {
                NodeTest::Name { module: self.names.unprefixed().cloned(), name: name.into() }
            }
            What::Name { prefix: Some(prefix), name } => {
                NodeTest::Name { module: Some(self.module(prefix)?), name: name.into() }
            }
            _ => return Err(self.unexpected("a name, '*' or a node type")),
        };
        self.advance();
        Ok(test)
    }

    fn module(&self, prefix: &str) -> Result<Arc<str>, XPathError> {
        self.names.module(prefix).cloned().ok_or_else(|| self.error(Problem::Prefix(prefix.into())))
    }

    fn node_type(&mut self, name: &'p str) -> Result<NodeTest, XPathError> {
        let test = match name {
            "node" => NodeTest::Node,
            "text" => NodeTest::Text,
            "comment" | "processing-instruction" => NodeTest::Never,
            _ => return Err(self.error(Problem::Function(name.into()))),
        };
        self.advance();
        self.advance();
        if name == "processing-instruction" && matches!(self.peek(), What::Literal(_)) {
            self.advance();
        }
        self.expect(")", "')'")?;
        Ok(test)
    }

    fn predicate(&mut self) -> Result<Predicate, XPathError> {
        self.advance();
        let expr = self.nested(|parser| parser.expression(Level::Or))?;
        self.expect("]", "an operator or ']'")?;
        let key = key_test(&expr);
        Ok(Predicate { expr, key })
    }
}

/// `descendant-or-self::node()`, which `//` stands for.
fn anywhere() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: NodeTest::Node, predicates: Vec::new() }
}

/// Adds a step. `//name` becomes `descendant::name`, which is the same unless the place among siblings counts.
fn push(steps: &mut Vec<Step>, mut step: Step) {
    if step.axis == Axis::Child
        && steps.last().is_some_and(|last| {
            last.axis == Axis::DescendantOrSelf && last.test == NodeTest::Node && last.predicates.is_empty()
        })
        && !step.predicates.iter().any(Predicate::is_positional)
    {
        steps.pop();
        step.axis = Axis::Descendant;
    }
    steps.push(step);
}

/// Reads `key = value` and `value = key` where the value is the same for every node.
fn key_test(expr: &Expr) -> Option<KeyTest> {
    let Expr::Compare { first, rest } = expr else { return None };
    let [(Comparison::Equal, right)] = &rest[..] else { return None };
    let sides = [(&**first, right, false), (right, &**first, true)];
    sides.into_iter().find_map(|(key, value, value_first)| {
        let (module, name) = only_child(key)?;
        value.is_context_free().then_some(KeyTest { module, name, value_first })
    })
}

/// The one child that a path names, or `.`.
fn only_child(expr: &Expr) -> Option<(Option<Arc<str>>, Arc<str>)> {
    let Expr::Path { start: Start::Context, steps } = expr else { return None };
    let [step] = &steps[..] else { return None };
    match (step.axis, &step.test) {
        (Axis::Child, NodeTest::Name { module, name }) if step.predicates.is_empty() => {
            Some((module.clone(), name.clone()))
        }
        (Axis::SelfNode, NodeTest::Node) => Some((None, ".".into())),
        _ => None,
    }
}
