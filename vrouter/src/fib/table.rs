//! The forwarding table of one family in one VRF.

use std::collections::BTreeMap;
use std::ops::Bound;

use thiserror::Error;

use super::key::Key;
use super::nexthops::NextHopId;
use super::trie::Trie;

/// Size of the first table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// 256 KiB: for a VRF with up to some ten thousand routes.
    Small,
    /// 64 MiB: one load per lookup of a full IPv4 table.
    Full,
}

/// Why a route was not added. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FibError {
    /// The limit of memory that the table was made with.
    #[error(
        "no room for route {prefix}: {used} of {limit} tables of 1 KiB are in use; raise the limit of the table"
    )]
    Full {
        /// The prefix.
        prefix: String,
        /// Tables in use.
        used: usize,
        /// Tables allowed.
        limit: usize,
    },
}

/// Routes and the tables to look them up. Updates are exact: the tables always say what the routes say.
#[derive(Debug)]
pub struct Fib<K: Key> {
    trie: Trie<K>,
    /// In order, so that they can be read in pages and the route around another be found.
    routes: BTreeMap<K::Prefix, NextHopId>,
    /// Tables beyond the first that may be used.
    limit: usize,
}

impl<K: Key> Fib<K> {
    /// An empty table that grows to `limit` tables of 1 KiB beyond the first. Ten thousand IPv6 routes of length 48
    /// in different /32 need up to thirty thousand with a small root; IPv4 with a full root needs one for each /24 with
    /// longer routes.
    pub fn new(root: Root, limit: usize) -> Self {
        let root_bits = match root {
            Root::Small => 16,
            Root::Full => 24,
        };
        Self { trie: Trie::new(root_bits), routes: BTreeMap::new(), limit: limit.min(1 << 31) }
    }

    /// Adds a route or gives it another next hop; hands back the next hop that it had.
    ///
    /// # Errors
    /// When the limit is reached.
    pub fn insert(&mut self, prefix: K::Prefix, next_hop: NextHopId) -> Result<Option<NextHopId>, FibError> {
        let (key, length) = K::split(prefix);
        let used = self.trie.used();
        if used + self.trie.missing(key, length) > self.limit {
            return Err(FibError::Full { prefix: prefix.to_string(), used, limit: self.limit });
        }
        self.trie.insert(key, length, next_hop.get());
        Ok(self.routes.insert(key.prefix(length), next_hop))
    }

    /// Takes a route away; hands back the next hop that it had, `None` when there was no such route.
    pub fn remove(&mut self, prefix: K::Prefix) -> Option<NextHopId> {
        let (key, length) = K::split(prefix);
        let before = self.routes.remove(&key.prefix(length))?;
        let cover = self.around(key, length).map(|(length, next_hop)| (length, next_hop.get()));
        self.trie.remove(key, length, cover);
        Some(before)
    }

    /// The longest route that is shorter than `length` and has `key` in it. What contains a prefix stands before it in
    /// the order, and so does what contains both it and its predecessor: each step goes back to there.
    fn around(&self, key: K, length: u8) -> Option<(u8, NextHopId)> {
        let mut end = Bound::Excluded(key.prefix(length));
        loop {
            let (prefix, next_hop) = self.routes.range((Bound::Unbounded, end)).next_back()?;
            let (found, found_length) = K::split(*prefix);
            let common = found.common(key);
            if found_length <= common && found_length < length {
                return Some((found_length, *next_hop));
            }
            end = Bound::Included(key.prefix(common));
        }
    }

    /// The next hop for an address.
    #[inline]
    pub fn lookup(&self, address: K) -> Option<NextHopId> {
        NextHopId::new(self.trie.lookup(address))
    }

    /// The next hops for addresses, as numbers that [`NextHopId::new`] takes; 0 is "no route". Looks up as many as the
    /// shorter slice has. Keep batches at 16 to 64.
    #[inline]
    pub fn lookup_batch(&self, addresses: &[K], next_hops: &mut [u32]) {
        self.trie.lookup_batch(addresses, next_hops);
    }

    /// The next hop of exactly this route.
    pub fn get(&self, prefix: K::Prefix) -> Option<NextHopId> {
        let (key, length) = K::split(prefix);
        self.routes.get(&key.prefix(length)).copied()
    }

    /// All routes, in order.
    pub fn routes(&self) -> impl Iterator<Item = (K::Prefix, NextHopId)> {
        self.routes_after(None)
    }

    /// The routes that come after a prefix, in order; with `None` all.
    pub fn routes_after(&self, prefix: Option<K::Prefix>) -> impl Iterator<Item = (K::Prefix, NextHopId)> {
        let from = prefix.map_or(Bound::Unbounded, Bound::Excluded);
        self.routes.range((from, Bound::Unbounded)).map(|(prefix, next_hop)| (*prefix, *next_hop))
    }

    /// How many routes there are.
    pub fn len(&self) -> usize {
        self.routes.len()
    }

    /// Whether there is no route.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// Tables beyond the first in use; comes back to 0 when all routes are gone.
    pub fn tables(&self) -> usize {
        self.trie.used()
    }

    /// Bytes that the lookup tables hold, those of the routes' own list not counted.
    pub fn bytes(&self) -> usize {
        self.trie.bytes()
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
