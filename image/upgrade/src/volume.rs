//! What a slot holds: the volume of `daybreak_layout::slot`, read without mounting it.

use std::io;
use std::ops::Range;

use daybreak_installer::Target;
use daybreak_layout::slot::{GRUB_NAME, MANIFEST_NAME, SLOT_LABEL};
use daybreak_layout::{MAX_MANIFEST_SIZE, Manifest, Slot};

use crate::UpgradeError;

const BLOCK: u64 = 2048;
/// The descriptor of the volume (ECMA-119 §8.4): without it there is no volume, for GRUB, Linux and us alike. Its sense is
/// in its first sector.
pub(crate) const DESCRIPTOR: Range<u64> = 16 * BLOCK..17 * BLOCK;

/// The slot that is not this one.
pub const fn other(slot: Slot) -> Slot {
    match slot {
        Slot::A => Slot::B,
        Slot::B => Slot::A,
    }
}

/// Manifest of the image in a slot; `None` when the slot holds none that GRUB would start.
///
/// # Errors
/// [`UpgradeError::Device`].
pub fn manifest_of(slot: &mut dyn Target) -> Result<Option<Manifest>, UpgradeError> {
    let read = read(slot);
    read.map_err(UpgradeError::device("read the image in", slot.path()))
}

fn read(slot: &mut dyn Target) -> io::Result<Option<Manifest>> {
    let mut block = [0; 2048];
    slot.read_at(DESCRIPTOR.start, &mut block)?;
    let label = block[40..72].trim_ascii_end();
    if block[..7] != *b"\x01CD001\x01" || label != SLOT_LABEL.as_bytes() {
        return Ok(None);
    }
    let (root, _) = extent(&block[156..190]);
    slot.read_at(u64::from(root) * BLOCK, &mut block)?;
    let files = records(&block);
    let find = |name: &str| files.iter().find(|(id, _)| id.as_slice() == identifier(name).as_bytes());
    let (Some((_, (first, size))), Some(_)) = (find(MANIFEST_NAME), find(GRUB_NAME)) else {
        return Ok(None);
    };
    let size = *size as usize;
    if size > MAX_MANIFEST_SIZE {
        return Ok(None);
    }
    let mut json = vec![0; size];
    slot.read_at(u64::from(*first) * BLOCK, &mut json)?;
    Ok(Manifest::parse(&json).ok())
}

/// First block and size in bytes of a directory record (§9.1).
fn extent(record: &[u8]) -> (u32, u32) {
    let at = |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
    (at(2), at(10))
}

/// Identifier and extent of each file in a directory of one block.
fn records(block: &[u8]) -> Vec<(Vec<u8>, (u32, u32))> {
    let mut rest = block;
    let mut files = Vec::new();
    while let Some(length) = rest.first().map(|length| usize::from(*length)).filter(|length| *length > 33) {
        let Some((record, next)) = rest.split_at_checked(length) else { break };
        if let Some(name) = record.get(33..33 + usize::from(record[32])) {
            files.push((name.to_vec(), extent(record)));
        }
        rest = next;
    }
    files
}

/// `manifest.json` in the primary hierarchy (§7.5.1).
fn identifier(name: &str) -> String {
    format!("{};1", name.to_ascii_uppercase())
}
