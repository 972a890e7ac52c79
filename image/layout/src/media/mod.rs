//! Boot media: one image as a volume that starts from CD and, copied to it byte by byte, from a USB stick, by BIOS and UEFI.
//!
//! It is an ISO 9660 volume with the files of a slot image. The 32 KiB before its first descriptor, which the format leaves
//! free, hold a partition table, so that the same bytes are a disk:
//!
//! | who starts it | finds |
//! |---|---|
//! | BIOS, CD | GRUB's CD image by the boot catalogue |
//! | BIOS, USB | boot code in sector 0, which loads the core in partition 1 |
//! | UEFI, CD | the EFI system partition by the boot catalogue |
//! | UEFI, USB | the EFI system partition as partition 2 |
//!
//! All four read the same menu, which goes on with `grub.cfg` of the volume: our GRUB for BIOS finds it as `grub/grub.cfg` on
//! partition 2, as on an installed disk; Debian's for UEFI in its own folder, of the volume on CD, of partition 2 on USB.

use std::io::Write;

use uuid::Uuid;

use crate::digest::{Sha256Digest, Sha256Writer};
use crate::disk::{MIB, PartitionExtent, Role, SECTOR};
use crate::fat::{Fat16, FatFile};
use crate::gpt::{Gpt, GptEntry};
use crate::grub::{self, BiosBoot, EFI_CONFIG, EfiFiles, GrubFiles};
use crate::iso::{self, BootImage, Platform};
use crate::manifest::{Artefact, FileEntry, Manifest};
use crate::slot::{GRUB_NAME, MANIFEST_NAME, SlotSources, write_files};
use crate::{DiskIds, LayoutError};

/// Size of the EFI system partition: the loaders have 6.1 MB.
const ESP_SIZE: u64 = 8 * MIB;
/// Bytes after the last file: drives that read ahead fail at the end of a CD (150 blocks), then the backup table.
const TAIL: u64 = 352 * 1024;

/// Boot loader files of a medium.
#[derive(Clone, Copy, Debug)]
pub struct MediaGrub<'a> {
    /// Those of a disk.
    pub disk: GrubFiles<'a>,
    /// GRUB for BIOS from CD, made by [`grub::bios_cd_command`].
    pub cd_img: &'a [u8],
}

/// Where everything lies on a medium.
#[derive(Clone, Debug)]
pub struct MediaLayout {
    manifest: Manifest,
    label: String,
    head: Vec<u8>,
    backup: Vec<u8>,
    offsets: [u64; 3],
    size: u64,
}

/// Label of the medium of an image. Other images have others: with two media in a machine each kernel finds its own root.
pub fn media_label(manifest: &Manifest) -> String {
    let digest = Sha256Digest::of(manifest.to_json().as_bytes()).to_string();
    format!("DAYBREAK_{}", digest[..12].to_ascii_uppercase())
}

impl MediaLayout {
    /// Lays out the medium of an image.
    ///
    /// # Errors
    /// [`LayoutError::Grub`] for unusable boot loader files, [`LayoutError::NoRoom`] when they do not fit.
    pub fn new(manifest: &Manifest, files: &MediaGrub<'_>) -> Result<Self, LayoutError> {
        let label = media_label(manifest);
        let ids = DiskIds::from_seed(&label);
        if files.cd_img.len() < iso::BLOCK {
            let reason = "it is shorter than a block of a CD".to_owned();
            return Err(LayoutError::Grub { file: grub::CD_IMG, reason });
        }
        // The boot images have the same size wherever they lie: places first, then their content.
        let esp_size = usize::try_from(ESP_SIZE).unwrap_or(usize::MAX);
        let places = [vec![0; files.cd_img.len()], files.disk.core_img.to_vec(), vec![0; esp_size]];
        let places = volume(manifest, &label, &places).boot;
        let [cd_at, core_at, esp_at] = places[..] else { unreachable!("three images have three places") };
        let core_size = (files.disk.core_img.len() as u64).next_multiple_of(iso::BLOCK as u64);
        let core_place = PartitionExtent { start: core_at, size: core_size };
        let bios = BiosBoot::new(files.disk.boot_img, files.disk.core_img, core_place)?;
        let mut cd_img = files.cd_img.to_vec();
        iso::boot_information(&mut cd_img, cd_at);
        let esp_place = PartitionExtent { start: esp_at, size: ESP_SIZE };
        let esp = esp(manifest, &label, &ids, files.disk.efi, &esp_place)?;

        let mut volume = volume(manifest, &label, &[cd_img, bios.core().to_vec(), esp]);
        let partition = |role: Role, place: &PartitionExtent| GptEntry {
            type_guid: role.type_guid(),
            guid: ids.partition(role),
            first_lba: place.first_lba(),
            last_lba: place.first_lba() + place.size / SECTOR - 1,
            name: role.name().to_owned(),
        };
        let gpt = Gpt {
            disk_guid: Uuid::new_v5(&ids.disk(), b"medium"),
            sectors: volume.size / SECTOR,
            entries: vec![partition(Role::BiosBoot, &core_place), partition(Role::Esp, &esp_place)],
        };
        let mut table = gpt.primary_bytes(bios.boot_code());
        bootable_entry(&mut table);
        volume.head[..table.len()].copy_from_slice(&table);
        Ok(Self {
            manifest: manifest.clone(),
            label,
            head: volume.head,
            backup: gpt.backup_bytes(),
            offsets: volume.offsets,
            size: volume.size,
        })
    }

    /// Bytes of the medium, a multiple of 1 MiB.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Label of the volume, which `daybreak.media=` on the kernel line names.
    pub fn label(&self) -> &str {
        &self.label
    }
}

/// The volume around three boot images.
fn volume(manifest: &Manifest, label: &str, images: &[Vec<u8>; 3]) -> iso::Volume {
    let json = manifest.to_json();
    let config = grub::media_volume_config(manifest, label);
    let menu = grub::media_config(manifest, label);
    let platforms = [Platform::BiosCd, Platform::Unlisted, Platform::Efi];
    let image = |(platform, content)| BootImage { platform, content };
    let boot: Vec<_> = platforms.into_iter().zip(images.iter().map(Vec::as_slice)).map(image).collect();
    let large = Artefact::IN_SLOT.map(|artefact| {
        let size = manifest.file(artefact).map_or(0, |entry| entry.size);
        (artefact.file_name(), size)
    });
    iso::volume(&iso::Content {
        label,
        boot: &boot,
        small: &[
            (MANIFEST_NAME, json.as_bytes()),
            (GRUB_NAME, config.as_bytes()),
            (EFI_CONFIG, menu.as_bytes()),
        ],
        large,
        tail: TAIL,
        align: MIB,
    })
}

/// The whole EFI system partition.
fn esp(
    manifest: &Manifest,
    label: &str,
    ids: &DiskIds,
    efi: EfiFiles<'_>,
    place: &PartitionExtent,
) -> Result<Vec<u8>, LayoutError> {
    let loaders = efi.esp_files()?;
    let fat = Fat16 {
        size: place.size,
        hidden_sectors: u32::try_from(place.first_lba()).unwrap_or(0),
        volume_id: ids.esp_volume_id(),
        label: *b"DAYBREAK   ",
    };
    let config = grub::media_config(manifest, label);
    let menus = [EFI_CONFIG, "grub/grub.cfg"].map(|path| FatFile { path, content: config.as_bytes() });
    let mut bytes = fat.bytes(&[&loaders[..], &menus].concat())?;
    bytes.resize(usize::try_from(place.size).unwrap_or(usize::MAX), 0);
    Ok(bytes)
}

/// Some BIOSes start no disk without an active partition: an empty second entry in the protective MBR has the flag, as the
/// first one must not (UEFI specification §5.2.3).
fn bootable_entry(table: &mut [u8]) {
    const SECOND: usize = 462;
    table[SECOND] = 0x80;
    table[SECOND + 12] = 1;
}

/// Writes a medium front to back and gives its size and digest.
///
/// # Errors
/// As [`crate::slot::write_slot`].
pub fn write_media<W: Write>(
    out: W,
    layout: &MediaLayout,
    sources: SlotSources<'_>,
) -> Result<FileEntry, LayoutError> {
    let writing = || LayoutError::io("write the boot medium");
    let mut out = Sha256Writer::new(out);
    let mut volume = write_files(&mut out, &layout.head, &layout.manifest, layout.offsets, sources)?;
    volume.zeroes_to(layout.size - layout.backup.len() as u64).map_err(writing())?;
    volume.write_all(&layout.backup).map_err(writing())?;
    out.flush().map_err(writing())?;
    let (_, size, sha256) = out.finish();
    Ok(FileEntry { size, sha256 })
}

#[cfg(test)]
mod tests;
