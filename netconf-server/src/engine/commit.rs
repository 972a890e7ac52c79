//! Changes of running: commit, confirmed commit, and the ways back.

use std::sync::Arc;
use std::time::Duration;

use daybreak_appliers::intent::Intent;
use daybreak_datastore::store::{
    BootTime, CommitRequest, ConfirmRequest, Datastore, Prepared, SessionId, StoreError,
};
use daybreak_netconf::error::{ErrorTag, RpcError};
use tokio_util::sync::CancellationToken;

use super::change::touches_nacm;
use super::{Caller, Engine, errors};
use crate::nacm::Nacm;

/// `<confirmed/>` of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// How long running stays unless the commit is confirmed.
    pub timeout: Duration,
    /// `<persist>`.
    pub persist: Option<String>,
}

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
            let prepared = {
                let state = engine.lock();
                let check = |old: &_, new: &_, changes: &[_]| engine.check(Some(old), new, changes);
                state.store.prepare_commit(&request, &check).map_err(StoreError::into_rpc_errors)?
            };
            let changes = prepared.changes.len();
            engine.carry_out(prepared).await?;
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
        let (engine, session) = (Arc::clone(self), caller.session);
        whole(async move { engine.roll_back(Some((session, persist_id.as_deref())), "cancelled").await })
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
        loop {
            let changed = self.confirm_changed.notified();
            let left =
                self.lock().store.waiting().map(|confirm| {
                    Duration::from_millis(confirm.deadline.0.saturating_sub((self.clock)().0))
                });
            let over = async {
                match left {
                    Some(left) => tokio::time::sleep(left).await,
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
                    if let Err(errors) = done.await {
                        tracing::error!(error = %first(&errors), "cannot go back");
                    }
                }
            }
        }
    }

    /// Goes back to what running was before the confirmed commit. What an applier cannot do then is told and tried again
    /// later, for the way back must not be a way that can be refused.
    pub(super) async fn roll_back(
        &self,
        by: Option<(SessionId, Option<&str>)>,
        why: &'static str,
    ) -> Result<(), Vec<RpcError>> {
        let _turn = self.turn.lock().await;
        let prepared = match self.lock().store.prepare_rollback(by) {
            Ok(prepared) => prepared,
            // Confirmed or cancelled while this waited for its turn.
            Err(StoreError::NothingToConfirm) if by.is_none() => return Ok(()),
            Err(error) => return Err(error.into_rpc_errors()),
        };
        tracing::warn!(why, changes = prepared.changes.len(), "a confirmed commit is taken back");
        let (from, to) = self.begin(prepared)?;
        let (prepared, to) = to;
        if let Err(error) = self.appliers.apply(&from, &to).await {
            tracing::error!(%error, "the way back needs a second try");
            let outcome = self.appliers.reconcile(&to).await;
            self.remember(&outcome);
        }
        self.finish(prepared, to)
    }

    /// Has the appliers carry a prepared change out.
    async fn carry_out(&self, prepared: Prepared) -> Result<(), Vec<RpcError>> {
        let (from, (prepared, to)) = self.begin(prepared)?;
        match self.appliers.apply(&from, &to).await {
            Ok(_) => self.finish(prepared, to),
            Err(error) => {
                if !error.is_unchanged() {
                    self.repair.notify_one();
                }
                let aborted = self.lock().store.abort(&prepared);
                let mut errors = errors::apply(&self.schema, error);
                errors.extend(aborted.err().into_iter().flat_map(StoreError::into_rpc_errors));
                Err(errors)
            }
        }
    }

    /// Writes the intent of a change down; gives what running means and what it will mean.
    fn begin(&self, mut prepared: Prepared) -> Result<(Intent, (Prepared, Intent)), Vec<RpcError>> {
        let mut state = self.lock();
        let from = state.intent.clone();
        let to = self.meaning(&from, &prepared.new, &prepared.changes)?;
        state.store.begin(&mut prepared).map_err(StoreError::into_rpc_errors)?;
        Ok((from, (prepared, to)))
    }

    /// The router is what `prepared` says: now running is.
    fn finish(&self, prepared: Prepared, to: Intent) -> Result<(), Vec<RpcError>> {
        let mut state = self.lock();
        let nacm = touches_nacm(self, &prepared.changes).then(|| Nacm::read(&prepared.new));
        let finished = state.store.finish(prepared);
        state.intent = to;
        match nacm {
            Some(Ok(nacm)) => state.nacm = Arc::new(nacm),
            // It was read when the change was checked.
            Some(Err(error)) => tracing::error!(%error, "access control stays as it was"),
            None => {}
        }
        drop(state);
        self.confirm_changed.notify_one();
        finished.map_err(StoreError::into_rpc_errors)
    }
}

/// Runs `work` to its end even if whoever waits for it is dropped: a router half-way between two configurations helps nobody.
async fn whole<T: Send + 'static>(
    work: impl Future<Output = Result<T, Vec<RpcError>>> + Send + 'static,
) -> Result<T, Vec<RpcError>> {
    tokio::spawn(work).await.unwrap_or_else(|error| {
        let message = format!("the server broke off in the middle: {error}");
        Err(vec![RpcError::application(ErrorTag::OperationFailed, message)])
    })
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
