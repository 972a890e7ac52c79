//! The parsed form. Operators of one level are kept in a row, so that a long sum nests no deeper than a short one.

use std::sync::Arc;

use ::regex::Regex;

use crate::functions::Function;

/// What an expression evaluates to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A node set.
    Nodes,
    /// A string.
    Text,
    /// A number.
    Number,
    /// A boolean.
    Boolean,
}

/// An axis (XPath 1.0 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// The nodes above, from the nearest to the root.
    Ancestor,
    /// The node itself and those above.
    AncestorOrSelf,
    /// Attributes: data trees have none.
    Attribute,
    /// The nodes right below.
    Child,
    /// All nodes below.
    Descendant,
    /// The node itself and all below.
    DescendantOrSelf,
    /// All that come later and are not below.
    Following,
    /// The later children of the parent.
    FollowingSibling,
    /// Namespaces: data trees have none.
    Namespace,
    /// The node right above.
    Parent,
    /// All that come earlier and are not above.
    Preceding,
    /// The earlier children of the parent.
    PrecedingSibling,
    /// The node itself.
    SelfNode,
}

impl Axis {
    /// The axis of that name.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "ancestor" => Self::Ancestor,
            "ancestor-or-self" => Self::AncestorOrSelf,
            "attribute" => Self::Attribute,
            "child" => Self::Child,
            "descendant" => Self::Descendant,
            "descendant-or-self" => Self::DescendantOrSelf,
            "following" => Self::Following,
            "following-sibling" => Self::FollowingSibling,
            "namespace" => Self::Namespace,
            "parent" => Self::Parent,
            "preceding" => Self::Preceding,
            "preceding-sibling" => Self::PrecedingSibling,
            "self" => Self::SelfNode,
            _ => return None,
        })
    }

    /// Whether it goes against the document order (XPath 1.0 §2.4).
    pub(crate) fn is_reverse(self) -> bool {
        matches!(self, Self::Ancestor | Self::AncestorOrSelf | Self::Preceding | Self::PrecedingSibling)
    }
}

/// Which nodes of an axis count (XPath 1.0 §2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeTest {
    /// `name` or `prefix:name`.
    Name {
        /// The module, `None` for any.
        module: Option<Arc<str>>,
        /// The name.
        name: Arc<str>,
    },
    /// `prefix:*`.
    Module(Arc<str>),
    /// `*`.
    Any,
    /// `node()`.
    Node,
    /// `text()`.
    Text,
    /// `comment()` and `processing-instruction()`: data trees have none.
    Never,
}

/// One step of a location path.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub axis: Axis,
    pub test: NodeTest,
    pub predicates: Vec<Predicate>,
}

/// A condition in brackets.
#[derive(Debug, Clone)]
pub(crate) struct Predicate {
    pub expr: Expr,
    /// For `[key = value]` where `value` is the same for every node.
    pub key: Option<KeyTest>,
}

/// What a predicate asks of a child that may be a key; the value is the right or left side of the comparison.
#[derive(Debug, Clone)]
pub(crate) struct KeyTest {
    pub module: Option<Arc<str>>,
    /// `.` for the node itself.
    pub name: Arc<str>,
    /// Whether the value is the left side.
    pub value_first: bool,
}

/// Where a location path starts.
#[derive(Debug, Clone)]
pub(crate) enum Start {
    Root,
    Context,
    Filter { expr: Box<Expr>, predicates: Vec<Predicate> },
}

/// Order of comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// `a op b` is `b op.swapped() a`.
    pub(crate) fn swapped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            other => other,
        }
    }

    /// Whether it is `=` or `!=`.
    pub(crate) fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// Applied to numbers.
    #[allow(clippy::float_cmp, reason = "XPath compares numbers bit by bit as IEEE 754 does")]
    pub(crate) fn numbers(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// Operators on numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// An expression.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Compare {
        first: Box<Expr>,
        rest: Vec<(Comparison, Expr)>,
    },
    Arithmetic {
        first: Box<Expr>,
        rest: Vec<(Arithmetic, Expr)>,
    },
    /// Unary minus, once or twice.
    Sign {
        negative: bool,
        of: Box<Expr>,
    },
    Union(Vec<Expr>),
    Path {
        start: Start,
        steps: Vec<Step>,
    },
    Literal(Box<str>),
    Number(f64),
    Call(Call),
}

/// A function call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub function: Function,
    pub arguments: Vec<Expr>,
    /// Byte offset of its name.
    pub position: usize,
    /// The pattern of `re-match()` when it is a literal.
    pub pattern: Option<Regex>,
}

impl Expr {
    /// What it evaluates to. XPath without variables is statically typed.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Or(_) | Self::And(_) | Self::Compare { .. } => Kind::Boolean,
            Self::Arithmetic { .. } | Self::Sign { .. } | Self::Number(_) => Kind::Number,
            Self::Union(_) | Self::Path { .. } => Kind::Nodes,
            Self::Literal(_) => Kind::Text,
            Self::Call(call) => call.function.kind(),
        }
    }

    /// Whether it gives the same for every context node, position and size.
    pub(crate) fn is_context_free(&self) -> bool {
        match self {
            Self::Or(of) | Self::And(of) | Self::Union(of) => of.iter().all(Self::is_context_free),
            Self::Compare { first, rest } => {
                first.is_context_free() && rest.iter().all(|(_, e)| e.is_context_free())
            }
            Self::Arithmetic { first, rest } => {
                first.is_context_free() && rest.iter().all(|(_, e)| e.is_context_free())
            }
            Self::Sign { of, .. } => of.is_context_free(),
            Self::Path { start, .. } => match start {
                Start::Root => true,
                Start::Context => false,
                Start::Filter { expr, .. } => expr.is_context_free(),
            },
            Self::Literal(_) | Self::Number(_) => true,
            Self::Call(call) => {
                !call.function.needs_context(call.arguments.len())
                    && call.arguments.iter().all(Self::is_context_free)
            }
        }
    }

    /// Whether `position()` or `last()` of this level is in it. Those of predicates within are of their own level.
    pub(crate) fn asks_position(&self) -> bool {
        match self {
            Self::Or(of) | Self::And(of) | Self::Union(of) => of.iter().any(Self::asks_position),
            Self::Compare { first, rest } => {
                first.asks_position() || rest.iter().any(|(_, e)| e.asks_position())
            }
            Self::Arithmetic { first, rest } => {
                first.asks_position() || rest.iter().any(|(_, e)| e.asks_position())
            }
            Self::Sign { of, .. } => of.asks_position(),
            Self::Path { start: Start::Filter { expr, .. }, .. } => expr.asks_position(),
            Self::Path { .. } | Self::Literal(_) | Self::Number(_) => false,
            Self::Call(call) => {
                matches!(call.function, Function::Position | Function::Last)
                    || call.arguments.iter().any(Self::asks_position)
            }
        }
    }
}

impl Predicate {
    /// Whether it depends on the place of the node among the others.
    pub(crate) fn is_positional(&self) -> bool {
        self.expr.kind() == Kind::Number || self.expr.asks_position()
    }
}
