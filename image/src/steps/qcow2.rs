//! The disk image of QEMU: an installed disk with slot A filled; the state partition is made on the first boot, when the
//! disk has its final size.

use std::fs::{self, File};
use std::path::Path;

use daybreak_layout::{DiskIds, DiskPlan, DiskSpec, Manifest, Sha256Digest, write_disk};

use crate::ImageError;
use crate::command::{Run, Tool};
use crate::spec::ByteSize;
use crate::steps::grub::Grub;

const QEMU_IMG: Tool = Tool { program: "qemu-img", package: "qemu-utils" };

/// Writes the disk with the slot image in `slot` to `out`; `work` takes the raw disk in between.
///
/// # Errors
/// [`ImageError::Layout`] when the image does not fit, [`ImageError::Program`] when qemu-img fails.
pub(crate) fn build(
    manifest: &Manifest,
    grub: &Grub,
    size: ByteSize,
    slot: &Path,
    work: &Path,
    out: &Path,
) -> Result<(), ImageError> {
    let making = || ImageError::layout("make the disk image");
    // The same image has the same identifiers, another one others.
    let ids = DiskIds::from_seed(&Sha256Digest::of(manifest.to_json().as_bytes()).to_string());
    let plan = DiskPlan::new(size.bytes(), ids, false).map_err(making())?;
    let raw = work.join("disk.raw");
    let mut disk = File::create(&raw).map_err(ImageError::io("make", &raw))?;
    let image = File::open(slot).map_err(ImageError::io("open", slot))?;
    write_disk(&mut disk, &DiskSpec { plan, grub: grub.files() }, image).map_err(making())?;
    drop(disk);
    // Not compressed: the root is compressed already, and a plain file is read faster.
    Run::new("make the disk image", QEMU_IMG)
        .args(["convert", "-q", "-f", "raw", "-O", "qcow2"])
        .args([&raw, out])
        .output()?;
    fs::remove_file(&raw).map_err(ImageError::io("remove", &raw))
}
