//! What is published: a file, or the file of that kind in a build's folder.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use daybreak_layout::Manifest;

use crate::PublishError;

/// Kind of file that a cloud takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A disk byte by byte.
    Raw,
    /// QEMU's format.
    Qcow2,
}

impl Kind {
    fn suffix(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
        }
    }
}

/// A file to publish.
#[derive(Debug)]
pub(crate) struct Source {
    /// The file.
    pub(crate) path: PathBuf,
    /// It, open.
    pub(crate) file: File,
    /// Bytes in it.
    pub(crate) size: u64,
    /// Name and version of the image where a manifest tells, else the name of the file without its suffix.
    pub(crate) name: String,
}

/// First bytes of files that are easily taken for disks, and what to do with each.
const OTHERS: [(&[u8], &str); 6] = [
    (b"QFI\xfb", "it is a qcow2 file; make a raw one: qemu-img convert -O raw IN OUT"),
    (b"\x1f\x8b", "it is compressed by gzip; unpack it first: gunzip"),
    (b"\x28\xb5\x2f\xfd", "it is compressed by zstd; unpack it first: unzstd"),
    (b"KDMV", "it is a VMDK file; make a raw one: qemu-img convert -O raw IN OUT"),
    (b"conectix", "it is a VHD file; make a raw one: qemu-img convert -O raw IN OUT"),
    (b"hsqs", "it is a root file system without a disk around it"),
];

/// Opens `path`, or the file of that kind in the folder `path` that a build made.
///
/// # Errors
/// [`PublishError::Image`] when it is not there or of another kind, [`PublishError::Io`] when it cannot be read.
pub(crate) fn open(path: &Path, kind: Kind) -> Result<Source, PublishError> {
    let (path, name) = if path.is_dir() { in_folder(path, kind)? } else { (path.to_owned(), stem(path)) };
    let mut file = File::open(&path).map_err(PublishError::io("open", &path))?;
    let meta = file.metadata().map_err(PublishError::io("look at", &path))?;
    if !meta.is_file() {
        return Err(PublishError::image(&path, "it is not a regular file"));
    }
    let mut start = Vec::new();
    file.by_ref().take(512).read_to_end(&mut start).map_err(PublishError::io("read", &path))?;
    check(&start, kind).map_err(|reason| PublishError::image(&path, reason))?;
    Ok(Source { path, file, size: meta.len(), name })
}

fn in_folder(folder: &Path, kind: Kind) -> Result<(PathBuf, String), PublishError> {
    let manifest_path = folder.join("manifest.json");
    let text = fs::read(&manifest_path).map_err(PublishError::io("read", &manifest_path))?;
    let manifest = Manifest::parse(&text).map_err(|e| PublishError::image(&manifest_path, e.to_string()))?;
    let path = folder.join(format!("{}.{}", manifest.name(), kind.suffix()));
    if !path.is_file() {
        let reason = format!("it is not there; build it: daybreak image build --format {}", kind.suffix());
        return Err(PublishError::image(&path, reason));
    }
    Ok((path, format!("{}-{}", manifest.name(), manifest.version())))
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a file that starts so is of that kind.
fn check(start: &[u8], kind: Kind) -> Result<(), String> {
    match kind {
        Kind::Qcow2 if start.starts_with(b"QFI\xfb") => Ok(()),
        Kind::Qcow2 => Err("it is not a qcow2 file".to_owned()),
        Kind::Raw => {
            if let Some((_, reason)) = OTHERS.iter().find(|(magic, _)| start.starts_with(magic)) {
                return Err((*reason).to_owned());
            }
            // The protective MBR of a GPT disk ends so too.
            match start.get(510..512) {
                Some([0x55, 0xaa]) => Ok(()),
                _ => Err("it is not a disk: no boot sector at its start".to_owned()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector(start: &[u8], end: [u8; 2]) -> Vec<u8> {
        let mut sector = vec![0; 512];
        sector[..start.len()].copy_from_slice(start);
        sector[510..].copy_from_slice(&end);
        sector
    }

    #[test]
    fn files_are_told_apart_by_their_first_sector() {
        let boot = [0x55, 0xaa];
        for (start, kind, expected) in [
            (sector(b"\xeb\x63", boot), Kind::Raw, None),
            (sector(b"QFI\xfb", [0; 2]), Kind::Qcow2, None),
            (sector(b"QFI\xfb", boot), Kind::Raw, Some("qemu-img convert")),
            (sector(b"\x1f\x8b", boot), Kind::Raw, Some("gunzip")),
            (sector(b"\x28\xb5\x2f\xfd", boot), Kind::Raw, Some("unzstd")),
            (sector(b"hsqs", boot), Kind::Raw, Some("root file system")),
            (sector(b"\xeb\x63", [0; 2]), Kind::Raw, Some("no boot sector")),
            (b"short".to_vec(), Kind::Raw, Some("no boot sector")),
            (Vec::new(), Kind::Qcow2, Some("not a qcow2")),
        ] {
            let result = check(&start, kind);
            match expected {
                None => assert_eq!(result, Ok(())),
                Some(text) => assert!(result.as_ref().is_err_and(|e| e.contains(text)), "{result:?}"),
            }
        }
    }

    #[test]
    fn a_folder_without_a_manifest_or_the_file_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let error = open(folder.path(), Kind::Raw).unwrap_err().to_string();
        assert!(error.contains("read") && error.contains("manifest.json"), "{error}");
        let error = open(&folder.path().join("none.raw"), Kind::Raw).unwrap_err().to_string();
        assert!(error.contains("open") && error.contains("none.raw"), "{error}");
        fs::write(folder.path().join("manifest.json"), "{}").unwrap();
        let error = open(folder.path(), Kind::Raw).unwrap_err().to_string();
        assert!(error.contains("manifest.json: "), "{error}");
    }
}
