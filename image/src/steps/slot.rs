//! The slot image and the manifest, which names its digest.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use daybreak_layout::slot::{SlotLayout, SlotSources, write_slot};
use daybreak_layout::{Architecture, Artefact, Manifest};

use crate::ImageError;
use crate::digest;
use crate::plan::Plan;

/// Writes the slot image of the three files in `folder` to `out` and gives the manifest of all four.
///
/// # Errors
/// [`ImageError::Io`] and [`ImageError::Layout`].
pub(crate) fn build(plan: &Plan, folder: &Path, out: &Path) -> Result<Manifest, ImageError> {
    let making = || ImageError::layout("make the slot image");
    let entry = |artefact: Artefact| digest::of_file(&folder.join(artefact.file_name()));
    let manifest = Manifest::new(
        &plan.name,
        &plan.version,
        Architecture::Amd64,
        &plan.kernel_args,
        entry(Artefact::Vmlinuz)?,
        entry(Artefact::Initrd)?,
        entry(Artefact::Root)?,
    )
    .map_err(making())?;
    let open = |artefact: Artefact| {
        let path = folder.join(artefact.file_name());
        File::open(&path).map_err(ImageError::io("open", &path))
    };
    let (mut vmlinuz, mut initrd, mut root) =
        (open(Artefact::Vmlinuz)?, open(Artefact::Initrd)?, open(Artefact::Root)?);
    let sources = SlotSources { vmlinuz: &mut vmlinuz, initrd: &mut initrd, root: &mut root };
    let file = File::create(out).map_err(ImageError::io("make", out))?;
    let slot = write_slot(BufWriter::with_capacity(1 << 20, file), &SlotLayout::new(&manifest), sources)
        .map_err(making())?;
    Ok(manifest.with_slot(slot))
}
