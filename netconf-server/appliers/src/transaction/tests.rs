//! The order of things, with appliers that tell what they were asked and fail where a test says so.

use super::{Applier, Appliers, ApplyError, Change, Deadlines, Plan, Prepared, StepKind, Work};
use crate::intent::{Intent, System};
use crate::refusal::{Failure, Refusal};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Trouble {
    None,
    Refuse,
    HangInPrepare,
    FailCommit,
    HangInCommit,
    /// Commits forward, and cannot go back.
    FailBack,
    Idle,
}

type Log = Arc<Mutex<Vec<String>>>;

struct Probe {
    name: &'static str,
    trouble: Trouble,
    log: Log,
}

struct ProbePlan {
    name: &'static str,
    trouble: Trouble,
    to: String,
    log: Log,
}

fn title(intent: &Intent) -> String {
    intent.system.hostname.clone().unwrap_or_else(|| "-".to_owned())
}

impl Applier for Probe {
    fn name(&self) -> &'static str {
        self.name
    }

    fn prepare(&self, change: Change) -> Work<'_, Prepared> {
        Box::pin(async move {
            let from = change.from.as_ref().map_or("?".to_owned(), title);
            let to = title(&change.to);
            self.log.lock().unwrap().push(format!("{} prepare {from}>{to}", self.name));
            let back = to == "old";
            match self.trouble {
                Trouble::Refuse => {
                    return Err(vec![Refusal::invalid(format!("/{}", self.name), "no", "cannot be")]);
                }
                Trouble::HangInPrepare => std::future::pending().await,
                Trouble::Idle => return Ok(None),
                _ => {}
            }
            let trouble = match self.trouble {
                Trouble::FailBack if !back => Trouble::None,
                Trouble::FailCommit | Trouble::HangInCommit if back => Trouble::None,
                other => other,
            };
            let plan = ProbePlan { name: self.name, trouble, to, log: Arc::clone(&self.log) };
            Ok(Some(Box::new(plan) as Box<dyn Plan>))
        })
    }
}

impl Plan for ProbePlan {
    fn commit(self: Box<Self>) -> Work<'static, Result<(), Failure>> {
        Box::pin(async move {
            self.log.lock().unwrap().push(format!("{} commit {}", self.name, self.to));
            match self.trouble {
                Trouble::FailCommit | Trouble::FailBack => Err(Failure::at("/leaf", "broke")),
                Trouble::HangInCommit => std::future::pending().await,
                _ => Ok(()),
            }
        })
    }

    fn abort(self: Box<Self>) -> Work<'static, ()> {
        Box::pin(async move { self.log.lock().unwrap().push(format!("{} abort", self.name)) })
    }
}

fn named(name: &str) -> Intent {
    let system = System { hostname: Some(name.to_owned()), ..System::default() };
    Intent { system: Arc::new(system), ..Intent::default() }
}

fn rig(troubles: [Trouble; 3]) -> (Appliers, Log) {
    let log = Log::default();
    let probes = ["a", "b", "c"]
        .into_iter()
        .zip(troubles)
        .map(|(name, trouble)| Arc::new(Probe { name, trouble, log: Arc::clone(&log) }) as Arc<dyn Applier>);
    let deadline = Duration::from_millis(50);
    let deadlines = Deadlines { prepare: deadline, commit: deadline, abort: deadline };
    (Appliers::new(probes.collect(), deadlines), log)
}

async fn change(troubles: [Trouble; 3]) -> (Result<Vec<super::Step>, ApplyError>, Vec<String>) {
    let (appliers, log) = rig(troubles);
    let outcome = appliers.apply(&named("old"), &named("new")).await;
    let log = log.lock().unwrap().clone();
    (outcome, log)
}

use Trouble::{FailBack, FailCommit, HangInCommit, HangInPrepare, Idle, None as Fine, Refuse};

const PREPARED: [&str; 3] = ["a prepare old>new", "b prepare old>new", "c prepare old>new"];

#[tokio::test]
async fn all_are_prepared_before_one_commits() {
    let (outcome, log) = change([Fine, Idle, Fine]).await;
    assert_eq!(log, [&PREPARED[..], &["a commit new", "c commit new"]].concat());
    let kinds: Vec<_> = outcome.unwrap().iter().map(|step| (step.applier, step.kind)).collect();
    let prepare = StepKind::Prepare;
    assert_eq!(
        kinds,
        [("a", prepare), ("b", prepare), ("c", prepare), ("a", StepKind::Commit), ("c", StepKind::Commit)]
    );
}

#[tokio::test]
async fn every_refusal_is_told_and_the_prepared_forget() {
    let (outcome, log) = change([Refuse, Fine, Refuse]).await;
    let error = outcome.unwrap_err();
    assert!(error.is_unchanged());
    let ApplyError::Refused(refusals) = &error else { panic!("{error}") };
    let paths: Vec<_> = refusals.iter().map(|refusal| refusal.path.as_str()).collect();
    assert_eq!(paths, ["/a", "/c"]);
    assert_eq!(log, [&PREPARED[..], &["b abort"]].concat());
}

#[tokio::test]
async fn an_applier_that_does_not_answer_refuses() {
    let (outcome, log) = change([Fine, HangInPrepare, Fine]).await;
    let error = outcome.unwrap_err();
    assert!(matches!(&error, ApplyError::Refused(list) if list[0].app_tag == "daybreak:deadline"), "{error}");
    assert!(error.to_string().contains("b did not say within"), "{error}");
    assert_eq!(log, [&PREPARED[..], &["a abort", "c abort"]].concat());
}

#[tokio::test]
async fn a_failing_commit_brings_back_what_was_touched() {
    for trouble in [FailCommit, HangInCommit] {
        let (outcome, log) = change([Fine, trouble, Fine]).await;
        let error = outcome.unwrap_err();
        assert!(error.is_unchanged(), "{error}");
        let back = [
            "a commit new",
            "b commit new",
            "c abort",
            "a prepare new>old",
            "a commit old",
            // Where it stopped is not known.
            "b prepare ?>old",
            "b commit old",
        ];
        assert_eq!(log, [&PREPARED[..], &back].concat());
        assert!(error.to_string().contains("a is as it was before; b is as it was before"), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_brought_back_is_told() {
    let (outcome, _) = change([FailBack, FailCommit, Fine]).await;
    let error = outcome.unwrap_err();
    assert!(!error.is_unchanged());
    assert!(error.to_string().contains("b: broke; a could NOT be brought back: broke; b is as"), "{error}");
}

#[tokio::test]
async fn a_check_changes_nothing() {
    let (appliers, log) = rig([Fine, Idle, Fine]);
    appliers.check(&named("old"), &named("new")).await.unwrap();
    assert_eq!(*log.lock().unwrap(), [&PREPARED[..], &["a abort", "c abort"]].concat());
}

#[tokio::test]
async fn reconciling_goes_on_after_a_problem() {
    let (appliers, log) = rig([Refuse, FailCommit, Fine]);
    let done = appliers.reconcile(&named("new")).await;
    let problems: Vec<_> = done.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["a: /a: cannot be", "b: /leaf: broke"]);
    assert!(done.changed());
    assert_eq!(log.lock().unwrap().last().unwrap(), "c commit new");
}

#[tokio::test]
async fn the_same_intent_asks_nobody() {
    let (appliers, log) = rig([Fine; 3]);
    let intent = named("old");
    assert!(appliers.apply(&intent, &intent.clone()).await.unwrap().is_empty());
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_nothing() {
    let (appliers, log) = rig([Fine; 3]);
    let (old, new) = (named("old"), named("new"));
    // Begun, and dropped before it is done.
    {
        let work = std::pin::pin!(appliers.apply(&old, &new));
        assert!(work.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    // One change at a time: this one waits for the first.
    appliers.check(&new, &old).await.unwrap();
    let log = log.lock().unwrap();
    let committed = log.iter().filter(|line| line.ends_with("commit new")).count();
    assert_eq!(committed, 3, "{log:?}");
}
