//! Booting from CD: the boot record, the catalogue of boot images (El Torito 1.0), and what GRUB's image for CDs is told
//! about itself.

use super::{BLOCK, descriptor};

/// A boot image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BootImage<'a> {
    /// Whose it is.
    pub(crate) platform: Platform,
    /// Its bytes.
    pub(crate) content: &'a [u8],
}

/// Who starts a boot image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    /// A BIOS from CD: it loads the first 2,048 bytes at 0x7C00 and runs them.
    BiosCd,
    /// UEFI: a FAT file system with `EFI/BOOT`.
    Efi,
    /// Nobody by the catalogue: it only has its place in the volume.
    Unlisted,
}

impl Platform {
    /// Platform identifier (§2.1; UEFI specification 2.10, §13.3.2.1).
    const fn id(self) -> u8 {
        match self {
            Self::BiosCd | Self::Unlisted => 0,
            Self::Efi => 0xEF,
        }
    }
}

/// Sectors of 512 bytes that a BIOS loads.
const BIOS_SECTORS: u16 = 4;
const BOOTABLE: u8 = 0x88;
const LAST_SECTION: u8 = 0x91;
const MORE_SECTIONS: u8 = 0x90;

/// The boot record volume descriptor (Figure 7).
pub(super) fn boot_record(catalogue: u32) -> Vec<u8> {
    let mut d = descriptor(0);
    d.extend(b"EL TORITO SPECIFICATION");
    d.resize(71, 0);
    d.extend(catalogue.to_le_bytes());
    d
}

/// The catalogue of `images` that lie at `blocks`; the first listed one is the default (§2.0).
pub(super) fn catalogue(images: &[BootImage<'_>], blocks: &[u32]) -> Vec<u8> {
    let listed = images.iter().zip(blocks).filter(|(image, _)| image.platform != Platform::Unlisted);
    let listed: Vec<_> = listed.collect();
    let mut bytes = Vec::new();
    for (number, (image, block)) in listed.iter().enumerate() {
        if number == 0 {
            bytes.extend(validation(image.platform));
        } else {
            let last = number + 1 == listed.len();
            bytes.extend([if last { LAST_SECTION } else { MORE_SECTIONS }, image.platform.id(), 1, 0]);
            bytes.extend([0; 28]);
        }
        bytes.extend(entry(image, **block));
    }
    bytes
}

/// Validation entry (Figure 2): the sum of its words is zero.
fn validation(platform: Platform) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes[1] = platform.id();
    bytes[30..].copy_from_slice(&[0x55, 0xAA]);
    let words = bytes.as_chunks::<2>().0.iter();
    let sum = words.fold(0u16, |sum, word| sum.wrapping_add(u16::from_le_bytes(*word)));
    bytes[28..30].copy_from_slice(&sum.wrapping_neg().to_le_bytes());
    bytes
}

/// Initial and section entry (Figures 3 and 5), without emulation of another medium.
fn entry(image: &BootImage<'_>, block: u32) -> [u8; 32] {
    let sectors = match image.platform {
        Platform::BiosCd | Platform::Unlisted => BIOS_SECTORS,
        // 0 is "up to the end of the medium" for what has no room in 16 bits.
        Platform::Efi => u16::try_from(image.content.len().div_ceil(512)).unwrap_or(0),
    };
    let mut bytes = [0; 32];
    bytes[0] = BOOTABLE;
    bytes[6..8].copy_from_slice(&sectors.to_le_bytes());
    bytes[8..12].copy_from_slice(&block.to_le_bytes());
    bytes
}

/// Tells GRUB's image for CDs where on the medium it lies and how long it is: the boot information table at its offset 8
/// (GRUB, `boot/i386/pc/cdboot.S`; mkisofs(8), "-boot-info-table"). `at` is its offset in the volume; it is 64 bytes and
/// longer.
pub(crate) fn boot_information(image: &mut [u8], at: u64) {
    let sum = image[64..].chunks(4).fold(0u32, |sum, word| {
        let mut bytes = [0; 4];
        bytes[..word.len()].copy_from_slice(word);
        sum.wrapping_add(u32::from_le_bytes(bytes))
    });
    let block = u32::try_from(at / BLOCK as u64).unwrap_or(u32::MAX);
    let length = u32::try_from(image.len()).unwrap_or(u32::MAX);
    for (field, value) in [super::PRIMARY, block, length, sum].into_iter().enumerate() {
        let place = 8 + 4 * field;
        image[place..place + 4].copy_from_slice(&value.to_le_bytes());
    }
    image[24..64].fill(0);
}
