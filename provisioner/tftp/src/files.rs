//! The map from name to bytes.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::net::SocketAddr;

use bytes::Bytes;

/// What the server may serve.
///
/// The server calls it on its worker threads: look up and return, do not block. The name is a key made by
/// [`crate::key`]: relative, printable ASCII, `/` as the only separator, no `.` or `..` component. It must never be
/// joined to a directory.
pub trait Files: Send + Sync + 'static {
    /// The content for this client, or `None` when there is no such name.
    fn lookup(&self, name: &str, client: SocketAddr) -> Option<Bytes>;
}

impl<S: BuildHasher + Send + Sync + 'static> Files for HashMap<String, Bytes, S> {
    fn lookup(&self, name: &str, _client: SocketAddr) -> Option<Bytes> {
        self.get(name).cloned()
    }
}

impl Files for BTreeMap<String, Bytes> {
    fn lookup(&self, name: &str, _client: SocketAddr) -> Option<Bytes> {
        self.get(name).cloned()
    }
}
