//! Stream-optimised VMDK (VMware "Virtual Disk Format 5.0", "Stream-Optimized Compressed Sparse Extents"): one file with
//! the descriptor inside, compressed grains behind markers, tables after their grains, a footer that knows where the grain
//! directory is, and an end-of-stream marker. It can be written and read front to back, which is why OVA uses it.

mod descriptor;
pub(crate) mod header;
mod write;

pub use descriptor::Adapter;
pub use write::{VmdkSpec, VmdkWritten, write_vmdk};

pub(crate) use descriptor::Descriptor;
pub(crate) use header::Header;

/// Sector, in bytes; all offsets and sizes of the format count these.
pub(crate) const SECTOR: usize = 512;
/// Sectors of a grain: 64 KiB, the only size that ESXi takes.
pub(crate) const GRAIN_SECTORS: u64 = 128;
/// Entries of a grain table, so one table is for 32 MiB of the disk.
pub(crate) const TABLE_ENTRIES: usize = 512;
/// Sectors of a grain table.
pub(crate) const TABLE_SECTORS: u64 = 4;
/// `gdOffset` of a header whose grain directory comes at the end: the footer has the real one.
pub(crate) const DIRECTORY_AT_END: u64 = u64::MAX;

/// Types of a marker whose size is zero.
pub(crate) mod marker {
    /// Nothing follows.
    pub(crate) const END_OF_STREAM: u32 = 0;
    /// A grain table follows.
    pub(crate) const GRAIN_TABLE: u32 = 1;
    /// The grain directory follows.
    pub(crate) const GRAIN_DIRECTORY: u32 = 2;
    /// The footer follows.
    pub(crate) const FOOTER: u32 = 3;
}
