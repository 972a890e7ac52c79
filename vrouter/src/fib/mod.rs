//! Where packets go: longest prefix match, next hops, neighbours. No I/O and no DPDK.
//!
//! A lookup goes address -> [`Fib`] -> [`NextHopId`] -> [`NextHops`] -> [`NextHop`] -> [`Neighbours`] -> hardware
//! address. Routes hold numbers of next hops, so that a next hop can change without touching its routes.
//!
//! The match is our own and not DPDK's `rte_fib`, which measured the same speed: ours grows at run time instead of
//! refusing routes beyond a size given at start, needs no DPDK in tests, serves IPv4 and IPv6 with one code, and gives
//! small tables (one per VRF) a small root.

mod key;
mod neighbours;
mod nexthops;
mod table;
mod trie;

pub use key::Key;
pub use neighbours::{Neighbours, NeighboursFull};
pub use nexthops::{NextHop, NextHopId, NextHopPath, NextHops, NextHopsFull, PortId};
pub use table::{Fib, FibError, Root};
