//! One file per state, each a pure `step(node, fact)`.

mod active;
mod deploying;
mod enrolled;
mod failed;

use super::{Fact, Node, State};

/// What a state decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Stay; nothing else to do.
    Wait,
    /// Stay, and remember that the installer is done.
    Installed,
    /// Go there, for that reason.
    Transition {
        /// The next state.
        to: State,
        /// Why, in words.
        reason: String,
    },
}

impl Step {
    fn to(to: State, reason: impl Into<String>) -> Self {
        Self::Transition { to, reason: reason.into() }
    }
}

/// Decides what a fact means for a node. Pure: the engine carries it out.
pub fn step(node: &Node, fact: &Fact) -> Step {
    match node.state {
        State::Enrolled => enrolled::step(node, fact),
        State::Deploying => deploying::step(node, fact),
        State::Active => active::step(node, fact),
        State::Failed => failed::step(node, fact),
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, step};
    use crate::node::{Fact, InstallReport, InstallStep, Intent, Start, State};
    use crate::testing::node;

    fn report(step: InstallStep) -> Fact {
        Fact::Report(InstallReport {
            step,
            percent: 0,
            bytes: 0,
            total: 0,
            message: "the disk has gone".into(),
            code: Some("DISK-MISSING".into()),
        })
    }

    fn facts() -> Vec<Fact> {
        vec![
            Fact::Intent(Intent::Deploy),
            Fact::Intent(Intent::Abort),
            Fact::BootScript,
            report(InstallStep::Write),
            report(InstallStep::Done),
            report(InstallStep::Failed),
            Fact::PhoneHome { host_keys: vec![] },
            Fact::Deadline,
        ]
    }

    fn target(step: &Step) -> Option<State> {
        if let Step::Transition { to, .. } = step { Some(*to) } else { None }
    }

    #[test]
    fn every_transition_is_in_the_table_and_has_a_reason() {
        for state in [State::Enrolled, State::Deploying, State::Active, State::Failed] {
            for installed in [false, true] {
                let mut node = node("r1", state);
                node.status.installed = installed;
                for fact in facts() {
                    if let Step::Transition { to, reason } = step(&node, &fact) {
                        assert!(state.may_become(to), "{state} -> {to} on {fact:?}");
                        assert!(!reason.is_empty(), "{state} -> {to} on {fact:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_enrolled_node_deploys_at_its_first_boot_unless_it_is_manual() {
        let mut node = node("r1", State::Enrolled);
        assert_eq!(target(&step(&node, &Fact::BootScript)), Some(State::Deploying));
        node.config.start = Start::Manual;
        assert_eq!(step(&node, &Fact::BootScript), Step::Wait);
        assert_eq!(target(&step(&node, &Fact::Intent(Intent::Deploy))), Some(State::Deploying));
    }

    #[test]
    fn the_installers_failure_keeps_its_code_and_words() {
        let Step::Transition { to, reason } =
            step(&node("r1", State::Deploying), &report(InstallStep::Failed))
        else {
            panic!("no transition");
        };
        assert_eq!(to, State::Failed);
        assert!(reason.contains("DISK-MISSING") && reason.contains("the disk has gone"), "{reason}");
    }

    #[test]
    fn the_deadline_says_how_far_it_came() {
        let mut node = node("r1", State::Deploying);
        let Step::Transition { reason, .. } = step(&node, &Fact::Deadline) else { panic!("no transition") };
        assert!(reason.contains("did not finish"), "{reason}");
        node.status.installed = true;
        let Step::Transition { reason, .. } = step(&node, &Fact::Deadline) else { panic!("no transition") };
        assert!(reason.contains("phone"), "{reason}");
    }

    #[test]
    fn an_active_node_never_reinstalls_by_itself() {
        let node = node("r1", State::Active);
        for fact in facts() {
            let wanted = (fact == Fact::Intent(Intent::Deploy)).then_some(State::Deploying);
            assert_eq!(target(&step(&node, &fact)), wanted, "{fact:?}");
        }
    }

    #[test]
    fn a_reboot_in_the_middle_of_an_install_stays_deploying() {
        let node = node("r1", State::Deploying);
        assert_eq!(step(&node, &Fact::BootScript), Step::Wait);
    }
}
