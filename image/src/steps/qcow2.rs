//! The disk image of QEMU.

use std::path::Path;

use crate::ImageError;
use crate::command::{Run, Tool};

const QEMU_IMG: Tool = Tool { program: "qemu-img", package: "qemu-utils" };

/// Makes `out` of the disk in `raw`.
///
/// # Errors
/// [`ImageError::Program`] when qemu-img fails.
pub(crate) fn build(raw: &Path, out: &Path) -> Result<(), ImageError> {
    // Not compressed: the root is compressed already, and a plain file is read faster.
    Run::new("make the disk image", QEMU_IMG)
        .args(["convert", "-q", "-f", "raw", "-O", "qcow2"])
        .args([raw, out])
        .output()
        .map(drop)
}
