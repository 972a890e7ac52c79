//! What `grub-bios-setup` does, without a mounted file system: sector numbers written into `boot.img` and `core.img`.

use crate::LayoutError;
use crate::disk::{PartitionExtent, SECTOR};

use super::{BOOT_IMG, CORE_IMG};

pub(super) const SECTOR_BYTES: usize = 512;
/// Offsets and values of GRUB's `i386/pc/boot.h`: where `boot.img` keeps the first sector of the core,
pub(super) const BOOT_KERNEL_SECTOR: usize = 0x5C;
/// where it jumps over its check for a floppy's drive number (two `nop` make it trust the BIOS),
const BOOT_DRIVE_CHECK: usize = 0x66;
/// where `diskboot.img`, the core's first sector, keeps the list of the sectors after it,
pub(super) const BLOCK_LIST: usize = SECTOR_BYTES - 12;
/// and the segment to which those are loaded.
const KERNEL_SEGMENT: u16 = 0x0820;

/// Boot code for the MBR and the core for the BIOS boot partition.
#[derive(Clone, Debug)]
pub struct BiosBoot {
    boot_code: [u8; 440],
    core: Vec<u8>,
}

impl BiosBoot {
    /// From GRUB's files, for a BIOS boot partition at `place`.
    ///
    /// # Errors
    /// [`LayoutError::Grub`] when a file is not what its name says, [`LayoutError::NoRoom`] when the core is too large.
    pub fn new(boot_img: &[u8], core_img: &[u8], place: PartitionExtent) -> Result<Self, LayoutError> {
        if boot_img.len() != SECTOR_BYTES || boot_img[510..] != [0x55, 0xAA] {
            return Err(broken(BOOT_IMG, "it is not a boot sector of 512 bytes"));
        }
        if boot_img[BOOT_DRIVE_CHECK] != 0xEB {
            return Err(broken(BOOT_IMG, "there is no drive check at offset 0x66"));
        }
        let sectors = core_img.len().div_ceil(SECTOR_BYTES);
        if core_img.len() as u64 > place.size {
            return Err(LayoutError::NoRoom {
                what: "GRUB's core",
                needed: core_img.len() as u64,
                available: place.size,
            });
        }
        let rest = sectors.checked_sub(1).and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0);
        let rest = rest.ok_or_else(|| broken(CORE_IMG, "it is shorter than two sectors"))?;
        if core_img[BLOCK_LIST + 10..SECTOR_BYTES] != KERNEL_SEGMENT.to_le_bytes() {
            return Err(broken(CORE_IMG, "its first sector is not diskboot.img"));
        }
        let first = place.start / SECTOR;

        let mut core = core_img.to_vec();
        core.resize(sectors * SECTOR_BYTES, 0);
        core[BLOCK_LIST..BLOCK_LIST + 8].copy_from_slice(&(first + 1).to_le_bytes());
        core[BLOCK_LIST + 8..BLOCK_LIST + 10].copy_from_slice(&rest.to_le_bytes());

        let mut boot_code = [0; 440];
        boot_code.copy_from_slice(&boot_img[..440]);
        boot_code[BOOT_KERNEL_SECTOR..BOOT_KERNEL_SECTOR + 8].copy_from_slice(&first.to_le_bytes());
        boot_code[BOOT_DRIVE_CHECK..BOOT_DRIVE_CHECK + 2].copy_from_slice(&[0x90, 0x90]);
        Ok(Self { boot_code, core })
    }

    /// For the first 440 bytes of the disk.
    pub const fn boot_code(&self) -> &[u8; 440] {
        &self.boot_code
    }

    /// For the start of the BIOS boot partition.
    pub fn core(&self) -> &[u8] {
        &self.core
    }
}

fn broken(file: &'static str, reason: &str) -> LayoutError {
    LayoutError::Grub { file, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::MIB;

    const PLACE: PartitionExtent = PartitionExtent { start: MIB, size: MIB };

    fn boot() -> Vec<u8> {
        let mut boot = vec![0x11; 512];
        boot[0x66] = 0xEB;
        boot[510..].copy_from_slice(&[0x55, 0xAA]);
        boot
    }

    fn core(len: usize) -> Vec<u8> {
        let mut core = vec![0x22; len];
        if len >= 512 {
            core[510..512].copy_from_slice(&[0x20, 0x08]);
        }
        core
    }

    #[test]
    fn sector_numbers_are_filled_in() {
        let made = BiosBoot::new(&boot(), &core(1300), PLACE).unwrap();
        assert_eq!(made.boot_code()[0x5C..0x64], 2048u64.to_le_bytes());
        assert_eq!(made.boot_code()[0x66..0x68], [0x90, 0x90]);
        assert_eq!(made.core().len(), 3 * 512);
        assert_eq!(made.core()[500..508], 2049u64.to_le_bytes());
        assert_eq!(made.core()[508..512], [2, 0, 0x20, 0x08]);
        assert_eq!(made.core()[1300..], [0; 236]);
    }

    #[test]
    fn files_that_are_not_grubs_are_refused() {
        let no_signature = vec![0; 512];
        let mut no_check = boot();
        no_check[0x66] = 0;
        for boot_img in [&no_signature[..], &no_check, &boot()[..511]] {
            let result = BiosBoot::new(boot_img, &core(2000), PLACE);
            assert!(matches!(result, Err(LayoutError::Grub { file: "boot.img", .. })));
        }
        for core_img in [core(0), core(512), vec![0; 2000]] {
            let result = BiosBoot::new(&boot(), &core_img, PLACE);
            assert!(matches!(result, Err(LayoutError::Grub { file: "core.img", .. })));
        }
    }

    #[test]
    fn a_core_larger_than_its_partition_is_refused() {
        let result = BiosBoot::new(&boot(), &core(1024 * 1024 + 1), PLACE);
        assert!(matches!(result, Err(LayoutError::NoRoom { .. })));
    }
}
