//! The boot loaders of an installed disk renewed by those of a newer image.
//!
//! Each of the three parts is replaced by one sector that leads to the new content instead of the old one, which stays
//! where it is until then: the folder with shim, GRUB and `MokManager`; the boot code, which knows where GRUB's core for BIOS lies; and the
//! folder with the menu. The menu comes last, for it may use what only the new GRUB can do.

use std::io;

use crate::LayoutError;
use crate::disk::{DiskIds, PartitionExtent, SECTOR};
use crate::fat::{FatFile, Step, Volume, replace};

use super::config::{EFI_STUB, disk_config};
use super::embed::{BLOCK_LIST, BOOT_KERNEL_SECTOR, SECTOR_BYTES};
use super::sbat::lower;
use super::{BiosBoot, EFI_CONFIG, EfiFiles, GrubFiles, INSTALLED};

/// What is to be done about one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal<T> {
    /// It is the same.
    Same,
    /// It is another one.
    Renew(T),
    /// It stays, for this reason.
    Keep(String),
}

/// GRUB for BIOS in another place than the one that is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BiosSteps {
    /// First of all: offset in the BIOS boot partition, and the core.
    pub core: (u64, Vec<u8>),
    /// And then: sector 0 of the disk, with the partition table that it had.
    pub sector_0: [u8; SECTOR_BYTES],
}

/// Shim, GRUB and `MokManager` on the EFI system partition that `read_at` reads. They are changed together, and never to a lower
/// generation.
///
/// # Errors
/// [`LayoutError::Fat`] when the partition is damaged, [`LayoutError::Grub`] when a loader is not signed,
/// [`LayoutError::NoRoom`]; [`LayoutError::Io`].
pub fn renew_efi(
    read_at: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
    new: EfiFiles<'_>,
) -> Result<Renewal<Vec<Step>>, LayoutError> {
    let files = new.esp_files()?;
    let mut volume = Volume::open(read_at)?;
    let mut other = Vec::new();
    for file in files {
        let known = volume.read(file.path)?;
        if let Some(what) = lower(&known, file.content) {
            return Ok(Renewal::Keep(what));
        }
        if known != file.content {
            other.push(file);
        }
    }
    steps(&mut volume, &other)
}

/// The menu on the EFI system partition of the disk with these identifiers, and what leads GRUB to it.
///
/// # Errors
/// [`LayoutError::Fat`] when the partition is damaged, [`LayoutError::NoRoom`]; [`LayoutError::Io`].
pub fn renew_menu(
    read_at: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
    ids: &DiskIds,
) -> Result<Renewal<Vec<Step>>, LayoutError> {
    let mut volume = Volume::open(read_at)?;
    let menu = disk_config(ids);
    let mut other = Vec::new();
    for path in [EFI_CONFIG, INSTALLED] {
        // A disk that was installed before there was such a file goes on without.
        if volume.read(path).is_ok_and(|known| known != EFI_STUB.as_bytes()) {
            other.push(FatFile { path, content: EFI_STUB.as_bytes() });
        }
    }
    let path = "grub/grub.cfg";
    if volume.read(path)? != menu.as_bytes() {
        other.push(FatFile { path, content: menu.as_bytes() });
    }
    steps(&mut volume, &other)
}

fn steps(volume: &mut Volume<'_>, files: &[FatFile<'_>]) -> Result<Renewal<Vec<Step>>, LayoutError> {
    if files.is_empty() { Ok(Renewal::Same) } else { replace(volume, files).map(Renewal::Renew) }
}

/// GRUB for BIOS, by sector 0 of the disk and the BIOS boot partition at `place`, which `read_at` reads.
///
/// # Errors
/// [`LayoutError::Grub`] when a file is not what its name says, [`LayoutError::Io`].
pub fn renew_bios(
    sector_0: &[u8; SECTOR_BYTES],
    place: PartitionExtent,
    read_at: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
    new: &GrubFiles<'_>,
) -> Result<Renewal<BiosSteps>, LayoutError> {
    let kept = |reason: &str| Ok(Renewal::Keep(reason.to_owned()));
    // The words that boot.img has for a person at the console.
    if !sector_0[..440].windows(5).any(|bytes| bytes == b"GRUB ") {
        return kept("the boot code of the disk is not GRUB's");
    }
    let first = sector_0[BOOT_KERNEL_SECTOR..].first_chunk().map_or(0, |number| u64::from_le_bytes(*number));
    let start = first.checked_mul(SECTOR).and_then(|offset| offset.checked_sub(place.start));
    let Some(start) = start.filter(|start| *start < place.size) else {
        return kept("the boot code of the disk leads out of the BIOS boot partition");
    };
    let mut head = [0; SECTOR_BYTES];
    let mut read = |offset: u64, bytes: &mut [u8]| {
        read_at(offset, bytes).map_err(LayoutError::io("read the BIOS boot partition"))
    };
    read(start, &mut head)?;
    let sectors = u16::from_le_bytes([head[BLOCK_LIST + 8], head[BLOCK_LIST + 9]]);
    let length = (u64::from(sectors) + 1) * SECTOR;
    let Some(room) = (place.size - start).checked_sub(length) else {
        return kept("GRUB's core does not end within the BIOS boot partition");
    };
    let at = |start: u64, size: u64| PartitionExtent { start: place.start + start, size };
    let mut known = vec![0; usize::try_from(length).unwrap_or(0)];
    read(start, &mut known)?;
    match BiosBoot::new(new.boot_img, new.core_img, at(start, length)) {
        Ok(here) if here.core() == known && here.boot_code()[..] == sector_0[..440] => {
            return Ok(Renewal::Same);
        }
        // A larger core is another one, and has to find its place.
        Ok(_) | Err(LayoutError::NoRoom { .. }) => {}
        Err(wrong) => return Err(wrong),
    }
    // Before or behind the one that is started until the new sector 0 is there.
    let behind = start + length;
    let made = [(0, start), (behind, room)].into_iter().find_map(|(free, size)| {
        Some((free, BiosBoot::new(new.boot_img, new.core_img, at(free, size))))
            .filter(|(_, made)| !matches!(made, Err(LayoutError::NoRoom { .. })))
    });
    let Some((free, made)) = made else {
        return kept("the BIOS boot partition has no room for two cores");
    };
    let made = made?;
    let mut new_sector = *sector_0;
    new_sector[..440].copy_from_slice(made.boot_code());
    Ok(Renewal::Renew(BiosSteps { core: (free, made.core().to_vec()), sector_0: new_sector }))
}

#[cfg(test)]
mod tests;
