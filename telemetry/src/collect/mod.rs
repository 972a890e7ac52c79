//! Reading the sources.

mod linux;
mod tree;

pub use tree::{CollectError, Machine};

use crate::catalogue::{self, Set};
use crate::point::Point;

/// A source: what it fills and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The set that it fills.
    pub set: &'static Set,
    /// Reads it once.
    pub read: fn(&Machine) -> Result<Vec<Point>, CollectError>,
}

/// Every source of the machine. Sets about the daemon itself are filled by the daemon.
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
