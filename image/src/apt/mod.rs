//! Debian's archive as this machine uses it: the same mirrors, the same proxies, the same keys.

mod index;
mod sources;

pub(crate) use index::Index;
pub(crate) use sources::Sources;
