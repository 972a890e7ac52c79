//! FAT16, for a file system too small for FAT32: boot media, whose boot catalogue can only name 32 MiB.

use super::{FATS, FIRST_CLUSTER, FatFile, Node, SECTOR, entry};
use crate::LayoutError;

const RESERVED_SECTORS: u32 = 1;
/// Entries of the root directory, which has a place of its own before the data.
const ROOT_ENTRIES: u16 = 512;
const ROOT_SECTORS: u32 = 32;
/// Fewer clusters than this would be read as FAT12, more as FAT32 (specification §3.5).
const MIN_CLUSTERS: u32 = 4_085;
const MAX_CLUSTERS: u32 = 65_524;

/// The parameters of the file system; one sector per cluster.
#[derive(Clone, Copy, Debug)]
pub struct Fat16 {
    /// Size of the partition in bytes, a multiple of 512.
    pub size: u64,
    /// First sector of the partition on its disk.
    pub hidden_sectors: u32,
    /// Serial number.
    pub volume_id: u32,
    /// Label, 11 characters, padded with spaces.
    pub label: [u8; 11],
}

impl Fat16 {
    /// The bytes from the start of the partition to the end of the last file; whatever follows on the partition is free
    /// space whose content does not matter.
    ///
    /// # Errors
    /// [`LayoutError::FatName`] for a name that is not 8.3, [`LayoutError::NoRoom`] when the partition is too small or too
    /// large for FAT16 with clusters of 512 bytes or the files do not fit.
    pub fn bytes(&self, files: &[FatFile<'_>]) -> Result<Vec<u8>, LayoutError> {
        let (sectors, fat_sectors, clusters) = self.geometry()?;
        let mut root = Node::directory([b' '; 11], 0);
        for file in files {
            root.insert(file.path, file.content)?;
        }
        let mut next = FIRST_CLUSTER;
        for child in &mut root.children {
            child.allocate(&mut next);
        }
        let used = next - FIRST_CLUSTER;
        if used > clusters || root.children.len() >= usize::from(ROOT_ENTRIES) {
            return Err(LayoutError::NoRoom {
                what: "the files of the EFI system partition",
                needed: u64::from(used) * 512,
                available: u64::from(clusters) * 512,
            });
        }
        let mut fat = vec![0x0FFF_FFF8, super::END_OF_CHAIN];
        fat.resize(next as usize, 0);
        let mut data = vec![0; used as usize * SECTOR];
        for child in &root.children {
            child.write(&mut fat, &mut data, Some(0), &self.label);
        }
        let mut bytes = self.boot_sector(sectors, fat_sectors).to_vec();
        // The low halves of FAT32's entries, "end" and "media" among them, are FAT16's.
        let mut table: Vec<u8> = fat.iter().flat_map(|entry| entry.to_le_bytes()[..2].to_vec()).collect();
        table.resize(fat_sectors as usize * SECTOR, 0);
        for _ in 0..FATS {
            bytes.extend(&table);
        }
        let mut listing = root.listing(&[entry(self.label, 0, super::ATTR_VOLUME_ID, 0, 0)]);
        listing.resize(ROOT_SECTORS as usize * SECTOR, 0);
        bytes.extend(listing);
        bytes.extend(data);
        Ok(bytes)
    }

    /// Sectors in all, sectors of one FAT, and data clusters.
    fn geometry(&self) -> Result<(u32, u32, u32), LayoutError> {
        let sectors = u32::try_from(self.size / 512).unwrap_or(u32::MAX);
        let room = sectors.saturating_sub(RESERVED_SECTORS + ROOT_SECTORS);
        // 256 entries of 2 bytes per sector; as for FAT32, perhaps a few sectors more than needed.
        let fat_sectors = (room + 2).div_ceil(256 + FATS);
        let clusters = room.saturating_sub(FATS * fat_sectors);
        if !(MIN_CLUSTERS..=MAX_CLUSTERS).contains(&clusters) {
            return Err(LayoutError::NoRoom {
                what: "a FAT16 file system",
                needed: u64::from(MIN_CLUSTERS + FATS * 17 + RESERVED_SECTORS + ROOT_SECTORS) * 512,
                available: self.size,
            });
        }
        Ok((sectors, fat_sectors, clusters))
    }

    fn boot_sector(&self, sectors: u32, fat_sectors: u32) -> [u8; SECTOR] {
        let mut s = [0; SECTOR];
        s[..3].copy_from_slice(&[0xEB, 0x3C, 0x90]);
        s[3..11].copy_from_slice(b"MSWIN4.1");
        s[11..13].copy_from_slice(&512u16.to_le_bytes());
        s[13] = 1; // sectors per cluster
        s[14] = 1; // reserved sectors, low byte
        s[16] = 2; // FATs
        s[17..19].copy_from_slice(&ROOT_ENTRIES.to_le_bytes());
        // One of the two fields has the number of sectors.
        match u16::try_from(sectors) {
            Ok(sectors) => s[19..21].copy_from_slice(&sectors.to_le_bytes()),
            Err(_) => s[32..36].copy_from_slice(&sectors.to_le_bytes()),
        }
        s[21] = 0xF8; // media: fixed disk
        s[22..24].copy_from_slice(&u16::try_from(fat_sectors).unwrap_or(u16::MAX).to_le_bytes());
        s[24..26].copy_from_slice(&63u16.to_le_bytes());
        s[26..28].copy_from_slice(&255u16.to_le_bytes());
        s[28..32].copy_from_slice(&self.hidden_sectors.to_le_bytes());
        s[36] = 0x80; // drive number
        s[38] = 0x29; // the next three fields are there
        s[39..43].copy_from_slice(&self.volume_id.to_le_bytes());
        s[43..54].copy_from_slice(&self.label);
        s[54..62].copy_from_slice(b"FAT16   ");
        // Firmware that jumps here halts instead of running zeroes: hlt; jmp back.
        s[62..65].copy_from_slice(&[0xF4, 0xEB, 0xFD]);
        s[510..].copy_from_slice(&[0x55, 0xAA]);
        s
    }
}
