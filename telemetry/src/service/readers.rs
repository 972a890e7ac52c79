//! What reads, each on its own: a daemon that does not answer holds up nothing but its own sets.

use super::Pipeline;
use super::meter::measured;
use super::schedule::Schedule;
use crate::catalogue::Set;
use crate::collect::bgp::Bgp;
use crate::collect::dataplane::Dataplane;
use crate::collect::{Clock, Remote};
use crate::config::Sources;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Running readers. Dropping them ends them, at once.
#[derive(Debug, Default)]
pub(super) struct Readers {
    stop: CancellationToken,
    tasks: JoinSet<Result<(), JoinError>>,
}

impl Readers {
    /// Starts them. `sets` are those that are read, with their periods.
    pub(super) fn start(
        sets: &[(&'static Set, Duration)],
        sources: &Sources,
        clock: Clock,
        pipeline: &Arc<Mutex<Pipeline>>,
    ) -> Self {
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let asked = |set: &Set| Dataplane::SETS.contains(&set) || Bgp::SETS.contains(&set);
        let own = Schedule::new(sets.iter().copied().filter(|(set, _)| !asked(set)));
        tasks.spawn(read(own, clock, Arc::clone(pipeline), stop.clone()));
        let dataplane = Dataplane::new(sources.vrouterd.clone(), clock);
        tasks.spawn(ask(dataplane, sets, Arc::clone(pipeline), stop.clone()));
        let bgp = Bgp::new(sources.bgpd.clone(), clock);
        tasks.spawn(ask(bgp, sets, Arc::clone(pipeline), stop.clone()));
        Self { stop, tasks }
    }

    /// Waits until one of them fails, which takes a panic.
    pub(super) async fn failed(&mut self) -> JoinError {
        while let Some(outcome) = self.tasks.join_next().await {
            if let Err(error) | Ok(Err(error)) = outcome {
                return error;
            }
        }
        std::future::pending().await
    }

    /// Ends them; a reading of the kernel's files is waited for.
    ///
    /// # Errors
    /// When one had failed.
    pub(super) async fn stop(&mut self) -> Result<(), JoinError> {
        self.stop.cancel();
        while let Some(outcome) = self.tasks.join_next().await {
            outcome??;
        }
        Ok(())
    }
}

/// Waits until sets are due; gives them and how many times of them were missed, or nothing when it is time to stop.
async fn due(
    schedule: &mut Schedule,
    start: Instant,
    stop: &CancellationToken,
) -> Option<(Vec<&'static Set>, u64)> {
    let next = schedule.next()?;
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        () = tokio::time::sleep_until(start + next) => Some(schedule.due(start.elapsed())),
    }
}

/// Reads what the kernel tells and what the daemon knows of itself.
async fn read(
    mut schedule: Schedule,
    clock: Clock,
    pipeline: Arc<Mutex<Pipeline>>,
    stop: CancellationToken,
) -> Result<(), JoinError> {
    let start = Instant::now();
    while let Some((sets, missed)) = due(&mut schedule, start, &stop).await {
        let pipeline = Arc::clone(&pipeline);
        tokio::task::spawn_blocking(move || pipeline.lock().round(&sets, missed, clock())).await?;
    }
    Ok(())
}

/// Asks another daemon.
fn ask<R: Remote>(
    mut source: R,
    sets: &[(&'static Set, Duration)],
    pipeline: Arc<Mutex<Pipeline>>,
    stop: CancellationToken,
) -> impl Future<Output = Result<(), JoinError>> + Send + use<R> {
    let mut schedule = Schedule::new(sets.iter().copied().filter(|(set, _)| R::SETS.contains(set)));
    async move {
        let start = Instant::now();
        while let Some((sets, missed)) = due(&mut schedule, start, &stop).await {
            let (outcome, cost) = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                done = measured(source.read()) => done,
            };
            let pipeline = Arc::clone(&pipeline);
            tokio::task::spawn_blocking(move || {
                pipeline.lock().answer(R::NAME, &sets, missed, outcome, cost);
            })
            .await?;
        }
        Ok(())
    }
}
