//! ISO 9660 with Rock Ridge names: every file in one extent (ECMA-119; SUSP 1.10; RRIP 1.10), and boot images beside the
//! files (El Torito 1.0).

mod boot;
mod tree;

use crate::rock_ridge::{push_both16, push_both32, push_padded, record};

pub(crate) use boot::{BootImage, Platform, boot_information};
use boot::{boot_record, catalogue};
use tree::{FileRecord, Tree};

/// Logical block, in bytes.
pub(crate) const BLOCK: usize = 2048;
/// Bytes before the first descriptor, free for a partition table.
pub(crate) const SYSTEM_AREA: usize = PRIMARY as usize * BLOCK;

/// The primary descriptor.
const PRIMARY: u32 = 16;
/// 1980-01-01 00:00:00 UTC, the date of everything (§9.1.5).
const VOLUME_DATE: &[u8; 17] = b"1980010100000000\0";
const NO_DATE: &[u8; 17] = b"0000000000000000\0";

/// What is in a volume.
pub(crate) struct Content<'a> {
    /// Volume identifier, of the d-characters that ECMA-119 §7.4.1 allows, at most 32.
    pub(crate) label: &'a str,
    /// Boot images, which are no files; with none there is no boot catalogue.
    pub(crate) boot: &'a [BootImage<'a>],
    /// Files with their content, by paths such as `EFI/debian/grub.cfg`.
    pub(crate) small: &'a [(&'a str, &'a [u8])],
    /// Files with their size, at most `u32::MAX`; their content comes later.
    pub(crate) large: [(&'a str, u64); 3],
    /// Least number of bytes after the last file,
    pub(crate) tail: u64,
    /// and what the size of the volume is to be a multiple of, itself one of [`BLOCK`].
    pub(crate) align: u64,
}

/// A volume whose large files are still to be written.
pub(crate) struct Volume {
    /// The volume up to the end of the last small file, a whole number of blocks.
    pub(crate) head: Vec<u8>,
    /// Offsets of the boot images, in bytes.
    pub(crate) boot: Vec<u64>,
    /// Offsets of the large files, in bytes.
    pub(crate) offsets: [u64; 3],
    /// Size of the volume in bytes.
    pub(crate) size: u64,
}

/// Where the tables of a volume are, in blocks.
struct Places {
    path_table_l: u32,
    path_table_m: u32,
    root: u32,
}

impl Places {
    /// The folder of that number in the order of the path table.
    fn folder(&self, number: usize) -> u32 {
        self.root + u32::try_from(number).unwrap_or(u32::MAX)
    }
}

/// Lays out a volume: descriptors, tables, boot images, small files, large ones.
pub(crate) fn volume(content: &Content<'_>) -> Volume {
    let bootable = !content.boot.is_empty();
    // Primary descriptor, boot record, terminator.
    let first = PRIMARY + if bootable { 3 } else { 2 };
    let places = Places { path_table_l: first, path_table_m: first + 1, root: first + 2 };
    let tree = Tree::of(content.small.iter().map(|(path, _)| *path));
    let catalogue_at = places.root + tree.blocks();
    let mut next = catalogue_at + u32::from(bootable);
    let mut reserve = |size: u64| {
        let block = next;
        next += u32::try_from(size.div_ceil(BLOCK as u64)).unwrap_or(u32::MAX);
        block
    };
    let boot: Vec<_> = content.boot.iter().map(|image| reserve(image.content.len() as u64)).collect();
    let mut records = Vec::new();
    let mut place = |path, size: u64| {
        let block = reserve(size);
        records.push(FileRecord { path, block, size: u32::try_from(size).unwrap_or(u32::MAX) });
        block
    };
    for (path, content) in content.small {
        place(path, content.len() as u64);
    }
    let offsets = content.large.map(|(name, size)| offset(place(name, size)));
    let size = (offset(next) + content.tail).next_multiple_of(content.align);

    let mut head = vec![0; SYSTEM_AREA];
    let blocks = u32::try_from(size / BLOCK as u64).unwrap_or(u32::MAX);
    let little = tree.path_table(&places, u32::to_le_bytes, u16::to_le_bytes);
    push_blocks(&mut head, &primary_descriptor(content.label, blocks, &places, little.len()));
    if bootable {
        push_blocks(&mut head, &boot_record(catalogue_at));
    }
    let big = tree.path_table(&places, u32::to_be_bytes, u16::to_be_bytes);
    for content in [descriptor(255), little, big].into_iter().chain(tree.listings(&places, &records)) {
        push_blocks(&mut head, &content);
    }
    if bootable {
        push_blocks(&mut head, &catalogue(content.boot, &boot));
    }
    for image in content.boot {
        push_blocks(&mut head, image.content);
    }
    for (_, content) in content.small {
        push_blocks(&mut head, content);
    }
    Volume { head, boot: boot.into_iter().map(offset).collect(), offsets, size }
}

/// Offset of a block, in bytes.
fn offset(block: u32) -> u64 {
    u64::from(block) * BLOCK as u64
}

fn push_blocks(head: &mut Vec<u8>, content: &[u8]) {
    head.extend(content);
    head.resize(head.len().next_multiple_of(BLOCK), 0);
}

fn descriptor(kind: u8) -> Vec<u8> {
    let mut d = vec![kind];
    d.extend(b"CD001");
    d.push(1);
    d
}

/// §8.4.
fn primary_descriptor(label: &str, blocks: u32, places: &Places, path_table: usize) -> Vec<u8> {
    let mut d = descriptor(1);
    d.push(0);
    push_padded(&mut d, "", 32); // system identifier
    push_padded(&mut d, label, 32);
    d.extend([0; 8]);
    push_both32(&mut d, blocks);
    d.extend([0; 32]);
    push_both16(&mut d, 1); // volumes in the set
    push_both16(&mut d, 1); // number of this one
    push_both16(&mut d, 2048);
    push_both32(&mut d, u32::try_from(path_table).unwrap_or(u32::MAX));
    d.extend(places.path_table_l.to_le_bytes());
    d.extend([0; 4]);
    d.extend(places.path_table_m.to_be_bytes());
    d.extend([0; 4]);
    d.extend(record(&[0], places.root, 2048, true, &[]));
    for length in [128, 128, 128, 128, 37, 37, 37] {
        push_padded(&mut d, "", length); // set, publisher, preparer, application, and three file identifiers
    }
    for date in [VOLUME_DATE, VOLUME_DATE, NO_DATE, NO_DATE] {
        d.extend(date); // creation, modification, expiration, effective
    }
    d.push(1); // file structure version
    d
}

/// `vmlinuz` is `VMLINUZ.;1` in the primary hierarchy (§7.5.1).
fn identifier(name: &str) -> String {
    let dot = if name.contains('.') { "" } else { "." };
    format!("{}{dot};1", name.to_ascii_uppercase())
}
