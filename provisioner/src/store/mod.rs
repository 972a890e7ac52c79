//! What must survive a restart, in `SQLite`: nodes, tokens, events. Leases have a journal of their own.

mod events;
mod nodes;
mod tokens;

use crate::node::{NodeId, NodeName};
use jiff::Timestamp;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use tokens::{Claim, Purpose, Token, TokenHash};

/// The store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened or brought to this version's layout.
    #[error("cannot open the store {path}: {source}; check that the folder exists and is writable")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
    /// The layout could not be brought up to date.
    #[error("cannot update the layout of the store {path}: {source}")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// A statement failed.
    #[error("the store failed: {0}")]
    Sql(#[from] sqlx::Error),
    /// A stored value does not read back.
    #[error("the store holds a {what} of node {node} that does not read back: {why}")]
    Corrupt {
        /// Which column.
        what: &'static str,
        /// Which node.
        node: String,
        /// Why.
        why: String,
    },
    /// The name is taken.
    #[error("a node named {0} exists already; choose another name or delete that node")]
    NameTaken(NodeName),
    /// A MAC address is taken.
    #[error("MAC address {mac} belongs to node {node} already")]
    MacTaken {
        /// The address.
        mac: String,
        /// Its node.
        node: String,
    },
    /// It is gone.
    #[error("there is no node {0}")]
    NoSuchNode(NodeId),
    /// Another node has a value that only one can have.
    #[error("{what} {value} belongs to node {node} already")]
    Taken {
        /// Key of the node's configuration.
        what: &'static str,
        /// Its value.
        value: String,
        /// Who has it.
        node: String,
    },
}

/// The store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: SqlitePool,
}

impl Store {
    /// Opens or creates the database and brings its layout up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, created or migrated.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A state that was shown must be there after a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let open = |source| StoreError::Open { path: path.to_owned(), source };
        keep_private(path).map_err(|error| open(sqlx::Error::Io(error)))?;
        // One connection: SQLite has one writer, and waiting for it in our queue beats its busy loop.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(open)?;
        sqlx::migrate!()
            .run(&pool)
            .await
            .map_err(|source| StoreError::Migrate { path: path.to_owned(), source })?;
        Ok(Self { pool })
    }

    /// Closes the connections after what is under way.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Day-1 data has hashes of passwords and configurations: for the owner alone. `SQLite` gives the files that it makes beside
/// this one the same mode; those that were there before keep theirs.
fn keep_private(path: &Path) -> io::Result<()> {
    let private = || Permissions::from_mode(0o600);
    File::options().create(true).append(true).mode(0o600).open(path)?.set_permissions(private())?;
    for end in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(end);
        match std::fs::set_permissions(&beside, private()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_holds_secrets_is_for_its_owner_alone_also_where_it_was_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        File::create(&path).unwrap().set_permissions(Permissions::from_mode(0o644)).unwrap();
        let store = Store::open(&path).await.unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        }
        assert!(folder.path().join("store.db-wal").exists());
        store.close().await;
    }
}
