//! An image folder as one tar archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// More members than an image has; an archive with more is something else.
const MAX_MEMBERS: usize = 1000;

/// Where each file of the archive lies, by name; its folders do not count.
#[derive(Clone, Debug)]
pub struct Archive {
    path: PathBuf,
    members: BTreeMap<String, (u64, u64)>,
}

impl Archive {
    /// Looks through an archive without compression; only its headers are read.
    ///
    /// # Errors
    /// Those of reading it, also when it is no archive or cut short.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut archive = tar::Archive::new(file);
        let mut members = BTreeMap::new();
        for entry in archive.entries_with_seek()? {
            let entry = entry?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let (at, size) = (entry.raw_file_position(), entry.size());
            if at.checked_add(size).is_none_or(|end| end > length) {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is cut short"));
            }
            let name = entry.path()?.file_name().map(|name| name.to_string_lossy().into_owned());
            let double = name.and_then(|name| members.insert(name, (at, size)));
            if double.is_some() || members.len() > MAX_MEMBERS {
                return Err(io::Error::other("it is not the archive of one image folder"));
            }
        }
        Ok(Self { path: path.to_owned(), members })
    }

    /// The archive.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of it.
    pub(super) fn member(&self, name: &str) -> io::Result<io::Take<File>> {
        let (at, size) = self.members.get(name).ok_or(io::ErrorKind::NotFound)?;
        section(&self.path, *at, *size)
    }
}

/// `size` bytes of a file from `at`.
pub(super) fn section(path: &Path, at: u64, size: u64) -> io::Result<io::Take<File>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    Ok(file.take(size))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn tar(folder: &Path, args: &[&str]) {
        let status = Command::new("tar").args(args).current_dir(folder).status().unwrap();
        assert!(status.success());
    }

    fn text(archive: &Archive, name: &str) -> io::Result<String> {
        let mut text = String::new();
        archive.member(name)?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn the_files_of_tar_are_found_with_and_without_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("pxe");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("vmlinuz"), "kernel").unwrap();
        std::fs::write(folder.join("manifest.json"), "{}").unwrap();
        tar(dir.path(), &["-cf", "a.tar", "pxe"]);
        tar(dir.path(), &["-cf", "b.tar", "-C", "pxe", "."]);
        tar(dir.path(), &["-cf", "c.tar", "-C", "pxe", "manifest.json", "vmlinuz"]);
        for name in ["a.tar", "b.tar", "c.tar"] {
            let archive = Archive::open(&dir.path().join(name)).unwrap();
            assert_eq!(text(&archive, "vmlinuz").unwrap(), "kernel", "{name}");
            assert_eq!(text(&archive, "manifest.json").unwrap(), "{}", "{name}");
            assert_eq!(text(&archive, "slot.img").unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }

    #[test]
    fn what_is_cut_short_or_double_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("vmlinuz"), vec![1; 5000]).unwrap();
        std::fs::create_dir(dir.path().join("x")).unwrap();
        std::fs::write(dir.path().join("x/vmlinuz"), "other").unwrap();
        tar(dir.path(), &["-cf", "a.tar", "vmlinuz", "x"]);
        let error = Archive::open(&dir.path().join("a.tar")).unwrap_err().to_string();
        assert!(error.contains("one image folder"), "{error}");
        tar(dir.path(), &["-cf", "b.tar", "vmlinuz"]);
        let bytes = std::fs::read(dir.path().join("b.tar")).unwrap();
        std::fs::write(dir.path().join("b.tar"), &bytes[..3000]).unwrap();
        assert!(Archive::open(&dir.path().join("b.tar")).is_err());
    }
}
