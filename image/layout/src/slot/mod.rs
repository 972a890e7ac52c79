//! The slot image: one image as a small ISO 9660 volume, written raw into a slot partition.
//!
//! Kernel, initramfs and root lie in one volume with one digest, so they cannot part; GRUB's `iso9660` and Linux' `isofs`
//! read it with stock drivers. The place of every file follows from the sizes in the [`Manifest`], so that a slot image can
//! be written from streams in one pass ([`write_slot`]) and its size is known before ([`SlotLayout`]).

use std::io::{self, Read, Write};

use crate::digest::{Sha256Reader, Sha256Writer};
use crate::manifest::{Artefact, FileEntry, Manifest};
use crate::{LayoutError, grub, iso};

/// Volume label.
pub const SLOT_LABEL: &str = "DAYBREAK_SLOT";

/// Name of the manifest in the slot image, without the slot image's own entry.
pub const MANIFEST_NAME: &str = "manifest.json";

/// Name of the boot loader's fragment in the slot image, see [`grub::slot_config`].
pub const GRUB_NAME: &str = "grub.cfg";

/// Where everything lies in a slot image.
#[derive(Clone, Debug)]
pub struct SlotLayout {
    manifest: Manifest,
    head: Vec<u8>,
    offsets: [u64; 3],
    size: u64,
}

impl SlotLayout {
    /// Lays out the slot image of an image; an entry for the slot image in the manifest is ignored.
    pub fn new(manifest: &Manifest) -> Self {
        let manifest = manifest.clone().without_slot();
        let json = manifest.to_json();
        let config = grub::slot_config(&manifest);
        let small = [(MANIFEST_NAME, json.as_bytes()), (GRUB_NAME, config.as_bytes())];
        let large = Artefact::IN_SLOT.map(|artefact| {
            let size = manifest.file(artefact).map_or(0, |entry| entry.size);
            (artefact.file_name(), size)
        });
        let content = iso::Content {
            label: SLOT_LABEL,
            boot: &[],
            small: &small,
            large,
            tail: 0,
            align: iso::BLOCK as u64,
        };
        let iso::Volume { head, offsets, size, .. } = iso::volume(&content);
        Self { manifest, head, offsets, size }
    }

    /// Bytes of the slot image.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Offset of a file in the slot image; `None` for [`Artefact::Slot`].
    pub fn offset(&self, artefact: Artefact) -> Option<u64> {
        let index = Artefact::IN_SLOT.iter().position(|other| *other == artefact)?;
        Some(self.offsets[index])
    }
}

/// Where the three files of a slot image come from.
pub struct SlotSources<'a> {
    /// The kernel.
    pub vmlinuz: &'a mut dyn Read,
    /// The initramfs.
    pub initrd: &'a mut dyn Read,
    /// The root file system.
    pub root: &'a mut dyn Read,
}

/// Writes a slot image front to back and gives its size and digest, the entry for [`Manifest::with_slot`].
///
/// The sources are read one after the other, in the order of [`Artefact::IN_SLOT`], in blocks of 256 KiB.
///
/// # Errors
/// [`LayoutError::Content`] when a source is not the file that the manifest names: too short, too long, or another digest.
/// [`LayoutError::Io`] when reading or writing fails.
pub fn write_slot<W: Write>(
    out: W,
    layout: &SlotLayout,
    sources: SlotSources<'_>,
) -> Result<FileEntry, LayoutError> {
    let mut out = Sha256Writer::new(out);
    write_files(&mut out, &layout.head, &layout.manifest, layout.offsets, sources)?
        .zeroes_to(layout.size)
        .map_err(LayoutError::io("write the slot image"))?;
    out.flush().map_err(LayoutError::io("write the slot image"))?;
    let (_, size, sha256) = out.finish();
    Ok(FileEntry { size, sha256 })
}

/// Writes a volume up to the end of its last file.
pub(crate) fn write_files<W: Write>(
    out: W,
    head: &[u8],
    manifest: &Manifest,
    offsets: [u64; 3],
    sources: SlotSources<'_>,
) -> Result<Position<W>, LayoutError> {
    let mut out = Position { out, at: 0 };
    out.write_all(head).map_err(LayoutError::io("write the head of the slot image"))?;
    let readers = [sources.vmlinuz, sources.initrd, sources.root];
    for ((artefact, reader), offset) in Artefact::IN_SLOT.into_iter().zip(readers).zip(offsets) {
        out.zeroes_to(offset).map_err(LayoutError::io("write the slot image"))?;
        if let Some(entry) = manifest.file(artefact) {
            copy_checked(&mut out, reader, artefact, entry)?;
        }
    }
    Ok(out)
}

/// Copies one file, reading at most one byte more than its size, and compares size and digest.
fn copy_checked(
    out: &mut impl Write,
    reader: &mut dyn Read,
    artefact: Artefact,
    entry: &FileEntry,
) -> Result<(), LayoutError> {
    let mut reader = Sha256Reader::new(reader.take(entry.size + 1));
    let mut left = entry.size;
    let mut block = vec![0; 256 * 1024];
    loop {
        let n = match reader.read(&mut block) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            result => result.map_err(LayoutError::io("read a file of the slot image"))?,
        };
        if n == 0 {
            break;
        }
        let wanted = usize::try_from(left).map_or(n, |left| n.min(left));
        out.write_all(&block[..wanted]).map_err(LayoutError::io("write the slot image"))?;
        left -= wanted as u64;
    }
    let (size, sha256) = reader.finish();
    if (size, sha256) != (entry.size, entry.sha256) {
        return Err(LayoutError::Content {
            name: artefact.file_name(),
            expected_size: entry.size,
            expected_sha256: entry.sha256.to_string(),
            size,
            sha256: sha256.to_string(),
        });
    }
    Ok(())
}

/// A writer that knows how far it is.
pub(crate) struct Position<W> {
    out: W,
    at: u64,
}

impl<W: Write> Position<W> {
    /// Pads up to `offset`.
    pub(crate) fn zeroes_to(&mut self, offset: u64) -> io::Result<()> {
        io::copy(&mut io::repeat(0).take(offset.saturating_sub(self.at)), self).map(drop)
    }
}

impl<W: Write> Write for Position<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.out.write(buf)?;
        self.at += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
