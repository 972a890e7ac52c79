//! The disk for Google Compute Engine.

use std::fs::File;
use std::io::BufWriter;
use std::num::NonZeroUsize;
use std::path::Path;

use daybreak_formats::write_gce;
use daybreak_layout::{FileEntry, Sha256Writer};

use crate::ImageError;

/// Writes the disk in `raw` to `out`; `epoch` is its time stamp.
///
/// # Errors
/// [`ImageError::Format`] when it cannot be written.
pub(crate) fn build(
    raw: &Path,
    epoch: u64,
    threads: NonZeroUsize,
    out: &Path,
) -> Result<FileEntry, ImageError> {
    let mut disk = File::open(raw).map_err(ImageError::io("open", raw))?;
    let file = File::create(out).map_err(ImageError::io("make", out))?;
    let mut file = Sha256Writer::new(BufWriter::with_capacity(1 << 20, file));
    write_gce(&mut file, &mut disk, epoch, threads).map_err(ImageError::format(out))?;
    let (_, size, sha256) = file.finish();
    Ok(FileEntry { size, sha256 })
}
