//! What was running before, for the way back.
//!
//! Every change of running is remembered at once and written after the change was answered: a commit does not wait for it. What
//! a crash keeps from being written is the change before the last at most, for the next start writes running down.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use daybreak_datastore::schema::Schema;
use daybreak_datastore::store::{Datastore, History, Kept};
use daybreak_datastore::tree::Tree;
use daybreak_netconf::error::{ErrorTag, RpcError};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::Engine;
use super::commit::in_background;

/// How many are kept.
const KEPT: usize = 50;
/// Bytes that their files may have together.
const ROOM: u64 = 64 << 20;

/// How a configuration became running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It was committed.
    Commit,
    /// It was committed for a time, to be confirmed.
    ConfirmedCommit,
    /// A confirmed commit was taken back to it.
    TakenBack,
    /// The server started with it.
    Start,
}

impl Action {
    /// Its name in the model.
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::ConfirmedCommit => "confirmed-commit",
            Self::TakenBack => "taken-back",
            Self::Start => "start",
        }
    }
}

/// Who made a configuration running, when and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Seconds since 1970.
    time: u64,
    /// The user; none when nobody asked for it.
    pub user: Option<String>,
    /// How.
    pub action: Action,
}

impl Made {
    /// At a time, of which the seconds count.
    pub fn at(time: SystemTime, user: Option<&str>, action: Action) -> Self {
        let time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self { time, user: user.map(str::to_owned), action }
    }

    /// Now.
    pub(super) fn now(user: Option<&str>, action: Action) -> Self {
        Self::at(SystemTime::now(), user, action)
    }

    /// When.
    pub fn time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.time)
    }
}

/// The configurations that were running, the oldest first.
pub(super) struct Past {
    files: Option<History>,
    entries: VecDeque<Entry>,
}

struct Entry {
    sequence: u64,
    made: Made,
    /// Until it is written.
    unwritten: Option<Tree>,
}

impl Past {
    /// What a folder holds, with `running` as the newest. Without a folder that can be used nothing outlives the server.
    pub(super) fn open(folder: &Path, schema: &Arc<Schema>, running: &Tree) -> Self {
        let (files, kept) = match History::open(folder, KEPT, ROOM) {
            Ok((files, kept)) => (Some(files), kept),
            Err(error) => {
                tracing::error!(%error, "earlier configurations are kept until the server ends");
                (None, Vec::new())
            }
        };
        let entry = |kept: Kept| {
            let made = serde_json::from_str(&kept.note).ok()?;
            Some(Entry { sequence: kept.sequence, made, unwritten: None })
        };
        let entries: VecDeque<_> = kept.into_iter().filter_map(entry).collect();
        let newest =
            entries.back().zip(files.as_ref()).map(|(last, files)| files.read(schema, last.sequence));
        let is_running = matches!(newest, Some(Ok(Ok(tree))) if tree == *running);
        let mut past = Self { files, entries };
        if !is_running {
            past.add(Made::now(None, Action::Start), running.clone());
        }
        past
    }

    /// Remembers what is running from now on.
    pub(super) fn add(&mut self, made: Made, running: Tree) {
        let sequence = self.entries.back().map_or(1, |last| last.sequence + 1);
        self.entries.push_back(Entry { sequence, made, unwritten: Some(running) });
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The oldest that is not written yet.
    fn next(&self) -> Option<(History, Kept, Tree)> {
        let files = self.files.clone()?;
        let entry = self.entries.iter().find(|entry| entry.unwritten.is_some())?;
        let note = serde_json::to_string(&entry.made).unwrap_or_default();
        Some((files, Kept { sequence: entry.sequence, note }, entry.unwritten.clone()?))
    }

    fn is_written(&mut self, sequence: u64) {
        let entry = self.entries.iter_mut().find(|entry| entry.sequence == sequence);
        if let Some(entry) = entry {
            entry.unwritten = None;
        }
    }
}

impl Engine {
    /// What was running, the newest first: running itself.
    pub fn commits(&self) -> Vec<Made> {
        self.lock().past.entries.iter().rev().map(|entry| entry.made.clone()).collect()
    }

    /// What was running `number` changes ago.
    ///
    /// # Errors
    /// `data-missing` when that is not kept, `operation-failed` when it cannot be read or is of another version.
    pub async fn earlier(&self, number: u32) -> Result<Tree, Vec<RpcError>> {
        let (files, sequence) = {
            let state = self.lock();
            if number == 0 {
                return Ok(state.store.tree(Datastore::Running).clone());
            }
            let entries = &state.past.entries;
            let place = entries.len().checked_sub(1).and_then(|last| last.checked_sub(number as usize));
            let Some(entry) = place.and_then(|place| entries.get(place)) else {
                return Err(missing(number, state.past.len()));
            };
            match (&entry.unwritten, &state.past.files) {
                (Some(tree), _) => return Ok(tree.clone()),
                (None, Some(files)) => (files.clone(), entry.sequence),
                (None, None) => return Err(missing(number, state.past.len())),
            }
        };
        let schema = Arc::clone(&self.schema);
        let read = tokio::task::spawn_blocking(move || files.read(&schema, sequence)).await;
        let failed = |why: String| {
            let message = format!("the configuration of {number} changes ago cannot be read: {why}");
            vec![RpcError::application(ErrorTag::OperationFailed, message)]
        };
        match read {
            Ok(Ok(Ok(tree))) => Ok(tree),
            Ok(Ok(Err(error))) => Err(failed(error.to_string())),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn unwritten(&self) -> Option<(History, Kept, Tree)> {
        self.lock().past.next()
    }

    /// Writes down what was running, after each change. Runs until `stop`, and to the end of what is left then.
    pub async fn run_history(self: Arc<Self>, stop: CancellationToken) {
        loop {
            while let Some((files, kept, tree)) = self.unwritten() {
                let sequence = kept.sequence;
                if let Err(errors) = in_background(move || files.write(&kept, &tree)).await {
                    // It stays in memory, and the next change tries again.
                    let error = errors.first().map(ToString::to_string).unwrap_or_default();
                    tracing::error!(error, "an earlier configuration cannot be kept");
                    break;
                }
                self.lock().past.is_written(sequence);
            }
            if stop.run_until_cancelled(self.past_grown.notified()).await.is_none() {
                return;
            }
        }
    }
}

fn missing(number: u32, kept: usize) -> Vec<RpcError> {
    let last = kept.saturating_sub(1);
    let message = format!("no configuration of {number} changes ago is kept; 0 to {last} are");
    vec![RpcError::application(ErrorTag::DataMissing, message)]
}
