//! The installation from beginning to end.

use std::path::{Path, PathBuf};

use daybreak_layout::slot::SlotLayout;
use daybreak_layout::{
    Artefact, DiskIds, DiskPlan, Manifest, PartitionExtent, Role, SLOT_SIZE, Sha256Digest, Slot,
};
use serde::Serialize;

use crate::code::Code;
use crate::error::InstallError;
use crate::report::{Event, Observer, Step};
use crate::seed::Seed;
use crate::size::ByteSize;
use crate::source::{Belief, Source, Trust, local_copy};
use crate::steps::bootloader::Bootloader;
use crate::steps::slot::SlotReaders;
use crate::steps::{slot, state, wipe};
use crate::target::Target;

/// What to install. Everything that can be wrong with it is found out by [`Request::prepare`].
#[derive(Debug)]
pub struct Request<'a> {
    /// Where the image comes from.
    pub source: &'a Source,
    /// SHA-256 of the manifest; needed over plain HTTP where no keys are configured.
    pub manifest_sha256: Option<Sha256Digest>,
    /// What is asked of the image.
    pub trust: &'a Trust,
    /// Folder with GRUB's files, see [`daybreak_layout::grub::GRUB_DIR`].
    pub grub_dir: &'a Path,
    /// Files that may be the image's root, such as the one that the live system runs from.
    pub local_roots: &'a [PathBuf],
    /// Size of the disk in bytes.
    pub disk_size: u64,
    /// Identifiers for the disk; random ones, so that no two disks of a machine share them.
    pub ids: DiskIds,
}

/// An installation that needs nothing more than the disk, and the seed's four files.
pub struct Prepared {
    manifest: Manifest,
    belief: Belief,
    plan: DiskPlan,
    bootloader: Bootloader,
    readers: SlotReaders,
    root_is_local: bool,
}

/// A finished installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// Name of the image.
    pub image: String,
    /// Version of the image.
    pub version: String,
    /// The device.
    pub disk: String,
    /// SHA-256 of the slot image, as read back from the disk.
    pub slot_sha256: String,
    /// Whether a Day-1 seed was stored.
    pub seed: bool,
}

impl Request<'_> {
    /// Fetches and checks everything but the large files and the seed. No disk is touched.
    ///
    /// # Errors
    /// A [`Code`] that leaves the disk as it was.
    pub fn prepare(&self) -> Result<Prepared, InstallError> {
        let (manifest, belief) = self.source.manifest(self.manifest_sha256, self.trust)?;
        let needed = SlotLayout::new(&manifest).size();
        if needed > SLOT_SIZE {
            let detail = format!(
                "{} {} needs {}, a slot has {}",
                manifest.name(),
                manifest.version(),
                ByteSize(needed),
                ByteSize(SLOT_SIZE)
            );
            return Err(InstallError::new(Code::ImageTooLarge, detail));
        }
        let plan = DiskPlan::new(self.disk_size, self.ids, true)
            .map_err(|e| InstallError::new(Code::DiskTooSmall, e.to_string()))?;
        let bootloader = Bootloader::prepare(self.grub_dir, &plan)?;
        let (readers, root_is_local) = self.readers(&manifest)?;
        Ok(Prepared { manifest, belief, plan, bootloader, readers, root_is_local })
    }

    fn readers(&self, manifest: &Manifest) -> Result<(SlotReaders, bool), InstallError> {
        let open = |artefact: Artefact| self.source.open(artefact, manifest);
        let local = manifest.file(Artefact::Root).and_then(|entry| local_copy(self.local_roots, entry));
        let root_is_local = local.is_some();
        let root = match local {
            Some(file) => Box::new(file),
            None => open(Artefact::Root)?,
        };
        Ok(([open(Artefact::Vmlinuz)?, open(Artefact::Initrd)?, root], root_is_local))
    }
}

impl Prepared {
    /// The image's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Why the image is believed to be the right one.
    pub fn belief(&self) -> &Belief {
        &self.belief
    }

    /// Whether the root need not be fetched.
    pub fn root_is_local(&self) -> bool {
        self.root_is_local
    }
}

/// Installs on `target`, erasing what is there; `old` are its partitions of before, `work` a folder in memory.
///
/// May be cut short at any point and started again. Until it returns `Ok`, no firmware boots from the disk.
///
/// # Errors
/// A [`Code`]; the disk was changed if [`InstallError::disk_changed`] says so.
pub fn install(
    prepared: Prepared,
    seed: Option<&Seed>,
    target: &mut dyn Target,
    old: &[PartitionExtent],
    work: &Path,
    observer: &mut dyn Observer,
) -> Result<Installed, InstallError> {
    let Prepared { manifest, plan, bootloader, readers, .. } = prepared;
    let disk = target.path().display().to_string();
    let slot_a = plan.extent(Role::Slot(Slot::A));

    observer.event(&Event::begin(Step::Partition, format!("erasing {disk}")));
    wipe::wipe(target, &plan, old)?;
    observer.event(&Event::end(Step::Partition));

    let image = format!("{} {}", manifest.name(), manifest.version());
    observer.event(&Event::begin(Step::Write, format!("writing {image} to slot A of {disk}")));
    let written = slot::write(target, slot_a, &manifest, readers, observer)?;
    slot::check(&manifest, &written)?;
    observer.event(&Event::end(Step::Write));

    observer.event(&Event::begin(Step::Verify, format!("reading slot A of {disk} back")));
    slot::verify(target, slot_a, &written, observer)?;
    observer.event(&Event::end(Step::Verify));

    observer.event(&Event::begin(Step::Seed, format!("making the state partition of {disk}")));
    state::make(target, &plan, seed, work)?;
    observer.event(&Event::end(Step::Seed));

    observer.event(&Event::begin(Step::Bootloader, format!("writing the boot loaders of {disk}")));
    bootloader.write(target, &plan, observer)?;
    observer.event(&Event::end(Step::Bootloader));

    Ok(Installed {
        image: manifest.name().to_owned(),
        version: manifest.version().to_owned(),
        disk,
        slot_sha256: written.sha256.to_string(),
        seed: seed.is_some(),
    })
}
