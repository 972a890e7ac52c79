//! From one intent to another: everything or nothing.
//!
//! [`Appliers::apply`] has every applier check and hold ready its part; only when all of them can does the first one
//! change something. If one then fails, those that have changed something are brought back. [`Appliers::reconcile`] brings
//! a router of which nothing is known to an intent: at the start, and after `netconfd` or the machine died half-way.

mod apply;
mod report;
#[cfg(test)]
mod tests;

pub use report::{ApplyError, Problem, Reconciled, RolledBack, Step, StepKind};

use crate::intent::Intent;
use crate::refusal::{Failure, Refusal};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Work of an applier, to be awaited.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an applier is asked for.
#[derive(Debug, Clone)]
pub struct Change {
    /// What the router is now; None when that is not known, and everything must be looked at.
    pub from: Option<Intent>,
    /// What it is to be.
    pub to: Intent,
}

/// What an applier found.
pub type Prepared = Result<Option<Box<dyn Plan>>, Vec<Refusal>>;

/// One part of the router.
pub trait Applier: Send + Sync {
    /// Name, as `frr`.
    fn name(&self) -> &'static str;

    /// Checks its part of a change and holds it ready. Nothing changes. `None`: nothing is to be done. Its cost follows the
    /// change, unless [`Change::from`] is unknown; then it also finds out what is to be done, and lets what is missing
    /// in the machine be a failure of the commit, so that the rest still comes to be.
    ///
    /// # Errors
    /// All the reasons why it cannot be, each with the leaf to blame.
    fn prepare(&self, change: Change) -> Work<'_, Prepared>;
}

/// A change that is held ready.
pub trait Plan: Send {
    /// Makes it effective.
    ///
    /// # Errors
    /// What did not work. Part of it may be effective.
    fn commit(self: Box<Self>) -> Work<'static, Result<(), Failure>>;

    /// Forgets it.
    fn abort(self: Box<Self>) -> Work<'static, ()>;
}

/// How long an applier may take for each of its three duties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For the check.
    pub prepare: Duration,
    /// For the change.
    pub commit: Duration,
    /// For forgetting.
    pub abort: Duration,
}

impl Default for Deadlines {
    /// 30 s each.
    fn default() -> Self {
        let time = Duration::from_secs(30);
        Self { prepare: time, commit: time, abort: time }
    }
}

/// All appliers in their fixed order. Clones share them, and their turn: one change at a time.
#[derive(Clone)]
pub struct Appliers {
    list: Arc<[Arc<dyn Applier>]>,
    deadlines: Deadlines,
    turn: Arc<Mutex<()>>,
}

impl Appliers {
    /// These appliers, in this order: one that makes what another needs comes before it.
    pub fn new(list: Vec<Arc<dyn Applier>>, deadlines: Deadlines) -> Self {
        Self { list: list.into(), deadlines, turn: Arc::default() }
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.list.iter().map(|applier| applier.name())
    }

    /// Brings the router from `from` to `to`, all of it or nothing. Dropping the future does not stop it: what was begun is
    /// brought to an end in the background, and the next change waits for that.
    ///
    /// # Errors
    /// [`ApplyError::Refused`] when nothing changed; [`ApplyError::Failed`] when something did, with what became of it.
    pub async fn apply(&self, from: &Intent, to: &Intent) -> Result<Vec<Step>, ApplyError> {
        if from.same(to) {
            return Ok(Vec::new());
        }
        let (appliers, from, to) = (self.clone(), from.clone(), to.clone());
        let work = tokio::spawn(async move {
            let turn = Arc::clone(&appliers.turn);
            let _turn = turn.lock().await;
            apply::apply(&appliers, &from, &to).await
        });
        work.await.unwrap_or_else(|error| Err(ApplyError::broken(&error)))
    }

    /// Checks a change as [`Self::apply`] does, and leaves it at that.
    ///
    /// # Errors
    /// All refusals, sorted.
    pub async fn check(&self, from: &Intent, to: &Intent) -> Result<(), Vec<Refusal>> {
        let (appliers, from, to) = (self.clone(), from.clone(), to.clone());
        let work = tokio::spawn(async move {
            let turn = Arc::clone(&appliers.turn);
            let _turn = turn.lock().await;
            apply::check(&appliers, &from, &to).await
        });
        work.await.unwrap_or_else(|error| {
            Err(vec![Refusal::unable(
                "",
                "daybreak:applier-broken",
                format!("an applier ended in the middle: {error}"),
            )])
        })
    }

    /// Brings the router to an intent, whatever it is now, as far as that goes: what cannot be is told and the rest is done.
    /// A second call finds nothing to do.
    pub async fn reconcile(&self, to: &Intent) -> Reconciled {
        let (appliers, to) = (self.clone(), to.clone());
        let work = tokio::spawn(async move {
            let turn = Arc::clone(&appliers.turn);
            let _turn = turn.lock().await;
            apply::reconcile(&appliers, &to).await
        });
        work.await.unwrap_or_else(|error| Reconciled::broken(&error))
    }
}
