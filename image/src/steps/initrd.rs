//! The initrd: the boot script in an archive of its own before the one that the root's initramfs-tools made, so that the
//! script changes without a new root.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::ImageError;
use crate::archive::Cpio;

/// Writes the initrd to `out`.
///
/// # Errors
/// [`ImageError::Io`] when a file cannot be read or written.
pub(crate) fn build(base: &Path, script: &[u8], out: &Path) -> Result<(), ImageError> {
    let mut archive = Cpio::default();
    archive.folder("scripts");
    archive.file("scripts/daybreak", script);
    let mut from = File::open(base).map_err(ImageError::io("open", base))?;
    let mut to = File::create(out).map_err(ImageError::io("make", out))?;
    to.write_all(&archive.finish()).map_err(ImageError::io("write", out))?;
    io::copy(&mut from, &mut to).map(drop).map_err(ImageError::io("write", out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_comes_before_the_base() {
        let folder = tempfile::tempdir().unwrap();
        let (base, out) = (folder.path().join("base"), folder.path().join("out"));
        std::fs::write(&base, "BASE").unwrap();
        build(&base, b"mountroot() { :; }\n", &out).unwrap();
        let bytes = std::fs::read(out).unwrap();
        assert!(bytes.starts_with(b"070701") && bytes.ends_with(b"BASE"));
        assert_eq!(bytes.len() % 512, 4);
    }
}
