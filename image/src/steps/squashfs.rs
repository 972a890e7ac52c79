//! The root file system: base root, packages, overlay and what the specification asks for, packed in one pass.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use daybreak_trust::{KEY_DIR, PublicKey};

use crate::ImageError;
use crate::archive::{Content, Edits, Layer, Merge, Node};
use crate::command::{Run, Tool};
use crate::deb::{Deb, status_of};
use crate::progress::Progress;
use crate::spec::Spec;
use crate::steps::grub::Grub;
use crate::users;

const MKSQUASHFS: Tool = Tool { program: "mksquashfs", package: "squashfs-tools" };

/// What goes over the base root.
pub(crate) struct Inputs<'a> {
    /// The specification.
    pub(crate) spec: &'a Spec,
    /// The base root as tar archive.
    pub(crate) base: &'a Path,
    /// The overlay.
    pub(crate) files: Layer,
    /// Packages.
    pub(crate) debs: Vec<Deb>,
    /// Boot loader files.
    pub(crate) grub: &'a Grub,
    /// Time stamp of everything that is added.
    pub(crate) epoch: u64,
}

/// Packs the root into `out`.
///
/// # Errors
/// [`ImageError::Root`] and [`ImageError::Deb`] when the parts do not fit together, [`ImageError::Program`] when packing
/// fails.
pub(crate) fn build(inputs: Inputs<'_>, out: &Path, progress: &mut dyn Progress) -> Result<(), ImageError> {
    let Inputs { spec, base, files, debs, grub, epoch } = inputs;
    let logins = users::logins(&spec.users);
    let controls: Vec<_> = debs.iter().map(|deb| deb.control.clone()).collect();
    let mut layer = files;
    grub.add_to(&mut layer)?;
    generated(spec, &mut layer)?;
    users::files(&logins, &mut layer)?;
    debs.into_iter().try_for_each(|deb| layer.add_all(deb.into_layer()?))?;

    let mut edits = Edits::new();
    edits.insert("usr/lib/os-release", Box::new(|text| Ok(os_release(text, spec))));
    if !controls.is_empty() {
        let added: Vec<_> = controls.iter().collect();
        edits.insert(
            "var/lib/dpkg/status",
            Box::new(move |text| Ok(status_of(text)?.with(&added)?.into_bytes())),
        );
    }
    if !logins.is_empty() {
        edits.insert("etc/passwd", Box::new(|text| users::passwd(text, &logins)));
        edits.insert("etc/shadow", Box::new(|text| users::shadow(text, &logins)));
        edits.insert("etc/group", Box::new(|text| users::group(text, &logins)));
        edits.insert("etc/gshadow", Box::new(|text| users::gshadow(text, &logins)));
    }
    let merge = Merge { layer: &layer, edits, leave_out: is_boot_file, mtime: epoch };
    let file = File::open(base).map_err(ImageError::io("open", base))?;
    let base = BufReader::with_capacity(1 << 20, Counting { inner: file, progress });
    command(spec, epoch, out).fed(|to| merge.write(base, to))
}

/// mksquashfs with a tar archive as input; sqfstar is the same program, but 4.5 misreads options of the compressor.
fn command(spec: &Spec, epoch: u64, out: &Path) -> Run {
    Run::new("pack the root file system", MKSQUASHFS)
        .arg("-")
        .arg(out)
        .args(["-tar", "-noappend", "-quiet", "-no-progress", "-exit-on-error"])
        .args(["-comp", "zstd", "-Xcompression-level", &spec.squashfs.zstd_level.get().to_string()])
        // The root folder itself, which is not in the archive.
        .args(["-root-mode", "0755", "-root-uid", "0", "-root-gid", "0", "-root-time", &epoch.to_string()])
        // Time stamp of the file system; those of the files are in the archive.
        .env("SOURCE_DATE_EPOCH", epoch.to_string())
}

/// Kernel and initrd lie beside the root in every format.
fn is_boot_file(path: &str) -> bool {
    ["boot/vmlinuz-", "boot/initrd.img-", "boot/System.map-"].iter().any(|prefix| path.starts_with(prefix))
        || ["vmlinuz", "initrd.img", "vmlinuz.old", "initrd.img.old"].contains(&path)
}

/// Files made from the specification.
fn generated(spec: &Spec, layer: &mut Layer) -> Result<(), ImageError> {
    let modules = spec.dpdk.as_ref().and_then(crate::spec::Dpdk::modules_load);
    if let Some(text) = modules {
        let path = "etc/modules-load.d/daybreak-dpdk.conf";
        layer.add(path, Node::of_root(0o644, Content::Bytes(text.into_bytes())))?;
    }
    for written in &spec.trust.keys {
        let key = written.as_str().parse::<PublicKey>();
        let key = key.map_err(|e| ImageError::Root(format!("trust.keys: {written}: {e}")))?;
        let path = format!("{}/{}.pub", KEY_DIR.trim_start_matches('/'), key.id());
        layer.add(&path, Node::of_root(0o644, Content::Bytes(key.to_file().into_bytes())))?;
    }
    Ok(())
}

/// os-release(5): which image this is.
fn os_release(text: &[u8], spec: &Spec) -> Vec<u8> {
    let mut text = text.to_vec();
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend_from_slice(format!("IMAGE_ID={}\nIMAGE_VERSION={}\n", spec.name, spec.version).as_bytes());
    text
}

/// Counts what is read of the base root as progress.
struct Counting<'a, R> {
    inner: R,
    progress: &'a mut dyn Progress,
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.progress.advance(n as u64);
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
