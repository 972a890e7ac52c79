//! A FAT32 file system with fixed content, written in one go (Microsoft FAT specification 1.03).
//!
//! Without time stamps, so that the same files give the same bytes on every machine. Files are contiguous: GRUB rewrites
//! `grubenv` through its block list. A file system that is there already is read by [`Volume`] and changed by [`replace`].

mod fat16;
mod replace;
mod volume;

pub use fat16::Fat16;
pub(crate) use replace::replace;
pub use replace::{Step, Write};
pub(crate) use volume::Volume;

use crate::LayoutError;

const SECTOR: usize = 512;
const RESERVED_SECTORS: u32 = 32;
const FATS: u32 = 2;
const END_OF_CHAIN: u32 = 0x0FFF_FFFF;
const FIRST_CLUSTER: u32 = 2;
/// Fewer clusters than this would be read as FAT16 (specification §3.5).
const MIN_CLUSTERS: u32 = 65_525;
const ATTR_VOLUME_ID: u8 = 0x08;
const ATTR_DIRECTORY: u8 = 0x10;
const ATTR_ARCHIVE: u8 = 0x20;
/// 1980-01-01, the earliest date that the format has.
const DATE: [u8; 2] = 0x0021u16.to_le_bytes();

/// A file for the file system.
#[derive(Clone, Copy, Debug)]
pub struct FatFile<'a> {
    /// Path such as `EFI/BOOT/BOOTX64.EFI`; each part an 8.3 name, base and extension each in one case.
    pub path: &'a str,
    /// Content.
    pub content: &'a [u8],
}

/// The parameters of the file system; one sector per cluster.
#[derive(Clone, Copy, Debug)]
pub struct Fat32 {
    /// Size of the partition in bytes, a multiple of 512.
    pub size: u64,
    /// First sector of the partition on its disk.
    pub hidden_sectors: u32,
    /// Serial number.
    pub volume_id: u32,
    /// Label, 11 characters, padded with spaces.
    pub label: [u8; 11],
}

/// A directory or a file, with the clusters it was given.
struct Node<'a> {
    name: [u8; 11],
    case: u8,
    children: Vec<Node<'a>>,
    content: Option<&'a [u8]>,
    cluster: u32,
    clusters: u32,
}

impl Fat32 {
    /// The bytes from the start of the partition to the end of the last file; whatever follows on the partition is free
    /// space whose content does not matter.
    ///
    /// # Errors
    /// [`LayoutError::FatName`] for a name that is not 8.3, [`LayoutError::NoRoom`] when the partition is too small or too
    /// large for FAT32 with clusters of 512 bytes or the files do not fit.
    pub fn bytes(&self, files: &[FatFile<'_>]) -> Result<Vec<u8>, LayoutError> {
        let (fat_sectors, clusters) = self.geometry()?;
        let mut root = Node::directory([b' '; 11], 0);
        for file in files {
            root.insert(file.path, file.content)?;
        }
        let mut next = FIRST_CLUSTER;
        root.allocate(&mut next);
        let used = next - FIRST_CLUSTER;
        if used > clusters {
            return Err(LayoutError::NoRoom {
                what: "the files of the EFI system partition",
                needed: u64::from(used) * 512,
                available: u64::from(clusters) * 512,
            });
        }
        let mut fat = vec![0x0FFF_FFF8, END_OF_CHAIN];
        fat.resize(next as usize, 0);
        let mut data = vec![0; used as usize * SECTOR];
        root.write(&mut fat, &mut data, None, &self.label);
        Ok(self.assemble(fat_sectors, clusters - used, next, &fat, &data))
    }

    /// Sectors of one FAT, and data clusters.
    fn geometry(&self) -> Result<(u32, u32), LayoutError> {
        let too_small = |available: u64| LayoutError::NoRoom {
            what: "a FAT32 file system",
            needed: u64::from(MIN_CLUSTERS + 2 * 512 + RESERVED_SECTORS) * 512,
            available,
        };
        let sectors = u32::try_from(self.size / 512).map_err(|_| LayoutError::NoRoom {
            what: "the sector count of a FAT32 file system",
            needed: self.size,
            available: u64::from(u32::MAX) * 512,
        })?;
        let room = sectors.checked_sub(RESERVED_SECTORS).ok_or_else(|| too_small(self.size))?;
        // 128 entries of 4 bytes per sector; two entries are reserved. Counting the FAT's own sectors as clusters makes it
        // a few sectors larger than needed, which the specification allows (§3.8).
        let fat_sectors = (room + 2).div_ceil(128 + FATS);
        let clusters = room.saturating_sub(FATS * fat_sectors);
        if clusters < MIN_CLUSTERS {
            return Err(too_small(self.size));
        }
        Ok((fat_sectors, clusters))
    }

    fn assemble(&self, fat_sectors: u32, free: u32, next: u32, fat: &[u32], data: &[u8]) -> Vec<u8> {
        let boot = self.boot_sector(fat_sectors);
        let info = fs_info(free, next);
        let mut bytes = vec![0; RESERVED_SECTORS as usize * SECTOR];
        // The backup copies go where `BPB_BkBootSec` says: sectors 6 and 7.
        for (sector, content) in [(0, &boot), (1, &info), (6, &boot), (7, &info)] {
            bytes[sector * SECTOR..(sector + 1) * SECTOR].copy_from_slice(content);
        }
        let mut table: Vec<u8> = fat.iter().flat_map(|entry| entry.to_le_bytes()).collect();
        table.resize(fat_sectors as usize * SECTOR, 0);
        for _ in 0..FATS {
            bytes.extend(&table);
        }
        bytes.extend(data);
        bytes
    }

    fn boot_sector(&self, fat_sectors: u32) -> [u8; SECTOR] {
        let mut s = [0; SECTOR];
        s[..3].copy_from_slice(&[0xEB, 0x58, 0x90]);
        s[3..11].copy_from_slice(b"MSWIN4.1");
        s[11..13].copy_from_slice(&512u16.to_le_bytes());
        s[13] = 1; // sectors per cluster
        s[14] = 32; // reserved sectors, low byte
        s[16] = 2; // FATs
        s[21] = 0xF8; // media: fixed disk
        s[24..26].copy_from_slice(&63u16.to_le_bytes());
        s[26..28].copy_from_slice(&255u16.to_le_bytes());
        s[28..32].copy_from_slice(&self.hidden_sectors.to_le_bytes());
        s[32..36].copy_from_slice(&u32::try_from(self.size / 512).unwrap_or(u32::MAX).to_le_bytes());
        s[36..40].copy_from_slice(&fat_sectors.to_le_bytes());
        s[44..48].copy_from_slice(&FIRST_CLUSTER.to_le_bytes());
        s[48] = 1; // FSInfo sector
        s[50] = 6; // backup boot sector
        s[64] = 0x80; // drive number
        s[66] = 0x29; // the next three fields are there
        s[67..71].copy_from_slice(&self.volume_id.to_le_bytes());
        s[71..82].copy_from_slice(&self.label);
        s[82..90].copy_from_slice(b"FAT32   ");
        // Firmware that jumps here halts instead of running zeroes: hlt; jmp back.
        s[90..93].copy_from_slice(&[0xF4, 0xEB, 0xFD]);
        s[510..].copy_from_slice(&[0x55, 0xAA]);
        s
    }
}

impl<'a> Node<'a> {
    fn directory(name: [u8; 11], case: u8) -> Self {
        Self { name, case, children: Vec::new(), content: None, cluster: 0, clusters: 0 }
    }

    fn insert(&mut self, path: &str, content: &'a [u8]) -> Result<(), LayoutError> {
        let (head, rest) = path.split_once('/').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let (name, case) = short_name(head)?;
        let known = self.children.iter().position(|child| child.name == name);
        let position = match (known, rest) {
            // The same file twice, or a path below a file.
            (Some(at), _) if rest.is_none() || self.children[at].content.is_some() => {
                return Err(LayoutError::FatName(path.to_owned()));
            }
            (Some(at), _) => at,
            (None, _) => {
                self.children.push(Self::directory(name, case));
                self.children.len() - 1
            }
        };
        if let Some(rest) = rest {
            return self.children[position].insert(rest, content);
        }
        self.children[position].content = Some(content);
        Ok(())
    }

    /// Gives clusters in the order of the tree; every directory has at least one, an empty file none.
    fn allocate(&mut self, next: &mut u32) {
        let bytes = match self.content {
            Some(content) => content.len(),
            // Two entries for `.` and `..` or one for the label; at most one more than needed.
            None => (self.children.len() + 2) * 32,
        };
        self.clusters = u32::try_from(bytes.div_ceil(SECTOR)).unwrap_or(u32::MAX);
        self.cluster = if self.clusters == 0 { 0 } else { *next };
        *next = next.saturating_add(self.clusters);
        for child in &mut self.children {
            child.allocate(next);
        }
    }

    fn write(&self, fat: &mut [u32], data: &mut [u8], parent: Option<u32>, label: &[u8; 11]) {
        for cluster in self.cluster..self.cluster + self.clusters {
            let last = cluster + 1 == self.cluster + self.clusters;
            fat[cluster as usize] = if last { END_OF_CHAIN } else { cluster + 1 };
        }
        let bytes = match (self.content, parent) {
            (Some(content), _) => content.to_vec(),
            (None, None) => self.listing(&[entry(*label, 0, ATTR_VOLUME_ID, 0, 0)]),
            (None, Some(parent)) => self.listing(&[
                entry(*b".          ", 0, ATTR_DIRECTORY, self.cluster, 0),
                entry(*b"..         ", 0, ATTR_DIRECTORY, parent, 0),
            ]),
        };
        let at = self.cluster.saturating_sub(FIRST_CLUSTER) as usize * SECTOR;
        data[at..at + bytes.len()].copy_from_slice(&bytes);
        // `..` of a directory below the root names cluster 0 (specification §6.5).
        let own = if parent.is_none() { 0 } else { self.cluster };
        for child in &self.children {
            child.write(fat, data, Some(own), label);
        }
    }

    fn listing(&self, first: &[[u8; 32]]) -> Vec<u8> {
        let children = self.children.iter().map(|child| {
            let (attributes, size) = match child.content {
                Some(content) => (ATTR_ARCHIVE, u32::try_from(content.len()).unwrap_or(u32::MAX)),
                None => (ATTR_DIRECTORY, 0),
            };
            entry(child.name, child.case, attributes, child.cluster, size)
        });
        first.iter().copied().chain(children).flatten().collect()
    }
}

fn entry(name: [u8; 11], case: u8, attributes: u8, cluster: u32, size: u32) -> [u8; 32] {
    let mut e = [0; 32];
    e[..11].copy_from_slice(&name);
    e[11] = attributes;
    e[12] = case;
    for at in [16, 18, 24] {
        e[at..at + 2].copy_from_slice(&DATE);
    }
    let [c0, c1, c2, c3] = cluster.to_le_bytes();
    e[20..22].copy_from_slice(&[c2, c3]);
    e[26..28].copy_from_slice(&[c0, c1]);
    e[28..].copy_from_slice(&size.to_le_bytes());
    e
}

/// The 11 stored bytes of a name, and the two bits by which Windows NT and Linux know a part written in lower case.
fn short_name(name: &str) -> Result<([u8; 11], u8), LayoutError> {
    let refuse = || LayoutError::FatName(name.to_owned());
    let (base, extension) = name.split_once('.').unwrap_or((name, ""));
    if base.is_empty() || base.len() > 8 || extension.len() > 3 {
        return Err(refuse());
    }
    let mut stored = [b' '; 11];
    let mut case = 0;
    for (part, at, bit) in [(base, 0, 0x08), (extension, 8, 0x10)] {
        let good = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
        let upper = part.bytes().any(|c| c.is_ascii_uppercase());
        let lower = part.bytes().any(|c| c.is_ascii_lowercase());
        if !part.bytes().all(good) || (upper && lower) {
            return Err(refuse());
        }
        if lower {
            case |= bit;
        }
        for (to, c) in stored[at..].iter_mut().zip(part.bytes()) {
            *to = c.to_ascii_uppercase();
        }
    }
    Ok((stored, case))
}

fn fs_info(free: u32, next: u32) -> [u8; SECTOR] {
    let mut s = [0; SECTOR];
    s[..4].copy_from_slice(b"RRaA");
    s[484..488].copy_from_slice(b"rrAa");
    s[488..492].copy_from_slice(&free.to_le_bytes());
    s[492..496].copy_from_slice(&next.to_le_bytes());
    s[508..].copy_from_slice(&[0, 0, 0x55, 0xAA]);
    s
}

#[cfg(test)]
mod tests;
