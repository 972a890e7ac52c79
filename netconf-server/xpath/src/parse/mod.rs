//! From text to a checked expression (XPath 1.0 §3).

mod lexer;
mod path;

use lexer::{Token, What, tokens};

use crate::ast::{Arithmetic, Call, Comparison, Expr, Kind};
use crate::functions::Function;
use crate::{Limits, Names, Problem, XPathError, regex};

/// Parses a whole expression.
pub(crate) fn parse(text: &str, names: &Names, limits: Limits) -> Result<Expr, XPathError> {
    if text.len() > limits.length {
        let problem = Problem::TooLong { length: text.len(), limit: limits.length };
        return Err(XPathError { position: 0, problem });
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, names, limits };
    let expr = parser.expression(Level::Or)?;
    match parser.peek() {
        What::End => Ok(expr),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

/// How tight an operator binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Equality,
    Relation,
    Sum,
    Product,
    /// Tighter than every operator of two sides but the union.
    Unary,
}

/// An operator of two sides.
#[derive(Clone, Copy)]
enum Operator {
    Or,
    And,
    Compare(Comparison),
    Arithmetic(Arithmetic),
}

/// The operator of a symbol, its level and the level of its right side.
fn operator(symbol: &str) -> Option<(Operator, Level, Level)> {
    use Level as L;
    Some(match symbol {
        "or" => (Operator::Or, L::Or, L::And),
        "and" => (Operator::And, L::And, L::Equality),
        "=" => (Operator::Compare(Comparison::Equal), L::Equality, L::Relation),
        "!=" => (Operator::Compare(Comparison::NotEqual), L::Equality, L::Relation),
        "<" => (Operator::Compare(Comparison::Less), L::Relation, L::Sum),
        "<=" => (Operator::Compare(Comparison::LessOrEqual), L::Relation, L::Sum),
        ">" => (Operator::Compare(Comparison::Greater), L::Relation, L::Sum),
        ">=" => (Operator::Compare(Comparison::GreaterOrEqual), L::Relation, L::Sum),
        "+" => (Operator::Arithmetic(Arithmetic::Add), L::Sum, L::Product),
        "-" => (Operator::Arithmetic(Arithmetic::Subtract), L::Sum, L::Product),
        "*" => (Operator::Arithmetic(Arithmetic::Multiply), L::Product, L::Unary),
        "div" => (Operator::Arithmetic(Arithmetic::Divide), L::Product, L::Unary),
        "mod" => (Operator::Arithmetic(Arithmetic::Modulo), L::Product, L::Unary),
        _ => return None,
    })
}

struct Parser<'p> {
    tokens: Vec<Token<'p>>,
    at: usize,
    depth: usize,
    names: &'p Names,
    limits: Limits,
}

impl<'p> Parser<'p> {
    fn peek(&self) -> What<'p> {
        self.peek_at(0)
    }

    /// The token that many places ahead; [`What::End`] past the end.
    fn peek_at(&self, ahead: usize) -> What<'p> {
        self.tokens.get(self.at + ahead).map_or(What::End, |token| token.what)
    }

    fn position(&self) -> usize {
        self.tokens[self.at].position
    }

    fn advance(&mut self) {
        // The last token, the end, stays.
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    /// Takes that symbol if it is the next token.
    fn accept(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), What::Symbol(next) if next == symbol);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &str, wanted: &'static str) -> Result<(), XPathError> {
        if self.accept(symbol) { Ok(()) } else { Err(self.unexpected(wanted)) }
    }

    fn unexpected(&self, wanted: &'static str) -> XPathError {
        self.error(Problem::Unexpected { found: self.peek().to_string(), wanted })
    }

    fn error(&self, problem: Problem) -> XPathError {
        XPathError { position: self.position(), problem }
    }

    /// Runs `parse` one level deeper.
    fn nested<R>(&mut self, parse: impl FnOnce(&mut Self) -> Result<R, XPathError>) -> Result<R, XPathError> {
        if self.depth == self.limits.depth {
            return Err(self.error(Problem::TooDeep { limit: self.limits.depth }));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Operands with all operators between them that bind at least as tight as `least`.
    fn expression(&mut self, least: Level) -> Result<Expr, XPathError> {
        let mut left = self.unary()?;
        let mut left_level = Level::Unary;
        while let What::Symbol(symbol) = self.peek() {
            let Some((operator, level, right_level)) = operator(symbol) else { break };
            if level < least {
                break;
            }
            self.advance();
            let right = self.expression(right_level)?;
            left = join(left, left_level == level, operator, right);
            left_level = level;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, XPathError> {
        let mut minuses = 0_usize;
        while self.accept("-") {
            minuses += 1;
        }
        let of = self.union()?;
        Ok(match minuses {
            0 => of,
            _ => Expr::Sign { negative: minuses % 2 == 1, of: Box::new(of) },
        })
    }

    fn union(&mut self) -> Result<Expr, XPathError> {
        let first_at = self.position();
        let first = self.path()?;
        if !matches!(self.peek(), What::Symbol("|")) {
            return Ok(first);
        }
        require_nodes(&first, first_at)?;
        let mut all = vec![first];
        while self.accept("|") {
            let position = self.position();
            let next = self.path()?;
            require_nodes(&next, position)?;
            all.push(next);
        }
        Ok(Expr::Union(all))
    }

    /// A call whose name and parenthesis come next.
    fn call(&mut self, name: &str) -> Result<Expr, XPathError> {
        let position = self.position();
        let function = Function::by_name(name).ok_or_else(|| self.error(Problem::Function(name.into())))?;
        self.advance();
        self.advance();
        let mut arguments = Vec::new();
        let mut pattern = None;
        while !self.accept(")") {
            if !arguments.is_empty() {
                self.expect(",", "',' or ')'")?;
            }
            let argument_at = self.position();
            let argument = self.nested(|parser| parser.expression(Level::Or))?;
            if function.wants_nodes(arguments.len()) {
                require_nodes(&argument, argument_at)?;
            }
            if let (Function::ReMatch, 1, Expr::Literal(text)) = (function, arguments.len(), &argument) {
                let error = |text| XPathError { position: argument_at, problem: Problem::Pattern(text) };
                pattern = Some(regex::compile(text).map_err(error)?);
            }
            arguments.push(argument);
        }
        let (least, most) = function.arity();
        let given = arguments.len();
        if !(least..=most).contains(&given) {
            let problem = Problem::Arguments { function: function.name(), least, most, given };
            return Err(XPathError { position, problem });
        }
        Ok(Expr::Call(Call { function, arguments, position, pattern }))
    }
}

/// Puts two sides together; `same` tells that the left side is a row of operators of the same level already.
fn join(left: Expr, same: bool, operator: Operator, right: Expr) -> Expr {
    match (left, operator) {
        (Expr::Or(mut all), Operator::Or) | (Expr::And(mut all), Operator::And) if same => {
            all.push(right);
            if matches!(operator, Operator::Or) { Expr::Or(all) } else { Expr::And(all) }
        }
        (Expr::Compare { first, mut rest }, Operator::Compare(comparison)) if same => {
            rest.push((comparison, right));
            Expr::Compare { first, rest }
        }
        (Expr::Arithmetic { first, mut rest }, Operator::Arithmetic(arithmetic)) if same => {
            rest.push((arithmetic, right));
            Expr::Arithmetic { first, rest }
        }
        (left, Operator::Or) => Expr::Or(vec![left, right]),
        (left, Operator::And) => Expr::And(vec![left, right]),
        (left, Operator::Compare(comparison)) => {
            Expr::Compare { first: Box::new(left), rest: vec![(comparison, right)] }
        }
        (left, Operator::Arithmetic(arithmetic)) => {
            Expr::Arithmetic { first: Box::new(left), rest: vec![(arithmetic, right)] }
        }
    }
}

fn require_nodes(expr: &Expr, position: usize) -> Result<(), XPathError> {
    match expr.kind() {
        Kind::Nodes => Ok(()),
        _ => Err(XPathError { position, problem: Problem::NotNodes }),
    }
}
