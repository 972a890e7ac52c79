//! The disks of the machine: what there is ([`inventory`]) and which one to take ([`select`]).

mod inventory;
mod select;

use std::fmt;

use daybreak_layout::PartitionExtent;
use serde::Serialize;

use crate::size::ByteSize;

pub use inventory::{inventory, parse_lsblk};
pub use select::select;

/// A whole disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// Device path, such as `/dev/vda`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Logical sector in bytes.
    pub sector: u64,
    /// Serial number.
    pub serial: Option<String>,
    /// World wide name.
    pub wwn: Option<String>,
    /// Model name.
    pub model: Option<String>,
    /// Names under `/dev/disk/by-path`.
    pub by_path: Vec<String>,
    /// Every link under `/dev/disk` that names the disk, as full paths.
    pub links: Vec<String>,
    /// Whether the medium can be taken out.
    pub removable: bool,
    /// Whether it is write-protected.
    pub read_only: bool,
    /// What uses it now: mount points, `[SWAP]`, and devices made of it.
    pub in_use_by: Vec<String>,
    /// Whether the running system was started from it.
    pub boot_medium: bool,
    /// Its partitions: start and size in bytes.
    pub partitions: Vec<(u64, u64)>,
    /// What it holds: partitions and file systems, in words.
    pub contents: Vec<String>,
}

impl Disk {
    /// Places of the partitions, see [`crate::install`].
    pub fn extents(&self) -> Vec<PartitionExtent> {
        self.partitions.iter().map(|&(start, size)| PartitionExtent { start, size }).collect()
    }
}

impl fmt::Display for Disk {
    /// One line for people: path, size, model, serial number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.path, ByteSize(self.size))?;
        if let Some(model) = &self.model {
            write!(f, ", {model}")?;
        }
        match &self.serial {
            Some(serial) => write!(f, ", serial {serial})"),
            None => write!(f, ", no serial)"),
        }
    }
}
