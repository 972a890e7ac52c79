//! Configurations that were running once, one compressed file each.
//!
//! A file is a document as those of startup are, in gzip's format (RFC 1952); what is said of it is the comment in its head,
//! so that a list of them costs no reading of configurations.

use super::StoreError;
use super::files::{document, sync_folder, tree_of};
use crate::error::DataError;
use crate::schema::Schema;
use crate::tree::Tree;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::{GzBuilder, write::GzEncoder};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SUFFIX: &str = ".xml.gz";
const UNFINISHED: &str = ".tmp";

/// Largest configuration that is read, in bytes.
const LARGEST: u64 = 512 << 20;

/// A folder of configurations, for its owner alone: they hold what access control keeps from others.
#[derive(Debug, Clone)]
pub struct History {
    folder: PathBuf,
    keep: usize,
    room: u64,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the order: later ones have larger numbers.
    pub sequence: u64,
    /// What was said of it when it was written.
    pub note: String,
}

impl History {
    /// Opens a folder, which is made if it is not there, and lists what it holds, the oldest first. The newest `keep` files are
    /// kept, or fewer if those have more than `room` bytes together. A file that cannot be read is left out.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the folder can be neither made nor read.
    pub fn open(folder: &Path, keep: usize, room: u64) -> Result<(Self, Vec<Kept>), StoreError> {
        let failed = |error| StoreError::io("open the folder", folder, error);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let history = Self { folder: folder.to_owned(), keep, room };
        let mut kept = Vec::new();
        for (sequence, path, _) in history.files().map_err(failed)? {
            if let Ok(note) = note_of(&path) {
                kept.push(Kept { sequence, note });
            }
        }
        Ok((history, kept))
    }

    /// Keeps a configuration, and takes the oldest away where there are too many.
    ///
    /// # Errors
    /// [`StoreError::Io`] if it cannot be written; what was there before is there.
    pub fn write(&self, kept: &Kept, tree: &Tree) -> Result<(), StoreError> {
        let path = self.path(kept.sequence);
        let failed = |error| StoreError::io("write", &path, error);
        let mut temporary = path.clone().into_os_string();
        temporary.push(UNFINISHED);
        let temporary = PathBuf::from(temporary);
        let mut options = File::options();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary);
        let comment = kept.note.replace('\0', " ");
        let mut packed: GzEncoder<File> =
            GzBuilder::new().comment(comment).write(file.map_err(failed)?, Compression::fast());
        document(&mut packed, tree, None).map_err(failed)?;
        packed.finish().and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&temporary, &path).and_then(|()| sync_folder(&path)).map_err(failed)?;
        self.prune().map_err(|error| StoreError::io("tidy up", &self.folder, error))
    }

    /// Reads a configuration; the inner error says why it is none of this schema.
    ///
    /// # Errors
    /// [`StoreError::Io`] if there is none of that number, or it cannot be read.
    pub fn read(&self, schema: &Arc<Schema>, sequence: u64) -> Result<Result<Tree, DataError>, StoreError> {
        let path = self.path(sequence);
        let failed = |error| StoreError::io("read", &path, error);
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(failed)?;
        GzDecoder::new(io::BufReader::new(file)).take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
        Ok(tree_of(schema, &bytes))
    }

    fn path(&self, sequence: u64) -> PathBuf {
        self.folder.join(format!("{sequence:010}{SUFFIX}"))
    }

    /// Number, path and size of each file, the oldest first; what a power cut left of others is taken away.
    fn files(&self) -> io::Result<Vec<(u64, PathBuf, u64)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            } else if let Some(sequence) = name.strip_suffix(SUFFIX).and_then(|number| number.parse().ok()) {
                files.push((sequence, entry.path(), entry.metadata()?.len()));
            }
        }
        files.sort();
        Ok(files)
    }

    fn prune(&self) -> io::Result<()> {
        let files = self.files()?;
        let mut room = self.room;
        for (number, (_, path, size)) in files.iter().rev().enumerate() {
            room = room.saturating_sub(*size);
            // The newest stays, however large it is.
            if number > 0 && (number >= self.keep || room == 0) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

fn note_of(path: &Path) -> io::Result<String> {
    let mut packed = GzDecoder::new(io::BufReader::new(File::open(path)?));
    // The head is read with the first byte.
    packed.read_exact(&mut [0])?;
    let comment = packed.header().and_then(flate2::GzHeader::comment).unwrap_or_default();
    Ok(String::from_utf8_lossy(comment).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{example, tree};
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    fn sized(n: u64) -> Tree {
        tree(&format!("<top xmlns=\"urn:example\"><size>{n}</size></top>"))
    }

    fn kept(sequence: u64) -> Kept {
        Kept { sequence, note: format!("number {sequence} by \u{e4}\0") }
    }

    fn numbers(folder: &Path) -> Vec<u64> {
        History::open(folder, 3, 1 << 20).unwrap().1.into_iter().map(|kept| kept.sequence).collect()
    }

    #[test]
    fn the_newest_are_kept_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("history");
        let (history, found) = History::open(&folder, 3, 1 << 20).unwrap();
        assert!(found.is_empty());
        for sequence in 1..=5 {
            history.write(&kept(sequence), &sized(sequence)).unwrap();
        }
        let (again, found) = History::open(&folder, 3, 1 << 20).unwrap();
        assert_eq!(found.iter().map(|kept| kept.sequence).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(found[2].note, "number 5 by \u{e4} ");
        assert!(again.read(example(), 4).unwrap().unwrap() == sized(4));
        assert!(again.read(example(), 1).unwrap_err().to_string().contains("0000000001.xml.gz"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&history.path(5))), (0o700, 0o600));
        // Anybody's tools read it.
        let text = Command::new("zcat").arg(history.path(5)).output().unwrap();
        assert!(String::from_utf8_lossy(&text.stdout).contains("<size>5</size>"), "{text:?}");
    }

    #[test]
    fn what_takes_too_much_room_goes_but_the_newest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (history, _) = History::open(folder.path(), 3, 1).unwrap();
        for sequence in 1..=3 {
            history.write(&kept(sequence), &sized(sequence)).unwrap();
        }
        assert_eq!(numbers(folder.path()), [3]);
    }

    #[test]
    fn files_that_are_none_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let (history, _) = History::open(folder.path(), 3, 1 << 20).unwrap();
        history.write(&kept(7), &sized(7)).unwrap();
        for (name, text) in
            [("0000000008.xml.gz", "no gzip"), ("readme", ""), ("0000000009.xml.gz.tmp", "cut")]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        assert_eq!(numbers(folder.path()), [7]);
        assert!(!folder.path().join("0000000009.xml.gz.tmp").exists());
        assert!(history.read(example(), 8).is_err());
        let whole = fs::read(history.path(7)).unwrap();
        fs::write(history.path(7), &whole[..whole.len() - 9]).unwrap();
        assert!(history.read(example(), 7).is_err(), "one that is cut off is not taken for a shorter one");
    }
}
