//! The outputs that run, and how another configuration changes them.

use super::ServiceError;
use crate::config::{Config, Influxdb};
use crate::influx::{Output, Target, TargetError};
use crate::queue::Queue;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Running outputs, in the order of the configuration.
#[derive(Debug, Default)]
pub(super) struct Outputs(Vec<Running>);

#[derive(Debug)]
struct Running {
    folder: PathBuf,
    output: Arc<Output>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// What another configuration asks for; everything that can fail has been done.
#[derive(Debug)]
pub(super) struct Plan(Vec<Planned>);

#[derive(Debug)]
enum Planned {
    /// It runs already. The queue stays as it is, also when the database is another one.
    Keep { name: String, target: Target, limit: u64 },
    /// It is new.
    Open { folder: PathBuf, output: Arc<Output> },
}

impl Outputs {
    /// The outputs, to fill them.
    pub(super) fn all(&self) -> Vec<Arc<Output>> {
        self.0.iter().map(|running| Arc::clone(&running.output)).collect()
    }

    /// Reads passwords and opens the queues of new outputs; nothing changes for those that run. With `start`, an output whose
    /// password cannot be read is planned all the same, and tries again by itself.
    ///
    /// # Errors
    /// When an output cannot be as the configuration wants it.
    pub(super) fn plan(&self, config: &Config, start: bool) -> Result<Plan, ServiceError> {
        let plan = |output: &Influxdb| {
            let name = output.name.to_string();
            let target = match Target::read(output) {
                Ok(target) => Some(target),
                Err(error @ TargetError::Password { .. }) if start => {
                    tracing::error!(output = name, %error, "nothing is delivered yet");
                    None
                }
                Err(source) => return Err(ServiceError::Target { output: name, source }),
            };
            let limit = output.queue_limit.bytes();
            let folder = config.state_dir.join("queue").join(&name);
            if let Some(target) = &target
                && self.0.iter().any(|running| running.is(&name) && running.folder == folder)
            {
                let target = target.clone();
                return Ok(Planned::Keep { name, target, limit });
            }
            let queue = Queue::open(&folder, limit)
                .map_err(|source| ServiceError::Queue { output: name.clone(), source })?;
            tracing::info!(
                output = name,
                waiting = queue.points(),
                damaged = queue.damaged(),
                "queue opened"
            );
            let opened = match target {
                Some(target) => Output::new(name, target, queue),
                None => Output::later(output, queue),
            };
            Ok(Planned::Open { folder, output: Arc::new(opened) })
        };
        config.influxdb.iter().map(plan).collect::<Result<_, _>>().map(Plan)
    }

    /// Carries out a plan. Queues of outputs that are gone stay on disk for a configuration that names them again.
    pub(super) async fn apply(&mut self, plan: Plan) {
        let mut before = std::mem::take(&mut self.0);
        for planned in plan.0 {
            match planned {
                Planned::Keep { name, target, limit } => {
                    if let Some(index) = before.iter().position(|running| running.is(&name)) {
                        let running = before.swap_remove(index);
                        if let Err(error) = running.output.change(target, limit) {
                            tracing::error!(output = name, %error, "the queue is larger than it should be");
                        }
                        self.0.push(running);
                    }
                }
                Planned::Open { folder, output } => self.0.push(Running::start(folder, output)),
            }
        }
        for running in before {
            let (waiting, folder) = (running.output.figures().waiting, running.folder.clone());
            tracing::info!(output = running.output.name(), waiting, folder = %folder.display(), "output ended");
            running.end().await;
        }
    }

    /// Ends all.
    pub(super) async fn stop(&mut self) {
        for running in &self.0 {
            running.stop.cancel();
        }
        for running in self.0.drain(..) {
            running.end().await;
        }
    }
}

impl Running {
    fn start(folder: PathBuf, output: Arc<Output>) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(Arc::clone(&output).run(stop.clone()));
        Self { folder, output, stop, task }
    }

    fn is(&self, name: &str) -> bool {
        self.output.name() == name
    }

    async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(output = self.output.name(), %error, "delivery ended early");
        }
    }
}
