//! The disk for VMware.

use std::fs::File;
use std::io::BufWriter;
use std::num::NonZeroUsize;
use std::path::Path;

use daybreak_formats::{Adapter, VmdkSpec, write_vmdk};
use daybreak_layout::{FileEntry, Manifest, Sha256Digest, Sha256Writer};

use crate::ImageError;

/// ESXi 6.7 U2 and newer.
pub(crate) const HARDWARE_VERSION: u32 = 15;

/// Writes the disk in `raw` to `out`, which is to have the name `file_name`.
///
/// # Errors
/// [`ImageError::Format`] when it cannot be written.
pub(crate) fn build(
    manifest: &Manifest,
    raw: &Path,
    file_name: &str,
    threads: NonZeroUsize,
    out: &Path,
) -> Result<FileEntry, ImageError> {
    let mut disk = File::open(raw).map_err(ImageError::io("open", raw))?;
    let file = File::create(out).map_err(ImageError::io("make", out))?;
    let mut file = Sha256Writer::new(BufWriter::with_capacity(1 << 20, file));
    let digest = Sha256Digest::of(manifest.to_json().as_bytes());
    let id = digest.as_bytes().first_chunk().copied().unwrap_or_default();
    let spec = VmdkSpec {
        file_name,
        content_id: u128::from_be_bytes(id),
        adapter: Adapter::Scsi,
        hardware_version: HARDWARE_VERSION,
    };
    write_vmdk(&mut file, &mut disk, &spec, threads).map_err(ImageError::format(out))?;
    let (_, size, sha256) = file.finish();
    Ok(FileEntry { size, sha256 })
}
