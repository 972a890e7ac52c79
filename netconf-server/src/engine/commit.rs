//! Changes of running: commit, confirmed commit, and the ways back.

use std::sync::Arc;
use std::time::Duration;

use daybreak_appliers::intent::Intent;
use daybreak_datastore::store::{
    BootTime, CommitRequest, ConfirmRequest, Datastore, Due, Prepared, SessionId, Store, StoreError,
};
use daybreak_netconf::error::{ErrorTag, RpcError};
use tokio_util::sync::CancellationToken;

use super::change::touches_nacm;
use super::{Action, Caller, Engine, Made, errors};
use crate::nacm::Nacm;

/// `<confirmed/>` of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// How long running stays unless the commit is confirmed.
    pub timeout: Duration,
    /// `<persist>`.
    pub persist: Option<String>,
}

/// The wait before a way back that did not work is tried again.
const AGAIN: Duration = Duration::from_secs(5);

impl Engine {
    /// Makes the candidate the running configuration, all of it or nothing. Goes on to its end when the caller is gone.
    ///
    /// # Errors
    /// Everything that is wrong with the candidate, every refusal of an applier, or what did not work. Running is as it
    /// was before.
    pub async fn commit(
        self: &Arc<Self>,
        caller: &Caller,
        confirmed: Option<Confirmed>,
        persist_id: Option<String>,
    ) -> Result<(), Vec<RpcError>> {
        let (engine, caller) = (Arc::clone(self), caller.clone());
        whole(async move {
            let _turn = engine.turn.lock().await;
            let confirm = confirmed.map(|confirmed| ConfirmRequest {
                deadline: later((engine.clock)(), confirmed.timeout),
                persist: confirmed.persist,
            });
            let request = CommitRequest { session: caller.session, confirm, persist_id };
            // It is checked without the lock, so that others can read and edit; this is the turn of running's only change.
            let unchecked = |_: &_, _: &_, _: &[_]| Ok(());
            let prepared = engine.lock().store.prepare_commit(&request, &unchecked);
            let prepared = prepared.map_err(StoreError::into_rpc_errors)?;
            engine.check(Some(&prepared.old), &prepared.new, &prepared.changes)?;
            let changes = prepared.changes.len();
            let action = if request.confirm.is_some() { Action::ConfirmedCommit } else { Action::Commit };
            engine.carry_out(prepared, Made::now(Some(&caller.user.name), action)).await?;
            tracing::info!(
                user = caller.user.name,
                session = caller.session.0,
                changes,
                confirmed = request.confirm.is_some(),
                "committed"
            );
            Ok(())
        })
        .await
    }

    /// Goes back to what running was before the confirmed commit that waits (`cancel-commit`).
    ///
    /// # Errors
    /// When none waits, or it is another's.
    pub async fn cancel_commit(
        self: &Arc<Self>,
        caller: &Caller,
        persist_id: Option<String>,
    ) -> Result<(), Vec<RpcError>> {
        let (engine, caller) = (Arc::clone(self), caller.clone());
        whole(async move { engine.roll_back(Some((&caller, persist_id.as_deref())), "cancelled").await })
            .await
    }

    /// Ends a session: its locks go, and a confirmed commit that only it could confirm is taken back.
    pub async fn end_session(self: &Arc<Self>, session: SessionId) {
        if !self.lock().store.end_session(session) {
            return;
        }
        let engine = Arc::clone(self);
        let done =
            whole(async move { engine.roll_back(None, "its session ended before it was confirmed").await });
        if let Err(errors) = done.await {
            tracing::error!(session = session.0, error = %first(&errors), "cannot go back");
        }
    }

    /// Takes confirmed commits back when their time is over. Runs until `stop`.
    pub async fn run_confirm_timer(self: Arc<Self>, stop: CancellationToken) {
        let mut least = Duration::ZERO;
        loop {
            let changed = self.confirm_changed.notified();
            let left =
                self.lock().store.waiting().map(|confirm| {
                    Duration::from_millis(confirm.deadline.0.saturating_sub((self.clock)().0))
                });
            let over = async {
                match left {
                    Some(left) => tokio::time::sleep(left.max(least)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = changed => {}
                () = over => {
                    let engine = Arc::clone(&self);
                    let done = whole(async move {
                        let due = |confirm: &daybreak_datastore::store::Confirm| confirm.deadline <= (engine.clock)();
                        if engine.lock().store.waiting().is_some_and(due) {
                            engine.roll_back(None, "its time is over").await?;
                        }
                        Ok(())
                    });
                    least = Duration::ZERO;
                    if let Err(errors) = done.await {
                        tracing::error!(error = %first(&errors), "cannot go back");
                        least = AGAIN;
                    }
                }
            }
        }
    }

    /// Goes back to what running was before the confirmed commit. What an applier cannot do then is told and tried again
    /// later, for the way back must not be a way that can be refused: not by a full disk either. Without its intent in the
    /// journal it gets no end there, and after a crash the commit waits again with its time over.
    pub(super) async fn roll_back(
        &self,
        by: Option<(&Caller, Option<&str>)>,
        why: &'static str,
    ) -> Result<(), Vec<RpcError>> {
        let _turn = self.turn.lock().await;
        let session = by.map(|(caller, persist_id)| (caller.session, persist_id));
        let made = Made::now(by.map(|(caller, _)| caller.user.name.as_str()), Action::TakenBack);
        let mut prepared = match self.lock().store.prepare_rollback(session) {
            Ok(prepared) => prepared,
            // Confirmed or cancelled while this waited for its turn.
            Err(StoreError::NothingToConfirm) if by.is_none() => return Ok(()),
            Err(error) => return Err(error.into_rpc_errors()),
        };
        tracing::warn!(why, changes = prepared.changes.len(), "a confirmed commit is taken back");
        let from = self.lock().intent.clone();
        let to = self.meaning(&from, &prepared.new, &prepared.changes)?;
        let due = self.lock().store.begin(&mut prepared).map_err(StoreError::into_rpc_errors)?;
        let known = written(due).await;
        if let Err(errors) = &known {
            tracing::error!(error = %first(errors), "the journal cannot be told; running goes back all the same");
        }
        if let Err(error) = self.appliers.apply(&from, &to).await {
            tracing::error!(%error, "the way back needs a second try");
            let outcome = self.appliers.reconcile(&to).await;
            self.remember(&outcome);
        }
        match known {
            Ok(()) => self.finish(prepared, to, made).await,
            Err(errors) => {
                self.take_over(prepared, to, made, Store::finish_unwritten)?;
                // Whoever asked is told, as at the end of every change that only a crash would take back.
                if by.is_some() { Err(errors) } else { Ok(()) }
            }
        }
    }

    /// Has the appliers carry a prepared change out.
    async fn carry_out(&self, prepared: Prepared, made: Made) -> Result<(), Vec<RpcError>> {
        let (from, (prepared, to)) = self.begin(prepared).await?;
        match self.appliers.apply(&from, &to).await {
            Ok(_) => self.finish(prepared, to, made).await,
            Err(error) => {
                if !error.is_unchanged() {
                    self.repair.notify_one();
                }
                let mut errors = errors::apply(&self.schema, error);
                errors.extend(self.abort(&prepared).await.err().into_iter().flatten());
                Err(errors)
            }
        }
    }

    /// Writes the intent of a change down; gives what running means and what it will mean.
    async fn begin(&self, mut prepared: Prepared) -> Result<(Intent, (Prepared, Intent)), Vec<RpcError>> {
        let from = self.lock().intent.clone();
        let to = self.meaning(&from, &prepared.new, &prepared.changes)?;
        let due = self.lock().store.begin(&mut prepared).map_err(StoreError::into_rpc_errors)?;
        if let Err(mut errors) = written(due).await {
            errors.extend(self.abort(&prepared).await.err().into_iter().flatten());
            return Err(errors);
        }
        Ok((from, (prepared, to)))
    }

    async fn abort(&self, prepared: &Prepared) -> Result<(), Vec<RpcError>> {
        let due = self.lock().store.abort(prepared).map_err(StoreError::into_rpc_errors)?;
        written(due).await
    }

    /// The router is what `prepared` says: now running is, first on disk and then for everybody. When the disk fails it is all
    /// the same, for the router is; only a crash would take it back, and the client is told.
    async fn finish(&self, prepared: Prepared, to: Intent, made: Made) -> Result<(), Vec<RpcError>> {
        let due = self.lock().store.conclude(&prepared).map_err(StoreError::into_rpc_errors)?;
        let durable = written(due).await;
        self.take_over(prepared, to, made, Store::finish)?;
        durable
    }

    /// What was carried out is running for everybody.
    fn take_over(
        &self,
        prepared: Prepared,
        to: Intent,
        made: Made,
        finish: fn(&mut Store, Prepared) -> Result<(), StoreError>,
    ) -> Result<(), Vec<RpcError>> {
        let changed = !prepared.changes.is_empty();
        let running = prepared.new.clone();
        let nacm = touches_nacm(self, &prepared.changes).then(|| Nacm::read(&prepared.new));
        let mut state = self.lock();
        finish(&mut state.store, prepared).map_err(StoreError::into_rpc_errors)?;
        state.intent = to;
        match nacm {
            Some(Ok(nacm)) => state.nacm = Arc::new(nacm),
            // It was read when the change was checked.
            Some(Err(error)) => tracing::error!(%error, "access control stays as it was"),
            None => {}
        }
        if changed {
            state.past.add(made, running);
        }
        let grown = state.store.wants_compaction();
        drop(state);
        if changed {
            self.past_grown.notify_one();
        }
        self.confirm_changed.notify_one();
        if grown {
            self.journal_grown.notify_one();
        }
        Ok(())
    }

    /// Starts the journal anew when it has grown, after the change that made it grow was answered. Runs until `stop`.
    pub async fn run_compaction(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.journal_grown.notified()).await.is_some() {
            let _turn = self.turn.lock().await;
            let due = self.lock().store.compact().map_err(StoreError::into_rpc_errors);
            let done = match due {
                Ok(due) => written(due).await,
                Err(errors) => Err(errors),
            };
            if let Err(errors) = done {
                // The old one holds on, and the next change that makes it grow tries again.
                tracing::error!(error = %first(&errors), "the journal cannot be started anew");
            }
        }
    }
}

/// Has something written where waiting for the disk keeps nobody.
async fn written(due: Due) -> Result<(), Vec<RpcError>> {
    in_background(move || due.run()).await
}

/// Does what waits for the disk.
pub(super) async fn in_background(
    work: impl FnOnce() -> Result<(), StoreError> + Send + 'static,
) -> Result<(), Vec<RpcError>> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| broken(&error))?;
    done.map_err(StoreError::into_rpc_errors)
}

/// Runs `work` to its end even if whoever waits for it is dropped: a router half-way between two configurations helps nobody.
async fn whole<T: Send + 'static>(
    work: impl Future<Output = Result<T, Vec<RpcError>>> + Send + 'static,
) -> Result<T, Vec<RpcError>> {
    tokio::spawn(work).await.unwrap_or_else(|error| Err(broken(&error)))
}

fn broken(error: &tokio::task::JoinError) -> Vec<RpcError> {
    let message = format!("the server broke off in the middle: {error}");
    vec![RpcError::application(ErrorTag::OperationFailed, message)]
}

fn later(now: BootTime, span: Duration) -> BootTime {
    BootTime(now.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
}

fn first(errors: &[RpcError]) -> String {
    errors.first().map_or_else(String::new, ToString::to_string)
}

impl Engine {
    /// Whether running and startup are the same, so that a restart changes nothing.
    pub fn is_saved(&self) -> bool {
        let state = self.lock();
        state.store.tree(Datastore::Running) == state.store.tree(Datastore::Startup)
    }
}
