//! Which nodes an expression looks at, so that it is evaluated again only when one of them has changed.

use crate::ast::{Axis, Call, Expr, NodeTest, Predicate, Start, Step};
use crate::functions::Function;

/// Paths of one expression beyond which it counts as [`Reads::Unknown`].
const MOST_PATHS: usize = 256;

/// What an expression reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// Nodes on these paths and no others. A path reads the nodes at its end and, as they decide what is there, those
    /// at each of its steps.
    Paths(Vec<Read>),
    /// More than can be told: anything.
    Unknown,
}

/// A path that is read. It over-approximates: conditions on its steps are left out (what they read is listed apart).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Where it starts.
    pub origin: Origin,
    /// Its steps.
    pub steps: Vec<ReadStep>,
    /// Whether the value at its end counts, and not only that there is a node. The value of an inner node is that of
    /// all below.
    pub value: bool,
}

/// Where a path starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// At the root.
    Root,
    /// At the node that the expression is evaluated for.
    Current,
}

/// One step of a path that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadStep {
    /// Along an axis.
    Axis(Axis, NodeTest),
    /// To what the leafref or instance-identifier refers to.
    Deref,
}

/// Lists what an expression reads.
pub(crate) fn reads(expr: &Expr) -> Reads {
    let mut collector = Collector { paths: Vec::new(), too_many: false };
    collector.expr(expr, &[Place { origin: Origin::Current, steps: Vec::new() }], false);
    if collector.too_many { Reads::Unknown } else { Reads::Paths(collector.paths) }
}

/// Where nodes can be, as a path.
#[derive(Clone)]
struct Place {
    origin: Origin,
    steps: Vec<ReadStep>,
}

struct Collector {
    paths: Vec<Read>,
    too_many: bool,
}

impl Collector {
    /// Collects what `expr` reads for context nodes at `context`, and gives where the nodes are that it selects.
    fn expr(&mut self, expr: &Expr, context: &[Place], value: bool) -> Vec<Place> {
        match expr {
            Expr::Or(all) | Expr::And(all) => self.each(all, context, false),
            Expr::Union(all) => {
                let mut places = Vec::new();
                for one in all {
                    places.extend(self.expr(one, context, value));
                }
                return self.bounded(places);
            }
            Expr::Compare { first, rest } => {
                self.expr(first, context, true);
                self.each(rest.iter().map(|(_, expr)| expr), context, true);
            }
            Expr::Arithmetic { first, rest } => {
                self.expr(first, context, true);
                self.each(rest.iter().map(|(_, expr)| expr), context, true);
            }
            Expr::Sign { of, .. } => {
                self.expr(of, context, true);
            }
            Expr::Literal(_) | Expr::Number(_) => {}
            Expr::Path { start, steps } => {
                let places = self.path(start, steps, context);
                self.read(&places, value);
                return places;
            }
            Expr::Call(call) => return self.call(call, context, value),
        }
        Vec::new()
    }

    fn each<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr>, context: &[Place], value: bool) {
        for one in all {
            self.expr(one, context, value);
        }
    }

    fn path(&mut self, start: &Start, steps: &[Step], context: &[Place]) -> Vec<Place> {
        let mut places = match start {
            Start::Root => vec![Place { origin: Origin::Root, steps: Vec::new() }],
            Start::Context => context.to_vec(),
            Start::Filter { expr, predicates } => {
                let places = self.expr(expr, context, false);
                self.predicates(predicates, &places);
                places
            }
        };
        for step in steps {
            for place in &mut places {
                place.steps.push(ReadStep::Axis(step.axis, step.test.clone()));
            }
            self.predicates(&step.predicates, &places);
        }
        places
    }

    fn predicates(&mut self, predicates: &[Predicate], places: &[Place]) {
        for predicate in predicates {
            self.expr(&predicate.expr, places, false);
        }
    }

    fn call(&mut self, call: &Call, context: &[Place], value: bool) -> Vec<Place> {
        match call.function {
            Function::Current => {
                let places = vec![Place { origin: Origin::Current, steps: Vec::new() }];
                self.read(&places, value);
                return places;
            }
            Function::Deref => {
                let mut places = self.expr(&call.arguments[0], context, true);
                for place in &mut places {
                    place.steps.push(ReadStep::Deref);
                }
                self.read(&places, value);
                return places;
            }
            Function::Boolean
            | Function::Not
            | Function::Count
            | Function::LocalName
            | Function::Name
            | Function::NamespaceUri => self.each(&call.arguments, context, false),
            _ => self.each(&call.arguments, context, true),
        }
        if call.arguments.is_empty() && call.function.needs_context(0) {
            self.read(context, true);
        }
        Vec::new()
    }

    fn read(&mut self, places: &[Place], value: bool) {
        let reads =
            places.iter().map(|place| Read { origin: place.origin, steps: place.steps.clone(), value });
        for read in reads {
            if self.paths.len() < MOST_PATHS {
                if !self.paths.contains(&read) {
                    self.paths.push(read);
                }
            } else {
                self.too_many = true;
            }
        }
    }

    /// The places, none when they are too many to follow.
    fn bounded(&mut self, places: Vec<Place>) -> Vec<Place> {
        if places.len() <= MOST_PATHS {
            return places;
        }
        self.too_many = true;
        Vec::new()
    }
}
