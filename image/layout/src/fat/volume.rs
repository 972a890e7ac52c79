//! A FAT32 that is there already, read without mounting it (Microsoft FAT specification 1.03).

use std::io;

use crate::LayoutError;

use super::{ATTR_DIRECTORY, ATTR_VOLUME_ID, FIRST_CLUSTER, short_name};

pub(super) const ENTRY: usize = 32;
const LONG_NAME: u8 = 0x0F;
/// First entry after the end of a directory.
const END: u8 = 0;
/// Entry whose file was deleted.
const DELETED: u8 = 0xE5;
/// The part of an entry of the table that counts (specification §4).
pub(super) const MASK: u32 = 0x0FFF_FFFF;
/// Marks of the end of a chain begin here (§4).
const CHAIN_END: u32 = 0x0FFF_FFF8;
/// A folder of ours is one cluster; one that is longer than this is damaged.
const MAX_FOLDER_CLUSTERS: usize = 128;
/// Largest table that is read: that of an EFI system partition of 512 MiB with the smallest clusters.
const MAX_TABLE: u64 = 4 << 20;
/// Largest file that is read.
const MAX_FILE: u32 = 32 << 20;

/// Fills a buffer from an offset of the partition.
pub(crate) type ReadAt<'a> = &'a mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>;

/// A file or a folder of the volume.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// The name as stored.
    pub(super) name: [u8; 11],
    /// Whether it is a folder.
    pub(super) is_folder: bool,
    /// Its first cluster; 0 for an empty file.
    pub(crate) first: u32,
    /// Bytes of a file.
    pub(crate) size: u32,
    /// Offset of its directory entry from the start of the partition.
    pub(super) place: u64,
}

/// What of a FAT32 is needed to follow paths and to change files.
pub(crate) struct Volume<'a> {
    read_at: ReadAt<'a>,
    pub(super) table: u64,
    pub(super) table_size: u64,
    pub(super) tables: u8,
    pub(super) info: u64,
    data: u64,
    pub(crate) cluster_size: u64,
    pub(super) clusters: u32,
    pub(super) root: u32,
}

pub(super) fn damaged(reason: impl Into<String>) -> LayoutError {
    LayoutError::Fat(reason.into())
}

impl<'a> Volume<'a> {
    /// # Errors
    /// [`LayoutError::Fat`] when it is no FAT32 with sectors of 512 bytes, [`LayoutError::Io`].
    pub(crate) fn open(read_at: ReadAt<'a>) -> Result<Self, LayoutError> {
        let mut boot = [0; 512];
        read_at(0, &mut boot).map_err(LayoutError::io("read the EFI system partition"))?;
        let u16_at = |at: usize| u64::from(u16::from_le_bytes([boot[at], boot[at + 1]]));
        let u32_at = |at: usize| u32::from_le_bytes([boot[at], boot[at + 1], boot[at + 2], boot[at + 3]]);
        let (sector, per_cluster) = (u16_at(11), u64::from(boot[13]));
        if boot[510..] != [0x55, 0xAA] || boot[82..87] != *b"FAT32" || sector != 512 || per_cluster == 0 {
            return Err(damaged("it is not FAT32 with sectors of 512 bytes"));
        }
        let (table, table_size) = (u16_at(14) * sector, u64::from(u32_at(36)) * sector);
        let data = table + u64::from(boot[16]) * table_size;
        let cluster_size = per_cluster * sector;
        let room = (u64::from(u32_at(32)) * sector).checked_sub(data);
        // The table may be longer than the clusters that there are (§3.8), and must not be shorter.
        let clusters = room.map_or(0, |room| room / cluster_size).min((table_size / 4).saturating_sub(2));
        let clusters = u32::try_from(clusters).unwrap_or(u32::MAX);
        let info = u16_at(48) * sector;
        Ok(Self {
            read_at,
            table,
            table_size,
            tables: boot[16],
            info,
            data,
            cluster_size,
            clusters,
            root: u32_at(44),
        })
    }

    /// Offset of a cluster from the start of the partition.
    pub(crate) fn offset(&self, cluster: u32) -> u64 {
        self.data + u64::from(cluster.saturating_sub(FIRST_CLUSTER)) * self.cluster_size
    }

    /// Fills a buffer from an offset of the partition.
    pub(super) fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), LayoutError> {
        (self.read_at)(offset, bytes).map_err(LayoutError::io("read the EFI system partition"))
    }

    /// One copy of the table, with the two entries that belong to no cluster.
    pub(super) fn read_table(&mut self, copy: u8) -> Result<Vec<u8>, LayoutError> {
        if self.table_size > MAX_TABLE {
            return Err(damaged(format!("its table has {} bytes", self.table_size)));
        }
        let mut bytes = vec![0; usize::try_from(self.table_size).unwrap_or(0)];
        self.read_at(self.table + u64::from(copy) * self.table_size, &mut bytes)?;
        Ok(bytes)
    }

    /// The cluster after this one; `None` at the end of the chain.
    pub(crate) fn next(&mut self, cluster: u32) -> Result<Option<u32>, LayoutError> {
        let mut entry = [0; 4];
        self.read_at(self.table + u64::from(cluster) * 4, &mut entry)?;
        Ok(after(u32::from_le_bytes(entry)))
    }

    /// What a folder holds, but for itself, its parent, long names and the label.
    pub(super) fn list(&mut self, folder: u32) -> Result<Vec<Found>, LayoutError> {
        let mut all = Vec::new();
        let mut cluster = Some(folder);
        let mut block = vec![0; usize::try_from(self.cluster_size).unwrap_or(512)];
        for _ in 0..MAX_FOLDER_CLUSTERS {
            let Some(at) = cluster else { return Ok(all) };
            let offset = self.offset(at);
            self.read_at(offset, &mut block)?;
            for (entry, place) in block.chunks_exact(ENTRY).zip((offset..).step_by(ENTRY)) {
                let kind = entry[11];
                match entry[0] {
                    END => return Ok(all),
                    DELETED | b'.' => continue,
                    _ if kind & LONG_NAME == LONG_NAME || kind & ATTR_VOLUME_ID != 0 => continue,
                    _ => {}
                }
                let mut name = [0; 11];
                name.copy_from_slice(&entry[..11]);
                all.push(Found {
                    name,
                    is_folder: kind & ATTR_DIRECTORY != 0,
                    first: u32::from_le_bytes([entry[26], entry[27], entry[20], entry[21]]) & MASK,
                    size: u32::from_le_bytes([entry[28], entry[29], entry[30], entry[31]]),
                    place,
                });
            }
            cluster = self.next(at)?;
        }
        Err(damaged("a folder has no end"))
    }

    /// A file by its path, such as `grub/grubenv`.
    ///
    /// # Errors
    /// [`LayoutError::Fat`] when it is not there.
    pub(crate) fn find(&mut self, path: &str) -> Result<Found, LayoutError> {
        let absent = || damaged(format!("there is no {path}"));
        let mut folder = self.root;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let (name, _) = short_name(part)?;
            let is_folder = parts.peek().is_some();
            let found = self.list(folder)?;
            let found = found.into_iter().find(|found| found.name == name && found.is_folder == is_folder);
            let found = found.ok_or_else(absent)?;
            if !is_folder {
                return Ok(found);
            }
            folder = found.first;
        }
        Err(absent())
    }

    /// Content of a file.
    ///
    /// # Errors
    /// [`LayoutError::Fat`] when it is not there, is too large or ends too early.
    pub(crate) fn read(&mut self, path: &str) -> Result<Vec<u8>, LayoutError> {
        let found = self.find(path)?;
        if found.size > MAX_FILE {
            return Err(damaged(format!("{path} has {} bytes", found.size)));
        }
        let mut content = vec![0; found.size as usize];
        let mut cluster = Some(found.first).filter(|_| found.size > 0);
        let step = usize::try_from(self.cluster_size).unwrap_or(512);
        for part in content.chunks_mut(step) {
            let at = cluster.filter(|at| *at >= FIRST_CLUSTER && at - FIRST_CLUSTER < self.clusters);
            let at = at.ok_or_else(|| damaged(format!("{path} ends too early")))?;
            let offset = self.offset(at);
            self.read_at(offset, part)?;
            cluster = self.next(at)?;
        }
        Ok(content)
    }
}

/// The cluster that an entry of the table leads to; `None` at the end of a chain.
pub(super) fn after(entry: u32) -> Option<u32> {
    Some(entry & MASK).filter(|next| (FIRST_CLUSTER..CHAIN_END).contains(next))
}
