//! Putting an image into a slot.

use daybreak_installer::{
    Belief, Code, InstallError, Observer, Source, Target, Trust,
    slot::{self, SlotReaders},
};
use daybreak_layout::slot::SlotLayout;
use daybreak_layout::{Artefact, Manifest, PartitionExtent, Sha256Digest};

use crate::UpgradeError;
use crate::held::Held;
use crate::volume::DESCRIPTOR;

/// An image that is believed and fits; its files are open, none of the large ones has been read.
pub struct Prepared {
    manifest: Manifest,
    belief: Belief,
    readers: SlotReaders,
}

impl Prepared {
    /// What it is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Why it is believed.
    pub fn belief(&self) -> &Belief {
        &self.belief
    }
}

/// Fetches and checks everything but the large files; nothing is written. `room` is the size of the slot in bytes.
///
/// # Errors
/// Codes of the installer that leave the disk as it was.
pub fn prepare(
    source: &Source,
    expected: Option<Sha256Digest>,
    trust: &Trust,
    room: u64,
) -> Result<Prepared, UpgradeError> {
    let (manifest, belief) = source.manifest(expected, trust)?;
    let needed = SlotLayout::new(&manifest).size();
    if needed > room {
        let what = format!("{} {}", manifest.name(), manifest.version());
        let detail = format!("{what} needs {needed} bytes, a slot has {room}");
        return Err(InstallError::new(Code::ImageTooLarge, detail).into());
    }
    let open = |artefact| source.open(artefact, &manifest);
    let readers = [open(Artefact::Vmlinuz)?, open(Artefact::Initrd)?, open(Artefact::Root)?];
    Ok(Prepared { manifest, belief, readers })
}

/// Writes the image to the slot while it streams in, reads it back, and makes it visible as the very last write.
///
/// Until then the slot holds nothing that GRUB would start. The caller has seen to it that nothing starts from the slot
/// ([`crate::disarm`]).
///
/// # Errors
/// [`UpgradeError::Image`] when a file is not the one that the manifest names or the disk fails: the slot is empty then.
pub fn fill(
    slot: &mut dyn Target,
    prepared: Prepared,
    observer: &mut dyn Observer,
) -> Result<Manifest, UpgradeError> {
    let Prepared { manifest, readers, .. } = prepared;
    let place = PartitionExtent { start: 0, size: slot.size() };
    let mut held = Held::erase(slot, DESCRIPTOR)?;
    let written = slot::write(&mut held, place, &manifest, readers, observer)?;
    slot::check(&manifest, &written)?;
    slot::verify(&mut held, place, &written, observer)?;
    held.release()?;
    Ok(manifest)
}
