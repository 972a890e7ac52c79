//! Writing the slot image while it streams in, and reading it back.

use std::io::{self, BufWriter, Read, Write};

use daybreak_layout::slot::{SlotLayout, SlotSources, write_slot};
use daybreak_layout::{Artefact, FileEntry, LayoutError, MIB, Manifest, PartitionExtent, Sha256Writer};

use crate::code::Code;
use crate::error::InstallError;
use crate::report::{Event, Observer, Step};
use crate::target::Target;

/// So much is written before it must be on the medium: progress is true, and memory stays free on a machine whose root is
/// in memory.
const SYNC_EVERY: u64 = 32 * MIB;
const BLOCK: usize = 1 << 20;

/// The kernel, the initramfs and the root of an image, to be read once in this order.
pub type SlotReaders = [Box<dyn Read>; 3];

/// Writes the slot image to `place`; gives its size and digest as they were written.
///
/// # Errors
/// [`Code::ImageFetch`], [`Code::ImageContent`] when a file is not the one of the manifest, [`Code::WriteFailed`].
pub fn write(
    target: &mut dyn Target,
    place: PartitionExtent,
    manifest: &Manifest,
    readers: SlotReaders,
    observer: &mut dyn Observer,
) -> Result<FileEntry, InstallError> {
    let layout = SlotLayout::new(manifest);
    let [mut vmlinuz, mut initrd, mut root] = readers.map(SourceReader);
    let sources = SlotSources { vmlinuz: &mut vmlinuz, initrd: &mut initrd, root: &mut root };
    let out =
        SlotWriter { target, start: place.start, written: 0, synced: 0, total: layout.size(), observer };
    let mut out = BufWriter::with_capacity(BLOCK, out);
    let entry = write_slot(&mut out, &layout, sources).map_err(classify)?;
    let out = out.into_inner().map_err(|e| InstallError::write("write the slot image")(e.into_error()))?;
    out.target.sync().map_err(InstallError::write("write the slot image"))?;
    Ok(entry)
}

/// The builder's slot image and ours must be the same bytes.
///
/// # Errors
/// [`Code::ImageContent`].
pub fn check(manifest: &Manifest, written: &FileEntry) -> Result<(), InstallError> {
    match manifest.file(Artefact::Slot) {
        Some(entry) if entry.sha256 != written.sha256 => {
            let detail = format!(
                "slot.img: the manifest says SHA-256 {}, written was {}",
                entry.sha256, written.sha256
            );
            Err(InstallError::new(Code::ImageContent, detail).after_change())
        }
        _ => Ok(()),
    }
}

/// Reads the slot image back from the medium and compares its digest.
///
/// # Errors
/// [`Code::VerifyMismatch`], and [`Code::WriteFailed`] when it cannot be read.
pub fn verify(
    target: &mut dyn Target,
    place: PartitionExtent,
    expected: &FileEntry,
    observer: &mut dyn Observer,
) -> Result<(), InstallError> {
    let failed = || InstallError::write("read the slot image back");
    target.drop_cache().map_err(failed())?;
    let mut hash = Sha256Writer::new(io::sink());
    let mut block = vec![0; BLOCK];
    let mut done = 0;
    while done < expected.size {
        let wanted = usize::try_from(expected.size - done).map_or(BLOCK, |left| left.min(BLOCK));
        target.read_at(place.start + done, &mut block[..wanted]).map_err(failed())?;
        hash.write_all(&block[..wanted]).map_err(failed())?;
        done += wanted as u64;
        observer.event(&Event::progress(Step::Verify, done, expected.size));
    }
    let (_, _, found) = hash.finish();
    if found != expected.sha256 {
        let detail = format!(
            "{}: the slot image was written with SHA-256 {}, read back it has {found}",
            target.path().display(),
            expected.sha256
        );
        return Err(InstallError::new(Code::VerifyMismatch, detail));
    }
    Ok(())
}

/// Marks errors of the source, so that they are not taken for errors of the disk.
struct SourceReader(Box<dyn Read>);

impl Read for SourceReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf).map_err(|e| match e.kind() {
            io::ErrorKind::Interrupted => e,
            _ => io::Error::other(InstallError::caused(Code::ImageFetch, "a file of the image", e)),
        })
    }
}

fn classify(error: LayoutError) -> InstallError {
    match error {
        LayoutError::Io { action, source } => match source.downcast::<InstallError>() {
            Ok(error) => error.after_change(),
            Err(source) => InstallError::write(action)(source),
        },
        other => InstallError::new(Code::ImageContent, other.to_string()).after_change(),
    }
}

/// Writes one after the other, syncs now and then, tells how far it is.
struct SlotWriter<'a> {
    target: &'a mut dyn Target,
    start: u64,
    written: u64,
    synced: u64,
    total: u64,
    observer: &'a mut dyn Observer,
}

impl Write for SlotWriter<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.target.write_at(self.start + self.written, buf)?;
        self.written += buf.len() as u64;
        if self.written - self.synced >= SYNC_EVERY {
            self.target.sync()?;
            self.synced = self.written;
        }
        self.observer.event(&Event::progress(Step::Write, self.written, self.total));
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
