//! Known, nothing done yet.

use super::Step;
use crate::node::{Fact, Intent, Node, Start, State};

pub(super) fn step(node: &Node, fact: &Fact) -> Step {
    match fact {
        Fact::BootScript if node.config.start == Start::OnBoot => {
            Step::to(State::Deploying, "first network boot")
        }
        Fact::Intent(Intent::Deploy) => Step::to(State::Deploying, "asked for by the operator"),
        _ => Step::Wait,
    }
}
