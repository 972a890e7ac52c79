//! The installed disk, byte by byte: slot A filled; the state partition is made on the first boot, when the disk has its
//! final size.

use std::fs::File;
use std::path::Path;

use daybreak_layout::{DiskIds, DiskPlan, DiskSpec, Manifest, Sha256Digest, write_disk};

use crate::ImageError;
use crate::spec::ByteSize;
use crate::steps::grub::Grub;

/// Identifiers of the disk of an image: the same image has the same ones, another image others.
pub(crate) fn ids(manifest: &Manifest) -> DiskIds {
    DiskIds::from_seed(&Sha256Digest::of(manifest.to_json().as_bytes()).to_string())
}

/// Writes the disk with the slot image in `slot` to `out`, a sparse file.
///
/// # Errors
/// [`ImageError::Layout`] when the image does not fit.
pub(crate) fn build(
    manifest: &Manifest,
    grub: &Grub,
    size: ByteSize,
    slot: &Path,
    out: &Path,
) -> Result<(), ImageError> {
    let making = || ImageError::layout("make the disk image");
    let plan = DiskPlan::new(size.bytes(), ids(manifest), false).map_err(making())?;
    let mut disk = File::create(out).map_err(ImageError::io("make", out))?;
    let image = File::open(slot).map_err(ImageError::io("open", slot))?;
    write_disk(&mut disk, &DiskSpec { plan, grub: grub.files() }, image).map_err(making())
}
