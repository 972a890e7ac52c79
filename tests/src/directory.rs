//! The directory of one lab: disks, consoles, logs. It goes with the lab; those of killed runs go at the next start.

use std::fs::File;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use crate::error::{LabError, Result};

/// Start of every lab directory's name.
const PREFIX: &str = "daybreak-lab-";

/// File whose lock says that the lab's process lives.
const OWNER: &str = "owner";

/// A lab directory, removed when dropped unless a panic or [`LabDirectory::keep`] asks to keep it.
pub struct LabDirectory {
    path: PathBuf,
    keep: bool,
    _owner: Flock<File>,
}

impl LabDirectory {
    /// Makes a directory for the lab `name` below `base`, after removing those whose process is gone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(base: &Path, name: &str) -> Result<Self> {
        remove_stale(base);
        let made = tempfile::Builder::new().prefix(&format!("{PREFIX}{name}-")).tempdir_in(base);
        let path = made.map_err(|source| LabError::File { doing: "make", path: base.into(), source })?.keep();
        let owner = path.join(OWNER);
        let file = File::create(&owner).map_err(|source| LabError::File {
            doing: "create",
            path: owner.clone(),
            source,
        })?;
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, e)| LabError::File {
            doing: "lock",
            path: owner,
            source: e.into(),
        })?;
        Ok(Self { path, keep: false, _owner: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Leaves it behind until the next lab starts, for a look at its logs.
    pub fn keep(&mut self) {
        self.keep = true;
    }
}

impl Drop for LabDirectory {
    fn drop(&mut self) {
        if !self.keep {
            // A failure leaves files that the next lab removes.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Where labs live: `$DAYBREAK_LAB_DIR` if set, else `/var/tmp` (disks are too large for a memory file system).
pub fn base() -> PathBuf {
    std::env::var_os("DAYBREAK_LAB_DIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from)
}

/// Removes lab directories that no living process owns.
pub fn remove_stale(base: &Path) {
    let Ok(entries) = std::fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_stale(&entry.path()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether the owner of a lab directory is gone. A directory without the owner file is being made by another process
/// this very moment, so it is left alone.
fn is_stale(path: &Path) -> bool {
    File::open(path.join(OWNER)).is_ok_and(|file| Flock::lock(file, FlockArg::LockExclusiveNonblock).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_lab_is_left_alone_and_a_dead_one_removed() {
        let base = tempfile::tempdir().unwrap();
        let living = LabDirectory::new(base.path(), "living").unwrap();
        let mut dead = LabDirectory::new(base.path(), "dead").unwrap();
        let left = dead.path().to_owned();
        dead.keep();
        drop(dead);
        assert!(left.exists(), "kept for a look");
        let _next = LabDirectory::new(base.path(), "next").unwrap();
        assert!(living.path().exists());
        assert!(!left.exists(), "the next lab removes it");
    }

    #[test]
    fn a_finished_lab_leaves_nothing() {
        let base = tempfile::tempdir().unwrap();
        let lab = LabDirectory::new(base.path(), "short").unwrap();
        std::fs::write(lab.join("disk"), "x").unwrap();
        drop(lab);
        assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 0);
    }
}
