//! Files that change all at once.

use nix::unistd::{Gid, Uid};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file that could not be read or written.
#[derive(Debug, Error)]
#[error("cannot {verb} {path}: {source}")]
pub(crate) struct FileError {
    verb: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    pub(crate) fn new(verb: &'static str, path: &Path, source: io::Error) -> Self {
        Self { verb, path: path.to_owned(), source }
    }
}

/// What a file is to be beside its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mode {
    pub(crate) permissions: u32,
    /// None: whoever writes.
    pub(crate) owner: Option<(Uid, Gid)>,
}

impl Mode {
    /// Everybody may read it.
    pub(crate) const PUBLIC: Self = Self { permissions: 0o644, owner: None };
}

/// The text of a file; None when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, FileError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError::new("read", path, source)),
    }
}

/// Replaces a file; after a crash it is the old or the new one. Makes its folder. A file that already is right stays.
pub(crate) fn write(path: &Path, text: &str, mode: Mode) -> Result<(), FileError> {
    let failed = |source| FileError::new("write", path, source);
    if read(path)?.as_deref() == Some(text) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let new = beside(path);
    let written = write_new(&new, text, mode).and_then(|()| std::fs::rename(&new, path));
    if let Err(source) = written {
        // What is left of it, if anything; the error is the first one.
        let _ = std::fs::remove_file(&new);
        return Err(failed(source));
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Removes a file; that there is none is no error.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::new("remove", path, error)),
        _ => Ok(()),
    }
}

/// Names of the files in a folder, sorted, without hidden ones; none when there is no folder.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, FileError> {
    let failed = |source| FileError::new("read", folder, source);
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Makes a symbolic link or replaces the one that is there, all at once.
pub(crate) fn link(target: &Path, path: &Path) -> Result<(), FileError> {
    let failed = |source| FileError::new("link", path, source);
    let new = beside(path);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    std::os::unix::fs::symlink(target, &new).and_then(|()| std::fs::rename(&new, path)).map_err(failed)
}

/// A name in the same folder that daemons which read whole folders pass over.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

fn write_new(path: &Path, text: &str, mode: Mode) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Nobody else may open it before it has its owner and its permissions.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if let Some((user, group)) = mode.owner {
        nix::unistd::fchown(&file, Some(user), Some(group))?;
    }
    file.set_permissions(PermissionsExt::from_mode(mode.permissions))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{Mode, link, read, remove, write};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    #[test]
    fn a_file_is_made_replaced_left_alone_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/file.conf");
        assert_eq!(read(&path).unwrap(), None);
        write(&path, "one", Mode { permissions: 0o640, owner: None }).unwrap();
        let first = std::fs::metadata(&path).unwrap();
        assert_eq!(first.permissions().mode() & 0o777, 0o640);
        write(&path, "one", Mode::PUBLIC).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().ino(), first.ino(), "it was right already");
        write(&path, "two", Mode::PUBLIC).unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("two"));
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read(&path).unwrap(), None);
    }

    #[test]
    fn what_a_killed_writer_left_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(dir.path().join(".file.new"), "half").unwrap();
        write(&path, "whole", Mode::PUBLIC).unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("whole"));
    }

    #[test]
    fn a_link_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("localtime");
        link("zone/A".as_ref(), &path).unwrap();
        link("zone/B".as_ref(), &path).unwrap();
        assert_eq!(std::fs::read_link(&path).unwrap(), std::path::Path::new("zone/B"));
    }

    #[test]
    fn an_error_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let error = write(&dir.path().join("file/x"), "", Mode::PUBLIC).unwrap_err().to_string();
        assert!(error.contains("file/x"), "{error}");
    }
}
