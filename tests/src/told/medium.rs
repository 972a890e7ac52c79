//! What the machine starts from.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::directory::LabDirectory;
use crate::error::{LabError, Result};
use crate::lab::Lab;
use crate::machine::{BootMedium, DiskFormat, MachineSpec, disk};

/// A form in which the image comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// The ISO in a CD drive.
    Cd,
    /// The ISO's bytes on a USB stick.
    Stick,
    /// The disk for QEMU.
    Qcow2,
    /// The disk in the OVA.
    OvaDisk,
    /// The disk, sector for sector.
    Raw,
}

impl Medium {
    /// Each.
    pub const ALL: [Self; 5] = [Self::Cd, Self::Stick, Self::Qcow2, Self::OvaDisk, Self::Raw];

    /// Whether the system runs from it without being installed.
    pub(super) const fn is_live(self) -> bool {
        matches!(self, Self::Cd | Self::Stick)
    }

    pub(super) fn plug(self, lab: &Lab, spec: &mut MachineSpec) -> Result<()> {
        let (directory, environment) = (lab.directory(), lab.environment());
        let (image, format) = match self {
            Self::Cd => {
                spec.boot_medium = Some(BootMedium::Cd(environment.iso()?));
                return Ok(());
            }
            Self::Stick => {
                spec.boot_medium = Some(BootMedium::Usb(stick(directory, &environment.iso()?)?));
                return Ok(());
            }
            Self::Qcow2 => (environment.qcow2()?, DiskFormat::Qcow2),
            Self::OvaDisk => (disk::of_ova(directory, &environment.ova()?)?.0, DiskFormat::Vmdk),
            Self::Raw => (environment.raw()?, DiskFormat::Raw),
        };
        spec.disks = vec![disk::overlay_of(directory, "system", "DISK0", (&image, format))?];
        Ok(())
    }
}

/// A USB stick that a boot medium was copied to byte by byte, larger than it.
///
/// # Errors
/// When it cannot be written.
pub fn stick(directory: &LabDirectory, iso: &Path) -> Result<PathBuf> {
    let path = directory.join("stick.img");
    let failed = |source| LabError::File { doing: "make", path: path.clone(), source };
    let size = std::fs::copy(iso, &path).map_err(failed)?;
    let file = File::options().write(true).open(&path).map_err(failed)?;
    file.set_len(size + (64 << 20)).map_err(failed)?;
    Ok(path)
}
