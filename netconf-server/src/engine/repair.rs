//! Bringing the router back to what running says, when something kept it from being that.

use std::sync::Arc;
use std::time::Duration;

use daybreak_appliers::transaction::Reconciled;
use tokio_util::sync::CancellationToken;

use super::Engine;

/// The first wait before another try.
const SHORTEST: Duration = Duration::from_secs(2);
/// The longest: a daemon that is restarted by hand need not be waited for much longer.
const LONGEST: Duration = Duration::from_mins(1);

impl Engine {
    /// Tries again, at growing distances, as long as the router is not what running says. Runs until `stop`.
    pub async fn run_repairs(self: Arc<Self>, stop: CancellationToken) {
        let mut wait = SHORTEST;
        loop {
            let broken = !self.problems().is_empty();
            let pause =
                async { if broken { tokio::time::sleep(wait).await } else { std::future::pending().await } };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.repair.notified() => wait = SHORTEST,
                () = pause => wait = (wait * 2).min(LONGEST),
            }
            self.repair_once().await;
            if self.problems().is_empty() {
                wait = SHORTEST;
            }
        }
    }

    /// Has the router looked at soon: something outside may have changed it.
    pub fn look_again(&self) {
        self.repair.notify_one();
    }

    async fn repair_once(&self) {
        let _turn = self.turn.lock().await;
        let intent = self.lock().intent.clone();
        let outcome = self.appliers.reconcile(&intent).await;
        self.remember(&outcome);
    }

    /// Keeps what a reconciliation could not do, and tells what is new in it.
    pub(super) fn remember(&self, outcome: &Reconciled) {
        let problems: Vec<String> = outcome.problems.iter().map(ToString::to_string).collect();
        let mut state = self.lock();
        if state.problems == problems {
            return;
        }
        for problem in &problems {
            tracing::error!(problem, "the router is not what running says");
        }
        if problems.is_empty() {
            tracing::info!("the router is what running says");
        }
        state.problems = problems;
        drop(state);
        // The loop above has to look again.
        self.repair.notify_one();
    }
}
