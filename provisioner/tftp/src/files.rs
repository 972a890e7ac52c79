//! The map from name to bytes.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::net::SocketAddr;

use bytes::Bytes;

/// What a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// This content.
    Found(Bytes),
    /// Nothing, which the client is told.
    Missing,
    /// The content is being made: the client is told nothing, and asks again by itself (RFC 1350 §2).
    Pending,
}

impl From<Option<Bytes>> for Lookup {
    fn from(found: Option<Bytes>) -> Self {
        found.map_or(Self::Missing, Self::Found)
    }
}

/// What the server may serve.
///
/// The server calls it on its worker threads: look up and return, do not block. The name is a key made by
/// [`crate::key`]: relative, printable ASCII, `/` as the only separator, no `.` or `..` component. It must never be
/// joined to a directory.
pub trait Files: Send + Sync + 'static {
    /// The content for this client.
    fn lookup(&self, name: &str, client: SocketAddr) -> Lookup;
}

impl<S: BuildHasher + Send + Sync + 'static> Files for HashMap<String, Bytes, S> {
    fn lookup(&self, name: &str, _client: SocketAddr) -> Lookup {
        self.get(name).cloned().into()
    }
}

impl Files for BTreeMap<String, Bytes> {
    fn lookup(&self, name: &str, _client: SocketAddr) -> Lookup {
        self.get(name).cloned().into()
    }
}
