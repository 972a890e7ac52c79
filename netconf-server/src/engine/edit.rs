//! Locks and edits: what changes no router.

use std::sync::atomic::Ordering;
use std::time::SystemTime;

use daybreak_datastore::diff::{Change, Op, diff};
use daybreak_datastore::edit::{DefaultOperation, Edit, ErrorOption, apply};
use daybreak_datastore::error::error_path;
use daybreak_datastore::schema::Kind;
use daybreak_datastore::store::{Datastore, SessionId, StoreError};
use daybreak_datastore::tree::{NodeRef, Tree};
use daybreak_netconf::error::{ErrorTag, RpcError};

use super::commit::in_background;
use super::{Caller, Engine};
use crate::nacm::{Access, DataAccess};

impl Engine {
    /// Edits the candidate.
    ///
    /// # Errors
    /// What is wrong with the edit or denied to the user. The candidate is as it was before, unless `option` keeps what
    /// succeeded.
    pub fn edit(
        &self,
        caller: &Caller,
        edit: &Edit,
        default: DefaultOperation,
        option: ErrorOption,
    ) -> Result<(), Vec<RpcError>> {
        let mut state = self.lock();
        let before = state.store.tree(Datastore::Candidate).clone();
        let outcome = apply(&before, edit, default, option);
        let tree = self.settled(&before, &outcome.tree);
        self.permit(&state.nacm.access(&caller.user), &before, &tree)?;
        if !tree.ptr_eq(&before) {
            state.store.set_candidate(caller.session, tree).map_err(StoreError::into_rpc_errors)?;
        }
        if outcome.errors.is_empty() { Ok(()) } else { Err(outcome.errors) }
    }

    /// Tries an edit of the candidate without keeping it: the candidate as it would be.
    ///
    /// # Errors
    /// As [`Self::edit`].
    pub fn try_edit(
        &self,
        caller: &Caller,
        edit: &Edit,
        default: DefaultOperation,
    ) -> Result<Tree, Vec<RpcError>> {
        let state = self.lock();
        let before = state.store.tree(Datastore::Candidate);
        let tree = apply(before, edit, default, ErrorOption::StopOnError)
            .into_result()
            .map_err(|error| vec![error])?;
        let tree = self.settled(before, &tree);
        self.permit(&state.nacm.access(&caller.user), before, &tree)?;
        Ok(tree)
    }

    /// A tree after an edit without what the edit has made impossible (RFC 7950 §8.2). It is taken away for the user, who
    /// therefore needs the right to do so.
    fn settled(&self, before: &Tree, after: &Tree) -> Tree {
        if after.ptr_eq(before) {
            return after.clone();
        }
        let settled = self.constraints.settle(before, after, &diff(before, after));
        for path in &settled.removed {
            tracing::debug!(path = %path.display(&self.schema), "removed: its when is false now");
        }
        settled.tree
    }

    /// Replaces the candidate or startup by `tree` (`copy-config`). Running changes by commits only.
    ///
    /// # Errors
    /// `in-use`, `access-denied`, or that startup cannot be written.
    pub async fn replace(&self, caller: &Caller, target: Datastore, tree: Tree) -> Result<(), Vec<RpcError>> {
        let saving = self.saving.lock().await;
        let files = {
            let mut state = self.lock();
            self.permit(&state.nacm.access(&caller.user), state.store.tree(target), &tree)?;
            match target {
                Datastore::Candidate => {
                    let done = state.store.set_candidate(caller.session, tree);
                    return done.map_err(StoreError::into_rpc_errors);
                }
                Datastore::Startup => state.store.startup_files(caller.session),
                Datastore::Running => {
                    return Err(vec![RpcError::protocol(
                        ErrorTag::OperationNotSupported,
                        "running is changed by commit only; copy to the candidate and commit it",
                    )]);
                }
            }
        };
        let (files, saved) = (files.map_err(StoreError::into_rpc_errors)?, tree.clone());
        in_background(move || files.save(&saved)).await?;
        self.lock().store.set_startup(Some(tree));
        drop(saving);
        Ok(())
    }

    /// Deletes the startup configuration.
    ///
    /// # Errors
    /// `in-use`, or that the file cannot be taken away.
    pub async fn delete_startup(&self, session: SessionId) -> Result<(), Vec<RpcError>> {
        let _saving = self.saving.lock().await;
        let files = self.lock().store.startup_files(session).map_err(StoreError::into_rpc_errors)?;
        in_background(move || files.delete()).await?;
        self.lock().store.set_startup(None);
        Ok(())
    }

    /// Makes the candidate what running is.
    ///
    /// # Errors
    /// `in-use`.
    pub fn discard(&self, session: SessionId) -> Result<(), Vec<RpcError>> {
        self.lock().store.discard_changes(session).map_err(StoreError::into_rpc_errors)
    }

    /// Locks a datastore.
    ///
    /// # Errors
    /// `lock-denied`.
    pub fn lock_datastore(&self, target: Datastore, session: SessionId) -> Result<(), Vec<RpcError>> {
        let mut state = self.lock();
        state.store.lock(target, session).map_err(StoreError::into_rpc_errors)?;
        state.locked[target as usize] = SystemTime::now();
        Ok(())
    }

    /// Unlocks a datastore.
    ///
    /// # Errors
    /// When this session does not have the lock.
    pub fn unlock_datastore(&self, target: Datastore, session: SessionId) -> Result<(), Vec<RpcError>> {
        self.lock().store.unlock(target, session).map_err(StoreError::into_rpc_errors)
    }

    /// Whether a user may make `new` out of `old`; every node that differs is asked for.
    fn permit(&self, access: &Access<'_>, old: &Tree, new: &Tree) -> Result<(), Vec<RpcError>> {
        if access.reads_everything() {
            return Ok(());
        }
        let mut denied = None;
        for change in diff(old, new) {
            let kind = match change.op {
                Op::Created { .. } => DataAccess::Create,
                Op::Deleted { .. } => DataAccess::Delete,
                Op::Modified { .. } | Op::Moved { .. } => DataAccess::Update,
            };
            change.for_each(old, new, |node: &NodeRef<'_>| {
                let path = node.path();
                // A container without presence means nothing (RFC 8341 §3.2.3): what is in it is asked for.
                let kind_of = node.schema_node().map(|schema| &schema.kind);
                let bare = matches!(kind_of, Some(Kind::Container { presence: false }));
                if denied.is_none() && !bare && !access.data(&self.schema, path.steps(), kind) {
                    denied = Some(path);
                }
            });
        }
        let Some(path) = denied else { return Ok(()) };
        self.denied.data_writes.fetch_add(1, Ordering::Relaxed);
        let message = format!(
            "{} may not be changed by this user; NACM's rules say who may",
            path.display(&self.schema)
        );
        let error = RpcError::application(ErrorTag::AccessDenied, message);
        Err(vec![error.at(error_path(&self.schema, &path))])
    }
}

/// The paths of changes.
pub(super) fn paths(changes: &[Change]) -> impl Iterator<Item = &daybreak_datastore::tree::InstancePath> {
    changes.iter().map(|change| &change.path)
}
