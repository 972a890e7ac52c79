//! The order of things.

use super::{
    Applier, Appliers, ApplyError, Change, Plan, Prepared, Problem, Reconciled, RolledBack, Step, StepKind,
};
use crate::intent::Intent;
use crate::refusal::{Failure, Refusal};
use futures_util::future::join_all;
use std::future::Future;
use std::time::{Duration, Instant};

/// A plan with the name of its applier's place in the list.
type Ready = Vec<(usize, Box<dyn Plan>)>;

pub(super) async fn apply(appliers: &Appliers, from: &Intent, to: &Intent) -> Result<Vec<Step>, ApplyError> {
    let mut steps = Vec::new();
    let ready = prepare_all(appliers, from, to, &mut steps).await.map_err(ApplyError::Refused)?;
    let mut touched = Vec::new();
    let mut ready = ready.into_iter();
    while let Some((place, plan)) = ready.next() {
        let name = appliers.list[place].name();
        touched.push(place);
        let outcome = commit(appliers, name, plan, StepKind::Commit, &mut steps).await;
        if let Err(failure) = outcome {
            tracing::error!(applier = name, error = %failure, "a change failed; what was before is brought back");
            abort_all(appliers, ready.collect(), &mut steps).await;
            let rolled_back = roll_back(appliers, &touched, from, to, &mut steps).await;
            return Err(ApplyError::Failed { applier: name, failure, rolled_back, steps });
        }
    }
    Ok(steps)
}

pub(super) async fn check(appliers: &Appliers, from: &Intent, to: &Intent) -> Result<(), Vec<Refusal>> {
    let mut steps = Vec::new();
    let ready = prepare_all(appliers, from, to, &mut steps).await?;
    abort_all(appliers, ready, &mut steps).await;
    Ok(())
}

pub(super) async fn reconcile(appliers: &Appliers, to: &Intent) -> Reconciled {
    let mut done = Reconciled::default();
    for applier in appliers.list.iter() {
        let name = applier.name();
        let change = Change { from: None, to: to.clone() };
        let what = match prepare(appliers, applier.as_ref(), change, &mut done.steps).await {
            Ok(None) => continue,
            Ok(Some(plan)) => match commit(appliers, name, plan, StepKind::Commit, &mut done.steps).await {
                Ok(()) => continue,
                Err(failure) => vec![Refusal::unable(
                    failure.path.unwrap_or_default(),
                    "daybreak:not-applied",
                    failure.message,
                )],
            },
            Err(refusals) => refusals,
        };
        done.problems.extend(what.into_iter().map(|what| Problem { applier: name, what }));
    }
    done
}

/// Has every applier hold its part ready; if one refuses, all forget theirs.
async fn prepare_all(
    appliers: &Appliers,
    from: &Intent,
    to: &Intent,
    steps: &mut Vec<Step>,
) -> Result<Ready, Vec<Refusal>> {
    let each = appliers.list.iter().map(|applier| async {
        let mut steps = Vec::new();
        let change = Change { from: Some(from.clone()), to: to.clone() };
        (prepare(appliers, applier.as_ref(), change, &mut steps).await, steps)
    });
    let (mut ready, mut refusals) = (Vec::new(), Vec::new());
    for (place, (prepared, own)) in join_all(each).await.into_iter().enumerate() {
        steps.extend(own);
        match prepared {
            Ok(plan) => ready.extend(plan.map(|plan| (place, plan))),
            Err(reasons) => refusals.extend(reasons),
        }
    }
    if refusals.is_empty() {
        return Ok(ready);
    }
    abort_all(appliers, ready, steps).await;
    refusals.sort();
    refusals.dedup();
    Err(refusals)
}

async fn prepare(
    appliers: &Appliers,
    applier: &dyn Applier,
    change: Change,
    steps: &mut Vec<Step>,
) -> Prepared {
    let (name, deadline) = (applier.name(), appliers.deadlines.prepare);
    let late = |()| {
        let text = format!("{name} did not say within {} s whether it can do this", deadline.as_secs());
        Err(vec![Refusal::unable("", "daybreak:deadline", text)])
    };
    timed(name, StepKind::Prepare, deadline, applier.prepare(change), steps).await.unwrap_or_else(late)
}

async fn commit(
    appliers: &Appliers,
    name: &'static str,
    plan: Box<dyn Plan>,
    kind: StepKind,
    steps: &mut Vec<Step>,
) -> Result<(), Failure> {
    let deadline = appliers.deadlines.commit;
    let late = |()| Err(Failure::new(format!("was not done within {} s", deadline.as_secs())));
    timed(name, kind, deadline, plan.commit(), steps).await.unwrap_or_else(late)
}

async fn abort_all(appliers: &Appliers, ready: Ready, steps: &mut Vec<Step>) {
    for (place, plan) in ready {
        let name = appliers.list[place].name();
        let done = timed(name, StepKind::Abort, appliers.deadlines.abort, plan.abort(), steps).await;
        if done.is_err() {
            // Nothing is wrong with the router: what was held ready is never made effective.
            tracing::warn!(applier = name, "a change that will not come was not forgotten in time");
        }
    }
}

/// Brings back what the appliers at these places had before. In the same order as forward: an applier that makes what
/// another needs, as a port its twin, comes first both ways. The last one stopped somewhere in the middle.
async fn roll_back(
    appliers: &Appliers,
    touched: &[usize],
    from: &Intent,
    to: &Intent,
    steps: &mut Vec<Step>,
) -> Vec<RolledBack> {
    let mut done = Vec::new();
    for &place in touched {
        let applier = appliers.list[place].as_ref();
        let known = (Some(&place) != touched.last()).then(|| to.clone());
        let change = Change { from: known, to: from.clone() };
        let problem = match prepare(appliers, applier, change, steps).await {
            Ok(None) => None,
            Ok(Some(plan)) => commit(appliers, applier.name(), plan, StepKind::RollBack, steps)
                .await
                .err()
                .map(|failure| failure.message),
            Err(refusals) => Some(refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        };
        if let Some(problem) = &problem {
            tracing::error!(applier = applier.name(), error = %problem, "what was before could not be brought back");
        }
        done.push(RolledBack { applier: applier.name(), problem });
    }
    done
}

async fn timed<T>(
    applier: &'static str,
    kind: StepKind,
    deadline: Duration,
    work: impl Future<Output = T>,
    steps: &mut Vec<Step>,
) -> Result<T, ()> {
    let begun = Instant::now();
    let outcome = tokio::time::timeout(deadline, work).await.map_err(|_| ());
    steps.push(Step { applier, kind, took: begun.elapsed() });
    outcome
}
