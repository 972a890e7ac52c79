//! Reading the sources.

pub mod bgp;
pub mod dataplane;
mod error;
mod linux;
mod remote;
mod tree;

#[cfg(test)]
mod cases;

pub use error::CollectError;
pub use remote::{Reading, Remote};
pub use tree::Machine;

use crate::catalogue::{self, Set};
use crate::point::Point;
use jiff::Timestamp;

/// What gives the time of a reading.
pub type Clock = fn() -> Timestamp;

/// A source: what it fills and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The set that it fills.
    pub set: &'static Set,
    /// Reads it once.
    pub read: fn(&Machine) -> Result<Vec<Point>, CollectError>,
}

/// Every source that the kernel is. Daemons are asked ([`Remote`]); sets about this daemon are filled by itself.
pub static SOURCES: &[Source] = &[
    Source { set: &catalogue::CPU, read: linux::cpu::read },
    Source { set: &catalogue::LOAD, read: linux::load::read },
    Source { set: &catalogue::MEMORY, read: linux::memory::read },
    Source { set: &catalogue::DISK, read: linux::disk::read },
    Source { set: &catalogue::INTERFACE, read: linux::interface::read },
    Source { set: &catalogue::UPTIME, read: linux::uptime::read },
    Source { set: &catalogue::PROCESS, read: linux::process::read },
    Source { set: &catalogue::HUGEPAGES, read: linux::hugepages::read },
];
