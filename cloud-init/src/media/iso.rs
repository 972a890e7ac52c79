//! ISO 9660 with Rock Ridge names and folders (ECMA-119; SUSP 1.10; RRIP 1.10), for files that fit in memory.

use std::collections::BTreeMap;

use daybreak_layout::rock_ridge::{
    alternate_name, extension, length_byte, posix, push_both16, push_both32, push_padded, record, susp_start,
};

/// Logical block, in bytes.
const BLOCK: usize = 2048;
/// The primary descriptor; the terminator follows in block 17, the two path tables in 18 and 19.
const PRIMARY: u32 = 16;
const PATH_TABLES: [u32; 2] = [18, 19];
const FIRST: u32 = 20;
/// 1980-01-01 00:00:00 UTC, the date of everything (§9.1.5).
const VOLUME_DATE: &[u8; 17] = b"1980010100000000\0";
const NO_DATE: &[u8; 17] = b"0000000000000000\0";
const FOLDER_MODE: u32 = 0o040_555;
/// Secrets may be in a seed: nobody but root reads it where it is mounted.
const FILE_MODE: u32 = 0o100_400;

/// A folder of the tree, by its place in the list of all.
#[derive(Default)]
struct Folder {
    parent: usize,
    /// Folders in it: name and place.
    folders: BTreeMap<String, usize>,
    /// Files in it: name and place in the list of files.
    files: BTreeMap<String, usize>,
    block: u32,
}

/// A volume with the files at paths such as `openstack/latest/user_data`; at most 40 entries in a folder, which is more than
/// any seed has.
pub(super) fn volume(label: &str, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut folders = tree(files);
    let mut next = FIRST;
    for folder in &mut folders {
        folder.block = next;
        next += blocks(listing_size(folder));
    }
    let mut places = Vec::new();
    for (_, content) in files {
        places.push(next);
        next += blocks(content.len());
    }
    let mut out = vec![0; PRIMARY as usize * BLOCK];
    let path_table = path_table(&folders, u32::to_le_bytes, u16::to_le_bytes);
    let path_table_big = self::path_table(&folders, u32::to_be_bytes, u16::to_be_bytes);
    push(&mut out, &primary(label, next, path_table.len(), &folders[0]));
    push(&mut out, &descriptor(255));
    push(&mut out, &path_table);
    push(&mut out, &path_table_big);
    for number in 0..folders.len() {
        push(&mut out, &listing(&folders, number, files, &places));
    }
    for (_, content) in files {
        push(&mut out, content);
    }
    out
}

fn tree(files: &[(String, Vec<u8>)]) -> Vec<Folder> {
    let mut folders = vec![Folder::default()];
    for (number, (path, _)) in files.iter().enumerate() {
        let mut here = 0;
        let mut parts: Vec<&str> = path.split('/').collect();
        let name = parts.pop().unwrap_or_default();
        for part in parts {
            here = if let Some(&there) = folders[here].folders.get(part) {
                there
            } else {
                let there = folders.len();
                folders.push(Folder { parent: here, ..Folder::default() });
                folders[here].folders.insert(part.to_owned(), there);
                there
            };
        }
        folders[here].files.insert(name.to_owned(), number);
    }
    folders
}

fn blocks(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(BLOCK)).unwrap_or(u32::MAX)
}

fn push(out: &mut Vec<u8>, content: &[u8]) {
    out.extend(content);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

fn descriptor(kind: u8) -> Vec<u8> {
    let mut d = vec![kind];
    d.extend(b"CD001");
    d.push(1);
    d
}

/// §8.4.
fn primary(label: &str, blocks: u32, path_table: usize, root: &Folder) -> Vec<u8> {
    let mut d = descriptor(1);
    d.push(0);
    push_padded(&mut d, "", 32);
    push_padded(&mut d, label, 32);
    d.extend([0; 8]);
    push_both32(&mut d, blocks);
    d.extend([0; 32]);
    push_both16(&mut d, 1);
    push_both16(&mut d, 1);
    push_both16(&mut d, 2048);
    push_both32(&mut d, u32::try_from(path_table).unwrap_or(u32::MAX));
    d.extend(PATH_TABLES[0].to_le_bytes());
    d.extend([0; 4]);
    d.extend(PATH_TABLES[1].to_be_bytes());
    d.extend([0; 4]);
    d.extend(record(&[0], root.block, folder_bytes(root), true, &[]));
    for length in [128, 128, 128, 128, 37, 37, 37] {
        push_padded(&mut d, "", length);
    }
    for date in [VOLUME_DATE, VOLUME_DATE, NO_DATE, NO_DATE] {
        d.extend(date);
    }
    d.push(1);
    d
}

/// §9.4: folders with their parents before them.
fn path_table(folders: &[Folder], wide: fn(u32) -> [u8; 4], narrow: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mut table = Vec::new();
    for (number, folder) in folders.iter().enumerate() {
        let identifier = if number == 0 { vec![0] } else { folder_identifier(number) };
        table.extend([length_byte(identifier.len()), 0]);
        table.extend(wide(folder.block));
        table.extend(narrow(u16::try_from(folder.parent + 1).unwrap_or(u16::MAX)));
        table.extend(&identifier);
        if identifier.len() % 2 == 1 {
            table.push(0);
        }
    }
    table
}

/// Names in the primary hierarchy (§7.5, §7.6); people and Linux see the Rock Ridge names.
fn folder_identifier(number: usize) -> Vec<u8> {
    format!("D{number:07}").into_bytes()
}

fn file_identifier(number: usize) -> Vec<u8> {
    format!("F{number:07}.;1").into_bytes()
}

fn listing_size(folder: &Folder) -> usize {
    // Entries of one block do not go on in the next (§6.8.1.1); two blocks are never needed for so few.
    BLOCK * (1 + (folder.folders.len() + folder.files.len()) / 12)
}

fn folder_bytes(folder: &Folder) -> u32 {
    u32::try_from(listing_size(folder)).unwrap_or(u32::MAX)
}

/// The entries of a folder, in the order of their primary names.
fn listing(folders: &[Folder], number: usize, files: &[(String, Vec<u8>)], places: &[u32]) -> Vec<u8> {
    let folder = &folders[number];
    let parent = &folders[folder.parent];
    let mut own = Vec::new();
    if number == 0 {
        own.extend(susp_start());
    }
    own.extend(posix(FOLDER_MODE, 2));
    if number == 0 {
        own.extend(extension());
    }
    let mut records = vec![
        record(&[0], folder.block, folder_bytes(folder), true, &own),
        record(&[1], parent.block, folder_bytes(parent), true, &posix(FOLDER_MODE, 2)),
    ];
    let mut places_of: Vec<_> = folder.folders.iter().map(|(name, &there)| (there, name)).collect();
    places_of.sort_unstable();
    for (there, name) in places_of {
        let child = &folders[there];
        let use_ = [posix(FOLDER_MODE, 2), alternate_name(name)].concat();
        records.push(record(&folder_identifier(there), child.block, folder_bytes(child), true, &use_));
    }
    let mut places_of: Vec<_> = folder.files.iter().map(|(name, &there)| (there, name)).collect();
    places_of.sort_unstable();
    for (there, name) in places_of {
        let size = u32::try_from(files[there].1.len()).unwrap_or(u32::MAX);
        let use_ = [posix(FILE_MODE, 1), alternate_name(name)].concat();
        records.push(record(&file_identifier(there), places[there], size, false, &use_));
    }
    let mut out: Vec<u8> = Vec::new();
    for record in records {
        if out.len() % BLOCK + record.len() > BLOCK {
            out.resize(out.len().next_multiple_of(BLOCK), 0);
        }
        out.extend(record);
    }
    out.resize(listing_size(folder).max(out.len()), 0);
    out
}
