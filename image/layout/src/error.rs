//! The one error type of the crate.

use std::io;

/// Why bytes could not be laid out or read back.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// The image manifest is not one that this version understands.
    #[error("image manifest: {field}: {reason}")]
    Manifest {
        /// The field at fault, as written in the file.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that goes into the slot image is not the one the manifest names.
    #[error(
        "{name} does not match the image manifest: expected {expected_size} bytes with SHA-256 {expected_sha256}, \
         got {size} bytes with {sha256}"
    )]
    Content {
        /// File name in the slot image.
        name: &'static str,
        /// Size by the manifest, in bytes.
        expected_size: u64,
        /// Digest by the manifest, in hex.
        expected_sha256: String,
        /// Size that was read (reading stops one byte after the expected size).
        size: u64,
        /// Digest of what was read, in hex.
        sha256: String,
    },
    /// Something does not fit in the room that it has.
    #[error("{what} needs {needed} bytes, {available} are available")]
    NoRoom {
        /// What was to be placed.
        what: &'static str,
        /// Bytes needed.
        needed: u64,
        /// Bytes available.
        available: u64,
    },
    /// A file name that the ESP cannot hold.
    #[error("file name {0:?} does not fit the 8.3 names of the EFI system partition")]
    FatName(String),
    /// An EFI system partition that cannot be read, or lacks a file.
    #[error("the EFI system partition: {0}")]
    Fat(String),
    /// A boot loader file that is not what its name says.
    #[error("{file}: {reason}; rebuild it with grub-mkimage from the same GRUB version")]
    Grub {
        /// `boot.img`, `core.img`, ...
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// No valid GUID partition table.
    #[error("partition table: {0}")]
    Gpt(String),
    /// A GRUB environment block that cannot be read or written.
    #[error("GRUB environment block: {0}")]
    GrubEnv(String),
    /// The reader or writer that the caller passed in failed.
    #[error("{action}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The cause.
        source: io::Error,
    },
}

impl LayoutError {
    /// For `map_err`: wraps an I/O error with what was being done.
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }
}
