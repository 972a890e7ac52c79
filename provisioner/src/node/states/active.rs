//! Runs from its disk.

use super::Step;
use crate::node::{Fact, Intent, Node, State};

pub(super) fn step(_node: &Node, fact: &Fact) -> Step {
    match fact {
        Fact::Intent(Intent::Deploy) => Step::to(State::Deploying, "asked for by the operator"),
        _ => Step::Wait,
    }
}
