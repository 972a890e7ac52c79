//! The copyright file of each package, taken out of the root in passing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::ImageError;
use crate::archive::RawEntry;

/// Links from one package's documentation to another's that are followed.
const MAX_LINKS: usize = 8;

/// Copyright files by package in a folder.
pub(super) struct Copyrights {
    folder: PathBuf,
    /// Packages whose file is that of another one.
    same: BTreeMap<String, String>,
}

impl Copyrights {
    /// Into the folder, which is made.
    pub(super) fn into(folder: &Path) -> Result<Self, ImageError> {
        fs::create_dir_all(folder).map_err(ImageError::io("make the folder", folder))?;
        Ok(Self { folder: folder.to_owned(), same: BTreeMap::new() })
    }

    /// Takes an entry of the root with its content, if it has to do with them.
    pub(super) fn take(&mut self, entry: &RawEntry, content: &mut impl Read) -> Result<(), ImageError> {
        let Some(path) = entry.path.strip_prefix("usr/share/doc/") else { return Ok(()) };
        let package = path.strip_suffix("/copyright").unwrap_or(path);
        if package.contains('/') {
            return Ok(());
        }
        let elsewhere = match (&entry.symlink, &entry.hard_link) {
            // `../other/copyright`, `other` or `other/copyright`: documentation of packages lies side by side.
            (Some(to), _) => Some(to.trim_start_matches("../")),
            (_, Some(to)) => to.strip_prefix("usr/share/doc/"),
            _ => None,
        };
        if let Some(to) = elsewhere {
            let to = to.strip_suffix("/copyright").unwrap_or(to);
            self.same.insert(package.to_owned(), to.to_owned());
        } else if path.ends_with("/copyright") {
            let to = self.folder.join(package);
            let mut out = File::create(&to).map_err(ImageError::io("make", &to))?;
            io::copy(content, &mut out).map_err(ImageError::io("write", &to))?;
        }
        Ok(())
    }

    /// Gives every package its file that has that of another one.
    pub(super) fn finish(self) -> Result<(), ImageError> {
        for package in self.same.keys() {
            let mut other = package;
            for _ in 0..MAX_LINKS {
                other = self.same.get(other).unwrap_or(other);
            }
            let (from, to) = (self.folder.join(other), self.folder.join(package));
            if !other.contains('/') && from.is_file() && from != to {
                fs::copy(&from, &to).map_err(ImageError::io("copy to", &to))?;
            }
        }
        Ok(())
    }
}
