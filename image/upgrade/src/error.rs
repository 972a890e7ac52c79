//! The one error type of the crate.

use std::io;
use std::path::{Path, PathBuf};

use daybreak_installer::InstallError;
use daybreak_layout::{LayoutError, Slot};

use crate::record::Image;

/// Why an upgrade did not happen. The system that runs is as it was, whatever the error.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// This system was not started from a slot.
    #[error("this system does not run from an installed disk: {0}; install it with `vrouter install`")]
    NotInstalled(String),
    /// The running slot has not been found good yet.
    #[error(
        "slot {} runs on trial: the other slot is the way back and cannot be replaced yet; wait until \
         `vrouter upgrade status` says that it is confirmed", .0.letter()
    )]
    OnTrial(Slot),
    /// The other slot's image was tried and given up.
    #[error("{image} was tried, and did not stay: {reason}; to try it again give --force")]
    GivenUp {
        /// The image.
        image: Image,
        /// Why it did not stay.
        reason: String,
    },
    /// There is nothing to go back to.
    #[error("slot {} holds no image that can be started", .0.letter())]
    Empty(Slot),
    /// The image cannot be had, is not trusted, or cannot be written.
    #[error(transparent)]
    Image(#[from] InstallError),
    /// GRUB's environment cannot be read or written.
    #[error("the boot loader's environment on {device}: {source}")]
    Environment {
        /// The EFI system partition.
        device: PathBuf,
        /// The cause.
        source: LayoutError,
    },
    /// The disk's partition table cannot be read.
    #[error("{device}: {source}")]
    Table {
        /// The disk.
        device: PathBuf,
        /// The cause.
        source: LayoutError,
    },
    /// The boot loaders on the disk, or those of the image, are not what they should be.
    #[error("{device}: {source}")]
    Loaders {
        /// The disk or partition.
        device: PathBuf,
        /// The cause.
        source: LayoutError,
    },
    /// A device cannot be read or written.
    #[error("{action} {device}: {source}")]
    Device {
        /// What was being done.
        action: &'static str,
        /// The device.
        device: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// What was written to a device is not what is read from it.
    #[error("{device}: what was written to it did not stay: replace the disk, its cable or its controller")]
    NotKept {
        /// The device.
        device: PathBuf,
    },
    /// The record of the upgrade on the state partition cannot be read or written.
    #[error("{action} {path}: {source}")]
    Record {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl UpgradeError {
    /// For `map_err`: wraps an I/O error of a device.
    pub(crate) fn device(action: &'static str, device: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Device { action, device: device.to_owned(), source }
    }

    /// For `map_err`: wraps an I/O error of a record.
    pub(crate) fn record(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Record { action, path: path.to_owned(), source }
    }
}
