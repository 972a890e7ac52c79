//! What a datastore refuses.

use super::{Datastore, SessionId};
use daybreak_netconf::error::{ErrorTag, RpcError};
use std::io;
use std::path::{Path, PathBuf};

/// Why a datastore did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `lock-denied`: another session has the lock.
    #[error("{datastore} is locked by session {holder}")]
    LockDenied {
        /// The datastore.
        datastore: Datastore,
        /// Who has the lock; session 0 stands for what is no session (RFC 6241 §7.5).
        holder: SessionId,
    },
    /// `lock-denied`: the candidate holds changes that were neither committed nor discarded.
    #[error("the candidate holds changes that were not committed; commit or discard them first")]
    CandidateModified,
    /// `lock-denied`: running may change by itself.
    #[error("a confirmed commit waits to be confirmed; confirm or cancel it first")]
    ConfirmPending,
    /// `operation-failed`: the lock is not this session's to give up.
    #[error("{datastore} is not locked by session {session}")]
    NotLocked {
        /// The datastore.
        datastore: Datastore,
        /// The session that asked.
        session: SessionId,
    },
    /// `in-use`: another session has the lock.
    #[error("{datastore} is in use: session {holder} has locked it")]
    InUse {
        /// The datastore.
        datastore: Datastore,
        /// Who has the lock.
        holder: SessionId,
    },
    /// `in-use`: a confirmed commit of another session waits.
    #[error("a confirmed commit of another session waits to be confirmed")]
    ConfirmOfOther,
    /// `in-use`: one transaction at a time.
    #[error("another transaction is being carried out")]
    Busy,
    /// `invalid-value`: the persist-id is not that of the confirmed commit that waits.
    #[error("the persist-id is not that of the confirmed commit that waits")]
    WrongPersistId,
    /// `invalid-value`: nothing waits to be confirmed or cancelled.
    #[error("no confirmed commit waits")]
    NothingToConfirm,
    /// The configuration is not valid.
    #[error("the configuration is not valid: {}", first(.0))]
    Invalid(Vec<RpcError>),
    /// `operation-failed`: the disk.
    #[error("cannot {action} {}: {error}", path.display())]
    Io {
        /// What failed.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

fn first(errors: &[RpcError]) -> String {
    errors.first().map_or_else(String::new, ToString::to_string)
}

impl StoreError {
    pub(super) fn io(action: &'static str, path: &Path, error: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), error }
    }

    /// What the client is told: one error, or each that was found in an invalid configuration.
    pub fn into_rpc_errors(self) -> Vec<RpcError> {
        let message = self.to_string();
        vec![match self {
            Self::Invalid(errors) => return errors,
            Self::LockDenied { holder, .. } => RpcError::lock_denied(holder.0, message),
            // RFC 6241 §7.5: session 0 when what is in the way is no lock of a session.
            Self::CandidateModified | Self::ConfirmPending => RpcError::lock_denied(0, message),
            Self::InUse { .. } | Self::ConfirmOfOther | Self::Busy => {
                RpcError::protocol(ErrorTag::InUse, message)
            }
            Self::WrongPersistId | Self::NothingToConfirm => {
                RpcError::protocol(ErrorTag::InvalidValue, message)
            }
            Self::NotLocked { .. } | Self::Io { .. } => {
                RpcError::protocol(ErrorTag::OperationFailed, message)
            }
        }]
    }
}
