//! The disk for Azure.

use std::fs::File;
use std::path::Path;

use daybreak_formats::write_vhd;
use daybreak_layout::Manifest;

use crate::ImageError;
use crate::steps::disk;

/// Writes the disk in `raw` to `out`, a sparse file.
///
/// # Errors
/// [`ImageError::Format`] when it cannot be written.
pub(crate) fn build(manifest: &Manifest, raw: &Path, out: &Path) -> Result<(), ImageError> {
    let mut disk = File::open(raw).map_err(ImageError::io("open", raw))?;
    let mut file = File::create(out).map_err(ImageError::io("make", out))?;
    let id = *disk::ids(manifest).disk().as_bytes();
    write_vhd(&mut file, &mut disk, id).map(drop).map_err(ImageError::format(out))
}
