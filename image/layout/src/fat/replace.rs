//! Files of a FAT32 replaced so that a power cut at any moment leaves each as it was or as it is to be.
//!
//! The new content goes into clusters that nothing refers to, then its directory entry is changed, which is one sector, and
//! then the old clusters are given back. Files of one folder whose entries share a sector change at the same moment. What a
//! cut leaves behind is clusters that no file has; the next change takes them back.

use crate::LayoutError;

use super::volume::{ENTRY, MASK, Volume, after, damaged};
use super::{END_OF_CHAIN, FIRST_CLUSTER, FatFile, SECTOR};

/// A cluster that the disk cannot keep (specification §4).
const BAD: u32 = 0x0FFF_FFF7;
/// Folders in folders at most; one that holds itself is damaged.
const MAX_DEPTH: usize = 16;

/// Bytes for a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// From the start of the partition.
    pub offset: u64,
    /// What is to be there.
    pub bytes: Vec<u8>,
}

/// Writes in any order; all are on the medium before the next step begins.
pub type Step = Vec<Write>;

/// The writes that give files of the volume another content; folders and names stay.
///
/// # Errors
/// [`LayoutError::Fat`] when a file is not there or the file system is damaged, [`LayoutError::NoRoom`]; [`LayoutError::Io`].
pub(crate) fn replace(volume: &mut Volume<'_>, files: &[FatFile<'_>]) -> Result<Vec<Step>, LayoutError> {
    let mut clusters = Clusters::of(volume)?;
    let mut steps = vec![Step::new()];
    let mut sectors: Vec<Write> = Vec::new();
    let mut old = Vec::new();
    for file in files {
        let found = volume.find(file.path)?;
        old.extend(clusters.chain(found.first));
        let first = clusters.allocate(file.content.len(), volume.cluster_size)?;
        if first != 0 {
            steps[0].push(Write { offset: volume.offset(first), bytes: padded(file.content) });
        }
        let at = found.place % SECTOR as u64;
        let offset = found.place - at;
        let place = if let Some(place) = sectors.iter().position(|sector| sector.offset == offset) {
            place
        } else {
            let mut bytes = vec![0; SECTOR];
            volume.read_at(offset, &mut bytes)?;
            sectors.push(Write { offset, bytes });
            sectors.len() - 1
        };
        let at = usize::try_from(at).unwrap_or(0);
        refer(&mut sectors[place].bytes[at..at + ENTRY], first, file.content.len())?;
    }
    for copy in 0..volume.tables {
        let known = volume.read_table(copy)?;
        clusters.write_table(volume, copy, &known, &mut steps[0]);
    }
    steps.extend(sectors.into_iter().map(|sector| vec![sector]));
    let before = clusters.table.clone();
    clusters.free(&old);
    let mut last = Step::new();
    for copy in 0..volume.tables {
        clusters.write_table(volume, copy, &before, &mut last);
    }
    last.extend(clusters.info(volume)?);
    steps.push(last);
    Ok(steps)
}

fn padded(content: &[u8]) -> Vec<u8> {
    let mut bytes = content.to_vec();
    bytes.resize(content.len().next_multiple_of(SECTOR), 0);
    bytes
}

/// Has a directory entry lead to other content (specification §6).
fn refer(entry: &mut [u8], first: u32, size: usize) -> Result<(), LayoutError> {
    let size = u32::try_from(size).map_err(|_| damaged("no file can be so large"))?;
    let [c0, c1, c2, c3] = first.to_le_bytes();
    entry[20..22].copy_from_slice(&[c2, c3]);
    entry[26..28].copy_from_slice(&[c0, c1]);
    entry[28..32].copy_from_slice(&size.to_le_bytes());
    Ok(())
}

/// The allocation table: as it is to be, and by what the files and folders really refer to.
struct Clusters {
    table: Vec<u8>,
    /// By number; those before [`FIRST_CLUSTER`] are none.
    used: Vec<bool>,
}

impl Clusters {
    /// Follows every file and folder from the root.
    fn of(volume: &mut Volume<'_>) -> Result<Self, LayoutError> {
        let table = volume.read_table(0)?;
        let count = (volume.clusters + FIRST_CLUSTER) as usize;
        if table.len() < count * 4 || volume.tables == 0 {
            return Err(damaged("its table is too short"));
        }
        let mut all = Self { table, used: vec![false; count] };
        all.used[..FIRST_CLUSTER as usize].fill(true);
        all.mark(volume.root)?;
        all.mark_folder(volume, volume.root, 0)?;
        for cluster in FIRST_CLUSTER..volume.clusters + FIRST_CLUSTER {
            if !all.used[cluster as usize] && all.entry(cluster) != BAD {
                all.set(cluster, 0);
            }
        }
        Ok(all)
    }

    fn mark_folder(&mut self, volume: &mut Volume<'_>, folder: u32, depth: usize) -> Result<(), LayoutError> {
        if depth > MAX_DEPTH {
            return Err(damaged("its folders are too deep"));
        }
        for found in volume.list(folder)? {
            if found.first != 0 {
                self.mark(found.first)?;
            }
            if found.is_folder {
                self.mark_folder(volume, found.first, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Marks a chain of clusters that nothing else has.
    fn mark(&mut self, first: u32) -> Result<(), LayoutError> {
        let mut cluster = Some(first);
        while let Some(at) = cluster {
            match self.used.get_mut(at as usize) {
                Some(used) if !*used => *used = true,
                _ => return Err(damaged(format!("cluster {at} belongs to more than one file, or to none"))),
            }
            let entry = self.entry(at);
            cluster = after(entry);
            if cluster.is_none() && entry < BAD {
                return Err(damaged(format!("the chain through cluster {at} has no end")));
            }
        }
        Ok(())
    }

    /// The clusters of a file, whose chain was followed before and has an end.
    fn chain(&self, first: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(first).filter(|first| *first != 0), |at| after(self.entry(*at)))
    }

    /// A chain of clusters beside each other for so many bytes; gives the first one, 0 for no bytes.
    fn allocate(&mut self, bytes: usize, cluster_size: u64) -> Result<u32, LayoutError> {
        let needed = (bytes as u64).div_ceil(cluster_size);
        if needed == 0 {
            return Ok(0);
        }
        let mut run = 0;
        for at in FIRST_CLUSTER..u32::try_from(self.used.len()).unwrap_or(u32::MAX) {
            let free = !self.used[at as usize] && self.entry(at) == 0;
            run = if free { run + 1 } else { 0 };
            if run == needed {
                let first = at + 1 - u32::try_from(needed).unwrap_or(0);
                for cluster in first..=at {
                    self.used[cluster as usize] = true;
                    self.set(cluster, if cluster == at { END_OF_CHAIN } else { cluster + 1 });
                }
                return Ok(first);
            }
        }
        let free = self.free_count();
        Err(LayoutError::NoRoom {
            what: "a new file on the EFI system partition",
            needed: needed * cluster_size,
            available: u64::from(free) * cluster_size,
        })
    }

    fn free(&mut self, clusters: &[u32]) {
        for cluster in clusters {
            self.set(*cluster, 0);
        }
    }

    fn free_count(&self) -> u32 {
        let free = (FIRST_CLUSTER..).zip(&self.used[FIRST_CLUSTER as usize..]);
        u32::try_from(free.filter(|(at, _)| self.entry(*at) == 0).count()).unwrap_or(u32::MAX)
    }

    fn entry(&self, cluster: u32) -> u32 {
        let at = cluster as usize * 4;
        self.table
            .get(at..at + 4)
            .map_or(0, |entry| u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]) & MASK)
    }

    /// The four bits that do not count stay ("must be preserved", specification §4).
    fn set(&mut self, cluster: u32, to: u32) {
        let at = cluster as usize * 4;
        let reserved = self.table[at + 3] & 0xF0;
        self.table[at..at + 4].copy_from_slice(&to.to_le_bytes());
        self.table[at + 3] = self.table[at + 3] & 0x0F | reserved;
    }

    /// The sectors in which a copy of the table differs from what is known to be there.
    fn write_table(&self, volume: &Volume<'_>, copy: u8, known: &[u8], step: &mut Step) {
        let start = volume.table + u64::from(copy) * volume.table_size;
        let sectors = self.table.chunks(SECTOR).zip(known.chunks(SECTOR));
        for ((new, old), offset) in sectors.zip((start..).step_by(SECTOR)) {
            if new == old {
                continue;
            }
            match step.last_mut().filter(|last| last.offset + last.bytes.len() as u64 == offset) {
                Some(last) => last.bytes.extend(new),
                None => step.push(Write { offset, bytes: new.to_vec() }),
            }
        }
    }

    /// The sector with the count of free clusters, which is a hint (specification §5).
    fn info(&self, volume: &mut Volume<'_>) -> Result<Option<Write>, LayoutError> {
        let mut bytes = vec![0; SECTOR];
        let offset = volume.info;
        volume.read_at(offset, &mut bytes)?;
        if !bytes.starts_with(b"RRaA") || bytes[484..488] != *b"rrAa" {
            return Ok(None);
        }
        bytes[488..492].copy_from_slice(&self.free_count().to_le_bytes());
        // "Unknown" for where to look for free ones.
        bytes[492..496].copy_from_slice(&[0xFF; 4]);
        Ok(Some(Write { offset, bytes }))
    }
}

#[cfg(test)]
mod tests;
