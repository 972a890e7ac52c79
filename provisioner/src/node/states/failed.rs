//! Given up; only an operator starts again.

use super::Step;
use crate::node::{Fact, Intent, Node, State};

pub(super) fn step(_node: &Node, fact: &Fact) -> Step {
    match fact {
        Fact::Intent(Intent::Deploy) => Step::to(State::Deploying, "tried again by the operator"),
        _ => Step::Wait,
    }
}
