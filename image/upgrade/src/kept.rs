//! The configuration as it was when the machine restarted into the other slot.
//!
//! A new slot's first boot is a first boot for cloud-init: it writes what the seed says once more, also over a startup
//! configuration that somebody has saved since. So that boot copies `/config` before cloud-init runs, and puts it back after.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// What of the folder itself is neither kept nor put back: the configurations that were running before. They have a bound of
/// their own, as large as this one, and cloud-init does not touch them.
const LEFT_OUT: &str = "commits";
/// Most that is kept, in bytes: configuration, not data.
const MAX_BYTES: u64 = 64 << 20;
/// Deepest folder.
const MAX_DEPTH: usize = 8;

/// Copies the files below `from` to `to`, which must not be there; on the medium when this returns, but for the name `to`.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut left = MAX_BYTES;
    copy_folder(from, Some(to), &mut left, MAX_DEPTH)
}

/// Whether [`copy`] would take the files below `folder`, without copying any.
pub(crate) fn fits(folder: &Path) -> io::Result<()> {
    let mut left = MAX_BYTES;
    copy_folder(folder, None, &mut left, MAX_DEPTH)
}

/// Without `to` the bounds are kept, and nothing is written.
fn copy_folder(from: &Path, to: Option<&Path>, left: &mut u64, depth: usize) -> io::Result<()> {
    let is_whole = depth == MAX_DEPTH;
    let depth = depth.checked_sub(1).ok_or_else(|| io::Error::other("its folders are too deep"))?;
    if let Some(to) = to {
        fs::create_dir(to)?;
    }
    for (name, kind) in entries(from)? {
        if is_whole && name == Path::new(LEFT_OUT) {
            continue;
        }
        let (from, to) = (from.join(&name), to.map(|to| to.join(&name)));
        if kind.is_dir() {
            copy_folder(&from, to.as_deref(), left, depth)?;
        } else if kind.is_file() {
            let rest = left.checked_sub(kind.len());
            *left = rest.ok_or_else(|| io::Error::other("it holds more than 64 MiB"))?;
            if let Some(to) = to {
                copy_file(&from, &to)?;
            }
        }
    }
    let Some(to) = to else { return Ok(()) };
    like(to, &fs::metadata(from)?)?;
    File::open(to)?.sync_all()
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    like(to, &fs::metadata(from)?)?;
    File::open(to)?.sync_all()
}

/// Owner and mode of something else.
fn like(path: &Path, other: &Metadata) -> io::Result<()> {
    chown(path, Some(other.uid()), Some(other.gid()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(other.mode() & 0o7777))
}

/// What is in a folder; of links, the links.
fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    fs::read_dir(folder)?
        .map(|entry| {
            let entry = entry?;
            Ok((PathBuf::from(entry.file_name()), fs::symlink_metadata(entry.path())?))
        })
        .collect()
}

/// Makes the files below `to` those of `from` again; gives the ones that were not. Each is the old or the new one, whenever
/// the power fails.
pub(crate) fn put_back(from: &Path, to: &Path) -> io::Result<Vec<PathBuf>> {
    let mut changed = Vec::new();
    put_back_folder(from, to, &mut changed, Some(Path::new(LEFT_OUT)))?;
    Ok(changed)
}

fn put_back_folder(
    from: &Path,
    to: &Path,
    changed: &mut Vec<PathBuf>,
    left_out: Option<&Path>,
) -> io::Result<()> {
    let is_left_out = |name: &Path| left_out == Some(name);
    let mut kept = entries(from)?;
    kept.retain(|(name, _)| !is_left_out(name));
    for (name, kind) in entries(to)? {
        if is_left_out(&name) {
            continue;
        }
        let path = to.join(&name);
        let known = kept.iter().any(|(other, wanted)| *other == name && wanted.is_dir() == kind.is_dir());
        if (kind.is_dir() || kind.is_file()) && !known {
            let removed = if kind.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed?;
            changed.push(path);
        }
    }
    for (name, kind) in kept {
        let (from, to) = (from.join(&name), to.join(&name));
        if kind.is_dir() {
            match fs::create_dir(&to) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
            put_back_folder(&from, &to, changed, None)?;
        } else if !same(&from, &to)? {
            let new = to.with_extension("put-back");
            copy_file(&from, &new)?;
            fs::rename(&new, &to)?;
            changed.push(to);
        }
    }
    File::open(to)?.sync_all()
}

fn same(one: &Path, two: &Path) -> io::Result<bool> {
    match fs::read(two) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        bytes => Ok(bytes? == fs::read(one)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_overwritten_removed_or_added_is_as_before() {
        let dir = tempfile::tempdir().unwrap();
        let (config, kept) = (dir.path().join("config"), dir.path().join("kept"));
        let write = |name: &str, text: &str| fs::write(config.join(name), text).unwrap();
        fs::create_dir_all(config.join("keys")).unwrap();
        write("startup.xml", "saved");
        write("keys/one", "1");
        write("same", "same");
        fs::set_permissions(config.join("startup.xml"), fs::Permissions::from_mode(0o600)).unwrap();
        copy(&config, &kept).unwrap();
        assert!(put_back(&kept, &config).unwrap().is_empty());

        write("startup.xml", "of the seed");
        write("startup.json", "of the seed");
        fs::remove_dir_all(config.join("keys")).unwrap();
        fs::create_dir(config.join("new")).unwrap();
        let mut changed = put_back(&kept, &config).unwrap();
        changed.sort();
        let names = ["keys/one", "new", "startup.json", "startup.xml"].map(|name| config.join(name));
        assert_eq!(changed, names);
        assert_eq!(fs::read_to_string(config.join("startup.xml")).unwrap(), "saved");
        assert_eq!(fs::metadata(config.join("startup.xml")).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&config).unwrap().count(), 3);
    }

    #[test]
    fn too_much_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config");
        fs::create_dir(&config).unwrap();
        File::create(config.join("data")).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert!(fits(&config).unwrap_err().to_string().contains("64 MiB"));
        assert!(copy(&config, &dir.path().join("kept")).unwrap_err().to_string().contains("64 MiB"));
    }

    #[test]
    fn earlier_configurations_are_neither_counted_nor_kept_nor_put_back() {
        let dir = tempfile::tempdir().unwrap();
        let (config, kept) = (dir.path().join("config"), dir.path().join("kept"));
        fs::create_dir_all(config.join("commits")).unwrap();
        fs::create_dir_all(config.join("keys/commits")).unwrap();
        fs::write(config.join("keys/commits/one"), "1").unwrap();
        File::create(config.join("commits/1")).unwrap().set_len(MAX_BYTES).unwrap();
        fs::write(config.join("startup.xml"), "saved").unwrap();
        fits(&config).unwrap();
        copy(&config, &kept).unwrap();
        assert!(!kept.join("commits").exists() && kept.join("keys/commits/one").exists());
        fs::write(config.join("commits/2"), "since").unwrap();
        fs::write(config.join("startup.xml"), "of the seed").unwrap();
        assert_eq!(put_back(&kept, &config).unwrap(), [config.join("startup.xml")]);
        assert!(config.join("commits/1").exists() && config.join("commits/2").exists());
    }
}
