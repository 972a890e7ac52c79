//! What became of a change.

use crate::refusal::{Failure, Refusal};
use std::fmt;
use std::time::Duration;
use thiserror::Error;
use tokio::task::JoinError;

/// Something that an applier did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub applier: &'static str,
    /// What it did.
    pub kind: StepKind,
    /// How long that took.
    pub took: Duration,
}

/// What an applier does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Check and hold ready.
    Prepare,
    /// Make effective.
    Commit,
    /// Forget.
    Abort,
    /// Bring back what was before.
    RollBack,
}

/// A change did not come to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ApplyError {
    /// It cannot be, and nothing changed: all the reasons, sorted.
    #[error("{}", list(.0))]
    Refused(Vec<Refusal>),
    /// It did not work.
    #[error("{applier}: {failure}; {}", outcome(.rolled_back))]
    Failed {
        /// Where.
        applier: &'static str,
        /// Why.
        failure: Failure,
        /// What became of the appliers that had changed something, in the order in which they were brought back.
        rolled_back: Vec<RolledBack>,
        /// All that was done, in order.
        steps: Vec<Step>,
    },
}

impl ApplyError {
    pub(super) fn broken(error: &JoinError) -> Self {
        let failure = Failure::new(format!(
            "ended in the middle: {error}; the router is brought to its configuration by a restart of netconfd"
        ));
        Self::Failed { applier: "transaction", failure, rolled_back: Vec::new(), steps: Vec::new() }
    }

    /// Whether the router is as it was before.
    pub fn is_unchanged(&self) -> bool {
        match self {
            Self::Refused(_) => true,
            Self::Failed { applier, rolled_back, .. } => {
                *applier != "transaction" && rolled_back.iter().all(|one| one.problem.is_none())
            }
        }
    }
}

/// An applier that was to bring back what was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledBack {
    /// Its name.
    pub applier: &'static str,
    /// Why it could not; None when it did.
    pub problem: Option<String>,
}

/// What a reconciliation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// All that was done, in order.
    pub steps: Vec<Step>,
    /// What could not be done.
    pub problems: Vec<Problem>,
}

impl Reconciled {
    pub(super) fn broken(error: &JoinError) -> Self {
        let what = Refusal::unable("", "daybreak:applier-broken", format!("ended in the middle: {error}"));
        Self { steps: Vec::new(), problems: vec![Problem { applier: "transaction", what }] }
    }

    /// Whether anything had to be changed.
    pub fn changed(&self) -> bool {
        self.steps.iter().any(|step| step.kind == StepKind::Commit)
    }
}

/// Something that keeps the router from being what its intent says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which applier.
    pub applier: &'static str,
    /// What, with the leaf where one is to blame.
    pub what: Refusal,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.applier, self.what)
    }
}

fn list(refusals: &[Refusal]) -> String {
    let texts: Vec<_> = refusals.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

fn outcome(rolled_back: &[RolledBack]) -> String {
    if rolled_back.is_empty() {
        return "nothing had changed".to_owned();
    }
    let texts: Vec<_> = rolled_back
        .iter()
        .map(|one| match &one.problem {
            None => format!("{} is as it was before", one.applier),
            Some(problem) => format!("{} could NOT be brought back: {problem}", one.applier),
        })
        .collect();
    texts.join("; ")
}
