//! What a build keeps for the next one, and where it works.
//!
//! A cache entry is a folder named after the digest of everything that decided about its content. It is made under
//! another name and renamed when it is whole, so an entry that exists is good. A work folder holds what is not finished;
//! it is locked while its process lives, and folders without a living process are removed by the next build.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use crate::ImageError;

/// Entries of one kind that are kept: the last few, so that changing back and forth costs nothing.
const KEPT: usize = 4;

const WORK_PREFIX: &str = ".daybreak-work-";
const LOCK: &str = "lock";

/// A folder of cache entries by kind and key.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// In `folder`, which is made if it is missing; what killed builds left there is removed.
    ///
    /// # Errors
    /// [`ImageError::Io`] when it cannot be made or cleaned.
    pub(crate) fn open(folder: &Path) -> Result<Self, ImageError> {
        fs::create_dir_all(folder).map_err(ImageError::io("make the cache folder", folder))?;
        let folder = folder.canonicalize().map_err(ImageError::io("find", folder))?;
        clean(&folder)?;
        Ok(Self { folder })
    }

    /// A folder of the cache that is not made of entries.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The entry, if it is there.
    pub(crate) fn get(&self, kind: &str, key: &str) -> Result<Option<PathBuf>, ImageError> {
        let path = self.folder.join(kind).join(key);
        if !path.is_dir() {
            return Ok(None);
        }
        // What was used last is kept longest.
        let now = rustix::fs::Timestamps {
            last_access: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
            last_modification: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
        };
        rustix::fs::utimensat(rustix::fs::CWD, &path, &now, rustix::fs::AtFlags::empty())
            .map_err(|e| ImageError::io("touch", &path)(e.into()))?;
        Ok(Some(path))
    }

    /// Makes an entry with what `fill` puts into the folder that it is given.
    ///
    /// # Errors
    /// Those of `fill`, and [`ImageError::Io`].
    pub(crate) fn put(
        &self,
        kind: &str,
        key: &str,
        fill: impl FnOnce(&Path) -> Result<(), ImageError>,
    ) -> Result<PathBuf, ImageError> {
        let work = Work::new(&self.folder)?;
        let new = work.path().join("entry");
        fs::create_dir(&new).map_err(ImageError::io("make the folder", &new))?;
        fill(&new)?;
        sync(&new)?;
        let entries = self.folder.join(kind);
        fs::create_dir_all(&entries).map_err(ImageError::io("make the folder", &entries))?;
        let entry = entries.join(key);
        match fs::rename(&new, &entry) {
            Ok(()) => {}
            // Another build made the same entry meanwhile.
            Err(_) if entry.is_dir() => {}
            Err(error) => return Err(ImageError::io("put in place", &entry)(error)),
        }
        prune(&entries, &entry)?;
        Ok(entry)
    }
}

/// Removes all but the newest entries.
fn prune(entries: &Path, except: &Path) -> Result<(), ImageError> {
    let reading = || ImageError::io("read the folder", entries);
    let mut old = Vec::new();
    for entry in fs::read_dir(entries).map_err(reading())? {
        let path = entry.map_err(reading())?.path();
        let changed =
            path.metadata().and_then(|meta| meta.modified()).map_err(ImageError::io("look at", &path))?;
        if path != except {
            old.push((changed, path));
        }
    }
    old.sort();
    let surplus = (old.len() + 1).saturating_sub(KEPT);
    old.iter().take(surplus).try_for_each(|(_, path)| {
        fs::remove_dir_all(path).map_err(ImageError::io("remove the old cache entry", path))
    })
}

/// A locked work folder that is removed when it is dropped.
pub(crate) struct Work {
    folder: TempDir,
    /// Holds the lock until the folder is gone.
    _lock: File,
}

impl Work {
    /// In `parent`; what killed builds left there is removed first.
    ///
    /// # Errors
    /// [`ImageError::Io`] when it cannot be made, or the leavings cannot be removed.
    pub(crate) fn new(parent: &Path) -> Result<Self, ImageError> {
        clean(parent)?;
        let folder = tempfile::Builder::new()
            .prefix(WORK_PREFIX)
            .tempdir_in(parent)
            .map_err(ImageError::io("make a work folder in", parent))?;
        // Packages of the root are unpacked below it by programs that are not root.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.path(), mode).map_err(ImageError::io("open to readers", folder.path()))?;
        // Locked before it has its name: a lock that another build can see is never free while we live.
        let new = folder.path().join("lock.new");
        let lock = File::create_new(&new).map_err(ImageError::io("make", &new))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|e| ImageError::io("lock", &new)(e.into()))?;
        let path = folder.path().join(LOCK);
        fs::rename(&new, &path).map_err(ImageError::io("put in place", &path))?;
        Ok(Self { folder, _lock: lock })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes work folders in `parent` whose process is gone.
///
/// # Errors
/// [`ImageError::Io`] names the folder that cannot be removed.
pub(crate) fn clean(parent: &Path) -> Result<(), ImageError> {
    let Ok(items) = fs::read_dir(parent) else { return Ok(()) };
    for item in items.filter_map(Result::ok) {
        // In a folder that others write to as well, theirs are theirs to remove.
        let ours = item.metadata().is_ok_and(|meta| meta.uid() == rustix::process::geteuid().as_raw());
        if !ours || !item.file_name().to_string_lossy().starts_with(WORK_PREFIX) {
            continue;
        }
        let path = item.path();
        let lock = match OpenOptions::new().read(true).open(path.join(LOCK)) {
            Ok(lock) => lock,
            // Another build is just making it, or just removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(ImageError::io("open the lock of", &path)(error)),
        };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            fs::remove_dir_all(&path).map_err(ImageError::io("remove what a killed build left:", &path))?;
        }
    }
    Ok(())
}

/// Has everything that was written to the file system of `folder` on the disk. Before a folder gets its name: with some file
/// systems a power cut would leave the name, and empty files.
///
/// # Errors
/// [`ImageError::Io`], also when an earlier write to the disk failed.
pub(crate) fn sync(folder: &Path) -> Result<(), ImageError> {
    File::open(folder)
        .and_then(|open| Ok(rustix::fs::syncfs(&open)?))
        .map_err(ImageError::io("write to the disk", folder))
}

/// Writes a whole file into a folder that is not finished.
///
/// # Errors
/// [`ImageError::Io`].
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ImageError> {
    let mut file = File::create(path).map_err(ImageError::io("make", path))?;
    file.write_all(bytes).map_err(ImageError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(cache: &Cache, key: &str) -> PathBuf {
        cache.put("root", key, |folder| write_file(&folder.join("file"), key.as_bytes())).unwrap()
    }

    #[test]
    fn an_entry_is_found_by_kind_and_key() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        assert_eq!(cache.get("root", "a").unwrap(), None);
        let path = put(&cache, "a");
        assert_eq!(cache.get("root", "a").unwrap(), Some(path.clone()));
        assert_eq!(cache.get("deb", "a").unwrap(), None);
        assert_eq!(fs::read(path.join("file")).unwrap(), b"a");
    }

    #[test]
    fn a_failed_entry_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let failed = cache.put("root", "a", |folder| {
            write_file(&folder.join("half"), b"half")?;
            Err(ImageError::Root("no".to_owned()))
        });
        assert!(failed.is_err());
        assert_eq!(cache.get("root", "a").unwrap(), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn old_entries_go_and_the_one_just_made_stays() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        for key in ["a", "b", "c", "d", "e", "f"] {
            put(&cache, key);
        }
        assert_eq!(fs::read_dir(folder.path().join("root")).unwrap().count(), KEPT);
        assert!(cache.get("root", "f").unwrap().is_some());
    }

    #[test]
    fn what_a_killed_build_left_goes_and_what_a_living_one_has_stays() {
        let folder = tempfile::tempdir().unwrap();
        let dead = folder.path().join(format!("{WORK_PREFIX}dead"));
        fs::create_dir_all(dead.join("half")).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        let living = Work::new(folder.path()).unwrap();
        assert!(!dead.exists());
        let other = Work::new(folder.path()).unwrap();
        assert!(living.path().exists() && other.path().exists());
        drop((living, other));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
