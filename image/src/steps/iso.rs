//! The boot medium: CD, and byte by byte also a USB stick.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use daybreak_layout::media::{MediaLayout, write_media};
use daybreak_layout::slot::SlotSources;
use daybreak_layout::{Artefact, FileEntry, Manifest};

use crate::ImageError;
use crate::steps::grub::Grub;

/// Writes the medium of the three files in `folder` to `out`.
///
/// # Errors
/// [`ImageError::Layout`] when it cannot be laid out.
pub(crate) fn build(
    manifest: &Manifest,
    grub: &Grub,
    folder: &Path,
    out: &Path,
) -> Result<FileEntry, ImageError> {
    let making = || ImageError::layout("make the boot medium");
    let open = |artefact: Artefact| {
        let path = folder.join(artefact.file_name());
        File::open(&path).map_err(ImageError::io("open", &path))
    };
    let layout = MediaLayout::new(manifest, &grub.media_files()).map_err(making())?;
    let (mut vmlinuz, mut initrd, mut root) =
        (open(Artefact::Vmlinuz)?, open(Artefact::Initrd)?, open(Artefact::Root)?);
    let sources = SlotSources { vmlinuz: &mut vmlinuz, initrd: &mut initrd, root: &mut root };
    let file = File::create(out).map_err(ImageError::io("make", out))?;
    write_media(BufWriter::with_capacity(1 << 20, file), &layout, sources).map_err(making())
}
