//! The boot loaders of the disk become those of the image that stays.
//!
//! Without this a machine would start by the shim and the GRUB that it was installed with for ever, whatever holes are found in
//! them. What is written where is decided by [`daybreak_layout::grub::renew_efi`] and its like; here it is written, read back, and kept
//! in order: each step is on the medium before the next one begins.

use std::fmt;

use daybreak_installer::Target;
use daybreak_layout::grub::{BiosSteps, GrubFiles, Renewal, renew_bios, renew_efi, renew_menu};
use daybreak_layout::{DiskIds, Gpt, LayoutError, PartitionExtent, Role, SECTOR, Slot, Step};
use serde::{Deserialize, Serialize};

use crate::UpgradeError;

/// What became of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It was that of the image already.
    Same,
    /// It is that of the image now.
    Renewed,
    /// It is as it was, for this reason.
    Kept(String),
}

/// What became of the boot loaders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewed {
    /// Shim, GRUB and `MokManager` for UEFI.
    pub efi: Fate,
    /// GRUB for BIOS.
    pub bios: Fate,
    /// The boot menu.
    pub menu: Fate,
}

impl Renewed {
    /// All are as they were, for the same reason.
    pub fn kept(reason: &str) -> Self {
        let kept = || Fate::Kept(reason.to_owned());
        Self { efi: kept(), bios: kept(), menu: kept() }
    }
}

impl fmt::Display for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [("UEFI", &self.efi), ("BIOS", &self.bios), ("menu", &self.menu)];
        for (number, (name, fate)) in all.into_iter().enumerate() {
            let comma = if number == 0 { "" } else { "; " };
            match fate {
                Fate::Same => write!(f, "{comma}{name} the same")?,
                Fate::Renewed => write!(f, "{comma}{name} renewed")?,
                Fate::Kept(reason) => write!(f, "{comma}{name} kept: {reason}")?,
            }
        }
        Ok(())
    }
}

/// Where boot loaders lie.
pub struct Disk<'a> {
    /// The EFI system partition.
    pub esp: &'a mut dyn Target,
    /// The BIOS boot partition, where there is one.
    pub bios_boot: Option<&'a mut dyn Target>,
    /// The whole disk, for its first sector.
    pub whole: &'a mut dyn Target,
    /// Its partition table.
    pub gpt: &'a Gpt,
}

/// Gives the disk the boot loaders of an image. What cannot be renewed stays as it was, and the reason is told: a machine that
/// has started well once goes on with what it has.
pub fn renew(disk: &mut Disk<'_>, files: &GrubFiles<'_>) -> Renewed {
    let esp = disk.esp.path().to_owned();
    let plan = renew_efi(&mut |offset, bytes| disk.esp.read_at(offset, bytes), files.efi);
    let efi = match plan.map_err(|source| UpgradeError::Loaders { device: esp, source }) {
        // Those of an older image, which brings an older menu and an older GRUB for BIOS.
        Ok(Renewal::Keep(reason)) => return Renewed::kept(&reason),
        plan => fate(plan, |steps| make(disk.esp, &steps)),
    };
    let bios = fate(bios(disk, files), |steps| write_bios(disk, &steps));
    let menu = fate(menu(disk), |steps| make(disk.esp, &steps));
    Renewed { efi, bios, menu }
}

fn fate<T>(plan: Result<Renewal<T>, UpgradeError>, make: impl FnOnce(T) -> Result<(), UpgradeError>) -> Fate {
    match plan {
        Ok(Renewal::Same) => Fate::Same,
        Ok(Renewal::Keep(reason)) => Fate::Kept(reason),
        Ok(Renewal::Renew(steps)) => {
            make(steps).map_or_else(|error| Fate::Kept(error.to_string()), |()| Fate::Renewed)
        }
        Err(error) => Fate::Kept(error.to_string()),
    }
}

fn menu(disk: &mut Disk<'_>) -> Result<Renewal<Vec<Step>>, UpgradeError> {
    let ids = DiskIds::new(disk.gpt.disk_guid);
    // The menu names the slots by what follows from the disk's identifier, and a copy of a disk may have been given others.
    let known = |role: Role| {
        let named = disk.gpt.entries.iter().find(|entry| entry.name == role.name());
        named.is_some_and(|entry| entry.guid == ids.partition(role))
    };
    if ![Slot::A, Slot::B].into_iter().all(|slot| known(Role::Slot(slot))) {
        return Ok(Renewal::Keep(
            "the identifiers of the slots do not follow from that of the disk".to_owned(),
        ));
    }
    let device = disk.esp.path().to_owned();
    let plan = renew_menu(&mut |offset, bytes| disk.esp.read_at(offset, bytes), &ids);
    plan.map_err(|source| UpgradeError::Loaders { device, source })
}

fn bios(disk: &mut Disk<'_>, files: &GrubFiles<'_>) -> Result<Renewal<BiosSteps>, UpgradeError> {
    let entry = disk.gpt.entries.iter().find(|entry| entry.name == Role::BiosBoot.name());
    let (Some(entry), Some(partition)) = (entry, disk.bios_boot.as_mut()) else {
        return Ok(Renewal::Keep("there is no BIOS boot partition".to_owned()));
    };
    let place = PartitionExtent {
        start: entry.first_lba.saturating_mul(SECTOR),
        size: entry.last_lba.saturating_add(1).saturating_sub(entry.first_lba).saturating_mul(SECTOR),
    };
    let mut sector_0 = [0; 512];
    let read = disk.whole.read_at(0, &mut sector_0);
    read.map_err(UpgradeError::device("read the boot code of", disk.whole.path()))?;
    let plan = renew_bios(&sector_0, place, &mut |offset, bytes| partition.read_at(offset, bytes), files);
    plan.map_err(|source: LayoutError| UpgradeError::Loaders { device: partition.path().to_owned(), source })
}

fn write_bios(disk: &mut Disk<'_>, steps: &BiosSteps) -> Result<(), UpgradeError> {
    let (offset, core) = &steps.core;
    if let Some(partition) = disk.bios_boot.as_mut() {
        write(*partition, &[(*offset, core)])?;
    }
    write(disk.whole, &[(0, &steps.sector_0)])
}

fn make(target: &mut dyn Target, steps: &[Step]) -> Result<(), UpgradeError> {
    steps.iter().try_for_each(|step| {
        let writes: Vec<_> = step.iter().map(|write| (write.offset, write.bytes.as_slice())).collect();
        write(target, &writes)
    })
}

/// Writes and reads back: all of it is on the medium when this returns.
fn write(target: &mut dyn Target, writes: &[(u64, &[u8])]) -> Result<(), UpgradeError> {
    let device = target.path().to_owned();
    let failed = || UpgradeError::device("write the boot loaders to", &device);
    for (offset, bytes) in writes {
        target.write_at(*offset, bytes).map_err(failed())?;
    }
    target.sync().map_err(failed())?;
    target.drop_cache().map_err(failed())?;
    for (offset, bytes) in writes {
        let mut found = vec![0; bytes.len()];
        let read = target.read_at(*offset, &mut found);
        read.map_err(UpgradeError::device("read the boot loaders back from", &device))?;
        if found != **bytes {
            return Err(UpgradeError::NotKept { device });
        }
    }
    Ok(())
}
