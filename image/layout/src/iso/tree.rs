//! The folders of a volume: their tables (§9.4) and their listings (§6.8).

use super::{BLOCK, Places, identifier};
use crate::rock_ridge::{alternate_name, extension, length_byte, posix, record, susp_start};

const FOLDER_MODE: u32 = 0o040_555;
const FILE_MODE: u32 = 0o100_444;
/// Every folder is one block.
const FOLDER_SIZE: u32 = 2048;

/// A file's place.
pub(super) struct FileRecord<'a> {
    /// Path such as `EFI/debian/grub.cfg`.
    pub(super) path: &'a str,
    /// First block.
    pub(super) block: u32,
    /// Bytes.
    pub(super) size: u32,
}

/// Folders in the order of the path table: the root, then by level, parent and name (§6.9.1).
pub(super) struct Tree<'a>(Vec<&'a str>);

impl<'a> Tree<'a> {
    /// The folders that these files lie in.
    pub(super) fn of(paths: impl Iterator<Item = &'a str>) -> Self {
        let above = |path: &'a str| path.match_indices('/').map(move |(at, _)| &path[..at]);
        let mut folders: Vec<&str> = paths.flat_map(above).collect();
        let key = |path: &&str| {
            let parts: Vec<_> = path.split('/').map(str::to_ascii_uppercase).collect();
            (parts.len(), parts)
        };
        folders.sort_by_key(key);
        folders.dedup();
        folders.insert(0, "");
        Self(folders)
    }

    /// How many there are, each of one block.
    pub(super) fn blocks(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Place of a folder in the order; the root for one that is not there.
    fn number(&self, folder: &str) -> usize {
        self.0.iter().position(|known| *known == folder).unwrap_or(0)
    }

    /// The path table with numbers in one order of bytes.
    pub(super) fn path_table(
        &self,
        places: &Places,
        u32_bytes: fn(u32) -> [u8; 4],
        u16_bytes: fn(u16) -> [u8; 2],
    ) -> Vec<u8> {
        let mut table = Vec::new();
        for (number, folder) in self.0.iter().enumerate() {
            let (parent, name) = split(folder);
            let name = if number == 0 { vec![0] } else { name.to_ascii_uppercase().into_bytes() };
            table.extend([length_byte(name.len()), 0]);
            table.extend(u32_bytes(places.folder(number)));
            table.extend(u16_bytes(u16::try_from(self.number(parent) + 1).unwrap_or(u16::MAX)));
            table.extend(&name);
            table.resize(table.len().next_multiple_of(2), 0);
        }
        table
    }

    /// The listings of all folders, a block each.
    pub(super) fn listings(&self, places: &Places, files: &[FileRecord<'_>]) -> Vec<Vec<u8>> {
        (0..self.0.len()).map(|number| self.listing(number, places, files)).collect()
    }

    fn listing(&self, number: usize, places: &Places, files: &[FileRecord<'_>]) -> Vec<u8> {
        let parent = self.number(split(self.0[number]).0);
        let links = |number| posix(FOLDER_MODE, 2 + u32::try_from(self.below(number).count()).unwrap_or(0));
        let mut own = links(number);
        if number == 0 {
            own = [susp_start(), own, extension()].concat();
        }
        let mut entries: Vec<(String, Vec<u8>)> = Vec::new();
        for folder in self.below(number) {
            let name = split(folder).1;
            let place = self.number(folder);
            let system_use = [links(place), alternate_name(name)].concat();
            let short = name.to_ascii_uppercase();
            let bytes = record(short.as_bytes(), places.folder(place), FOLDER_SIZE, true, &system_use);
            entries.push((short, bytes));
        }
        for file in files.iter().filter(|file| split(file.path).0 == self.0[number]) {
            let name = split(file.path).1;
            let system_use = [posix(FILE_MODE, 1), alternate_name(name)].concat();
            let short = identifier(name);
            let bytes = record(short.as_bytes(), file.block, file.size, false, &system_use);
            entries.push((short, bytes));
        }
        // Names as the primary hierarchy has them give the order of the records (§9.3).
        entries.sort();
        let mut listing = record(&[0], places.folder(number), FOLDER_SIZE, true, &own);
        listing.extend(record(&[1], places.folder(parent), FOLDER_SIZE, true, &links(parent)));
        listing.extend(entries.into_iter().flat_map(|(_, bytes)| bytes));
        debug_assert!(listing.len() <= BLOCK, "a folder is one block");
        listing
    }

    /// Folders that lie directly in another one.
    fn below(&self, number: usize) -> impl Iterator<Item = &'a str> {
        let parent = self.0[number];
        self.0[1..].iter().copied().filter(move |folder| split(folder).0 == parent)
    }
}

/// A path's folder, which is empty for the root, and its last part.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_by_level_and_then_by_name() {
        let tree = Tree::of(["b/x/1", "grub.cfg", "a/z/y/2", "a/z/3", "b/4"].into_iter());
        assert_eq!(tree.0, ["", "a", "b", "a/z", "b/x", "a/z/y"]);
        assert_eq!(Tree::of(["vmlinuz"].into_iter()).blocks(), 1);
    }
}
