//! The boot loaders of the running image, and the disk that they are for.

use std::path::Path;

use daybreak_installer::{LoaderFiles, Target};
use daybreak_layout::grub::GRUB_DIR;
use daybreak_upgrade::{Disk, Machine, Renewed, UpgradeError};

use super::look;

/// Renews those of the disk; says why if it cannot.
pub(super) fn renew(machine: &Machine, esp: &mut dyn Target) -> Renewed {
    attempt(machine, esp).unwrap_or_else(|error| Renewed::kept(&error.to_string()))
}

fn attempt(machine: &Machine, esp: &mut dyn Target) -> Result<Renewed, UpgradeError> {
    let read = LoaderFiles::read(Path::new(GRUB_DIR))?;
    let gpt = machine.gpt()?;
    let mut whole = look(machine.disk())?;
    let mut bios_boot = machine.bios_boot().map(look).transpose()?;
    let bios_boot = bios_boot.as_mut().map(|target| target as &mut dyn Target);
    let mut disk = Disk { esp, bios_boot, whole: &mut whole, gpt: &gpt };
    Ok(daybreak_upgrade::renew(&mut disk, &read.files()))
}
