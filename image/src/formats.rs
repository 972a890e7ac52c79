//! The formats of the image that are single files, each made from the slot image or from another format.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use daybreak_layout::{FileEntry, Manifest};

use crate::build::Steps;
use crate::plan::Plan;
use crate::previous::Previous;
use crate::spec::{Format, Spec};
use crate::steps::grub::Grub;
use crate::steps::{disk, gce, img, iso, ova, qcow2, vhd, vmdk};
use crate::{ImageError, digest};

/// What formats are made of.
pub(crate) struct Sources<'a> {
    /// The specification.
    pub(crate) spec: &'a Spec,
    /// The plan.
    pub(crate) plan: &'a Plan,
    /// The image.
    pub(crate) manifest: &'a Manifest,
    /// Boot loader files.
    pub(crate) grub: &'a Grub,
    /// The slot image.
    pub(crate) slot: &'a Path,
    /// Folder with kernel, initrd and root.
    pub(crate) files: &'a Path,
    /// Threads that compress.
    pub(crate) threads: NonZeroUsize,
}

/// Makes formats in the folder `new`, with `work` for what only other formats need. What an earlier build made of the same
/// inputs is taken from there. Gives size and digest of each file by name.
///
/// # Errors
/// Those of the steps.
pub(crate) fn build(
    sources: &Sources<'_>,
    formats: &[Format],
    (work, new): (&Path, &Path),
    previous: &Previous,
    steps: &mut Steps<'_>,
) -> Result<BTreeMap<String, FileEntry>, ImageError> {
    let mut maker = Maker { sources, work, made: BTreeMap::new(), raw_digest: None };
    let mut entries = BTreeMap::new();
    let mut formats = formats.to_vec();
    formats.sort();
    for format in formats {
        let Some(name) = format.file_name(&sources.plan.name) else { continue };
        let out = new.join(&name);
        let key = sources.plan.key(format.name());
        let entry = steps.run(format.name(), None, |_| {
            // Hashing gibibytes of zeroes is all the work that these are: looking whether they are as before is no less.
            let again = matches!(format, Format::Raw | Format::Vhd);
            if !again && let Some(entry) = previous.take(format, key, &name, &out)? {
                maker.made.insert(format, Made { path: out, entry: Some(entry) });
                return Ok((entry, true));
            }
            Ok((maker.make(format, out)?, false))
        })?;
        entries.insert(name, entry);
    }
    Ok(entries)
}

/// A format that is there.
#[derive(Clone)]
struct Made {
    path: PathBuf,
    entry: Option<FileEntry>,
}

struct Maker<'a> {
    sources: &'a Sources<'a>,
    work: &'a Path,
    made: BTreeMap<Format, Made>,
    /// Of the raw disk: a VHD is the same bytes and a few more, and hashing gibibytes of zeroes takes seconds.
    raw_digest: Option<digest::Partial>,
}

impl Maker<'_> {
    fn make(&mut self, format: Format, out: PathBuf) -> Result<FileEntry, ImageError> {
        let entry = self.write(format, &out)?;
        let entry = entry.map_or_else(|| self.digest(format, &out), Ok)?;
        self.made.insert(format, Made { path: out, entry: Some(entry) });
        Ok(entry)
    }

    /// Size and digest of a file that was made just now.
    fn digest(&mut self, format: Format, path: &Path) -> Result<FileEntry, ImageError> {
        let digest = match (format, self.raw_digest.clone()) {
            (Format::Vhd, Some(mut digest)) => {
                digest.add(path, self.sources.spec.disk.size.bytes())?;
                digest
            }
            _ => digest::Partial::of_file(path)?,
        };
        if format == Format::Raw {
            self.raw_digest = Some(digest.clone());
        }
        Ok(digest.finish())
    }

    /// A format that another one is made of: that in the image's folder where there is one, else one in the work folder.
    fn need(&mut self, format: Format) -> Result<Made, ImageError> {
        if let Some(made) = self.made.get(&format) {
            return Ok(made.clone());
        }
        let path = self.work.join(format.file_name(&self.sources.plan.name).unwrap_or_default());
        let entry = self.write(format, &path)?;
        let made = Made { path, entry };
        self.made.insert(format, made.clone());
        Ok(made)
    }

    /// Writes a format; gives size and digest where they come for nothing.
    fn write(&mut self, format: Format, out: &Path) -> Result<Option<FileEntry>, ImageError> {
        let Sources { spec, plan, manifest, grub, slot, files, threads } = *self.sources;
        match format {
            Format::Pxe => Ok(None),
            Format::Raw => disk::build(manifest, grub, spec.disk.size, slot, out).map(|()| None),
            Format::Qcow2 => qcow2::build(&self.need(Format::Raw)?.path, out).map(|()| None),
            Format::Vhd => vhd::build(manifest, &self.need(Format::Raw)?.path, out).map(|()| None),
            Format::Gce => gce::build(&self.need(Format::Raw)?.path, plan.epoch, threads, out).map(Some),
            Format::Iso => iso::build(manifest, grub, files, out).map(Some),
            Format::Img => img::build(&self.need(Format::Iso)?.path, threads, out).map(Some),
            Format::Vmdk => {
                let file_name = format.file_name(&plan.name).unwrap_or_default();
                let raw = self.need(Format::Raw)?.path;
                vmdk::build(manifest, &raw, &file_name, threads, out).map(Some)
            }
            Format::Ova => {
                let Made { path, entry } = self.need(Format::Vmdk)?;
                let entry = entry.map_or_else(|| digest::of_file(&path), Ok)?;
                let file_name = Format::Vmdk.file_name(&plan.name).unwrap_or_default();
                let vmdk = ova::Vmdk { path: &path, file_name: &file_name, entry, capacity: spec.disk.size };
                ova::build(plan, &spec.ova, &vmdk, out).map(Some)
            }
        }
    }
}
