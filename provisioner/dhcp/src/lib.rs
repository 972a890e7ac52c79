//! `DHCPv4` and `proxyDHCP` server with durable leases.
//!
//! Start reading at [`server::spawn`], the edge to the system, then [`decide::Engine`], which turns a packet into a
//! decision without any I/O, then [`lease::LeaseTable`] and [`lease::Journal`].
//!
//! One thread receives and decides; a second one writes all records that are waiting with a single `fdatasync` and
//! then sends the acknowledgements that depend on them. So no client is told of a lease that a crash could lose.

pub mod client;
pub mod config;
pub mod counters;
pub mod decide;
pub mod directory;
pub mod event;
pub mod lease;
pub mod server;
pub mod wire;

#[cfg(test)]
mod testing;

pub use client::ClientIdentity;
pub use config::Subnet;
pub use directory::{Directory, NodeEntry};
pub use event::{Event, Outcome};
pub use lease::{Lease, LeaseState, Leases};
pub use server::{Server, Settings, StartError, spawn};
