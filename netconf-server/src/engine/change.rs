//! Checking a configuration: what the schema demands, what access control needs, what the appliers can do.

use daybreak_appliers::intent::Intent;
use daybreak_datastore::diff::{Change, diff};
use daybreak_datastore::store::Datastore;
use daybreak_datastore::tree::Tree;
use daybreak_netconf::error::{ErrorTag, RpcError};

use super::edit::paths;
use super::{Engine, errors};
use crate::intent;
use crate::nacm::Nacm;

impl Engine {
    /// Checks `new` where it differs from the valid `base`; without a base all of it.
    pub(super) fn check(
        &self,
        base: Option<&Tree>,
        new: &Tree,
        changes: &[Change],
    ) -> Result<(), Vec<RpcError>> {
        let found = self.constraints.validate(base, new, changes);
        if !found.is_empty() {
            return Err(found.into_iter().map(RpcError::from).collect());
        }
        if base.is_none() || touches_nacm(self, changes) {
            Nacm::read(new)
                .map_err(|error| vec![RpcError::application(ErrorTag::InvalidValue, error.to_string())])?;
        }
        Ok(())
    }

    /// What `new` means, given what the tree before it meant.
    pub(super) fn meaning(
        &self,
        before: &Intent,
        new: &Tree,
        changes: &[Change],
    ) -> Result<Intent, Vec<RpcError>> {
        intent::update(before, new, paths(changes))
            .map_err(|error| vec![errors::refusal(&self.schema, error.into())])
    }

    /// Checks a configuration as a commit of it would, without committing it (`validate`).
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub async fn validate(&self, new: &Tree) -> Result<(), Vec<RpcError>> {
        let (running, from) = {
            let state = self.lock();
            (state.store.tree(Datastore::Running).clone(), state.intent.clone())
        };
        let changes = diff(&running, new);
        self.check(Some(&running), new, &changes)?;
        let to = self.meaning(&from, new, &changes)?;
        self.appliers
            .check(&from, &to)
            .await
            .map_err(|refusals| refusals.into_iter().map(|one| errors::refusal(&self.schema, one)).collect())
    }
}

/// Whether access control is among what changed.
pub(super) fn touches_nacm(engine: &Engine, changes: &[Change]) -> bool {
    let nacm = engine.schema.find("/ietf-netconf-acm:nacm");
    paths(changes).any(|path| path.steps().first().map(|step| step.id) == nacm)
}
