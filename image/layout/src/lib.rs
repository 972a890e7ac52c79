//! Disk and slot layout of the appliance, as pure byte writers.
//!
//! The builder of images (on the host) and the installer (on the target) put the same bytes on a disk because both take
//! them from here. Nothing here opens a file, reads a clock or runs a program: callers pass in readers, writers and
//! identifiers, so the same inputs give the same bytes.
//!
//! Start with [`Manifest`] (what an image is), then [`slot`] (the volume that holds one image), [`DiskPlan`] (where
//! things are on a disk) and [`write_disk`] (a whole installed disk). [`media`] is the volume for CD and USB stick. [`grub`] has the boot loader's commands, its
//! configuration and its embedding for BIOS.

mod digest;
mod disk;
mod error;
mod fat;
mod gpt;
pub mod grub;
mod iso;
mod manifest;
pub mod media;
pub mod rock_ridge;
pub mod slot;
mod whole;

pub use digest::{Sha256Digest, Sha256Reader, Sha256Writer};
pub use disk::{
    DiskIds, DiskPlan, ESP_SIZE, MIB, MIN_DISK_SIZE, PartitionExtent, Role, SECTOR, SLOT_SIZE,
    STATE_MIN_SIZE, Slot,
};
pub use error::LayoutError;
pub use fat::{Fat16, Fat32, FatFile, Step, Write};
pub use gpt::{Gpt, GptEntry};
pub use manifest::{Architecture, Artefact, FileEntry, MAX_FILE_SIZE, MAX_MANIFEST_SIZE, Manifest};
pub use whole::{DiskSpec, write_disk};
