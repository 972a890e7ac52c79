//! The boot medium, compressed, for USB sticks.

use std::fs::File;
use std::io::{self, BufWriter};
use std::num::NonZeroUsize;
use std::path::Path;

use daybreak_formats::Gzip;
use daybreak_layout::{FileEntry, Sha256Writer};

use crate::ImageError;

/// Writes the medium in `iso` to `out`.
///
/// # Errors
/// [`ImageError::Format`] when it cannot be written.
pub(crate) fn build(iso: &Path, threads: NonZeroUsize, out: &Path) -> Result<FileEntry, ImageError> {
    let mut from = File::open(iso).map_err(ImageError::io("open", iso))?;
    let file = File::create(out).map_err(ImageError::io("make", out))?;
    let file = Sha256Writer::new(BufWriter::with_capacity(1 << 20, file));
    let mut gzip = Gzip::new(file, threads).map_err(ImageError::format(out))?;
    io::copy(&mut from, &mut gzip).map_err(ImageError::io("write", out))?;
    let (_, size, sha256) = gzip.finish().map_err(ImageError::format(out))?.finish();
    Ok(FileEntry { size, sha256 })
}
