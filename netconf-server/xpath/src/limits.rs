//! What an expression may cost.

/// Limits of one expression. They bound memory as well: every node that a set holds has cost a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the expression.
    pub length: usize,
    /// Parentheses, predicates and function calls in each other. Each takes about a kilobyte of stack.
    pub depth: usize,
    /// Nodes looked at and operations done in one evaluation; about ten to a hundred million take a second.
    pub steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { length: 16 * 1024, depth: 48, steps: 10_000_000 }
    }
}
