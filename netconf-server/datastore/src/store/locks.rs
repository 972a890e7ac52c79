//! Locks (RFC 6241 §7.5): one session at a time, never longer than the session.

use super::{Datastore, SessionId, StoreError};

/// Who has which datastore.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Locks {
    holders: [Option<SessionId>; 3],
}

impl Locks {
    pub(super) fn holder(&self, datastore: Datastore) -> Option<SessionId> {
        self.holders[datastore.index()]
    }

    pub(super) fn lock(&mut self, datastore: Datastore, session: SessionId) -> Result<(), StoreError> {
        if let Some(holder) = self.holder(datastore) {
            return Err(StoreError::LockDenied { datastore, holder });
        }
        self.holders[datastore.index()] = Some(session);
        Ok(())
    }

    pub(super) fn unlock(&mut self, datastore: Datastore, session: SessionId) -> Result<(), StoreError> {
        if self.holder(datastore) != Some(session) {
            return Err(StoreError::NotLocked { datastore, session });
        }
        self.holders[datastore.index()] = None;
        Ok(())
    }

    /// Whether a session may change a datastore.
    pub(super) fn check(&self, datastore: Datastore, session: SessionId) -> Result<(), StoreError> {
        match self.holder(datastore) {
            Some(holder) if holder != session => Err(StoreError::InUse { datastore, holder }),
            _ => Ok(()),
        }
    }
}
