//! Leases on disk: records are appended, one `fdatasync` per batch, and the file is rewritten when it has grown.

use super::{Lease, LeaseTable, UnixSeconds, record};
use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

/// First bytes of the file; the last one is the version.
const MAGIC: [u8; 8] = *b"DBLEASE\x01";
/// A file up to this size is never rewritten.
const SMALL: u64 = 4 << 20;
/// A file is rewritten when it is this many times as large as after the last rewriting.
const GROWTH: u64 = 4;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file operation failed.
    #[error("lease journal {path}: cannot {action}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it open.
    #[error("lease journal {path}: another process uses it; stop that one or give each its own")]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// The file is something else, or from a later version.
    #[error(
        "lease journal {path}: not a lease journal of this version; move it away to start without leases"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

/// What was found at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoadReport {
    /// Whole records.
    pub records: u64,
    /// Bytes at the end that a crash cut off: never acknowledged, so nothing is lost.
    pub torn_bytes: u64,
    /// Bytes skipped in the middle: damage on the disk.
    pub damaged_bytes: u64,
}

/// An open journal. Used by one thread.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Holds the lock for as long as the journal lives.
    _lock: File,
    size: u64,
    base: u64,
    /// The end of the file is unknown: a write failed. Only rewriting helps.
    spoilt: bool,
}

impl Journal {
    /// Opens or makes the file and reads it.
    ///
    /// # Errors
    /// [`JournalError`], and then the file is as it was.
    pub fn open(path: &Path) -> Result<(Self, Vec<Lease>, LoadReport), JournalError> {
        let io = |action| move |source| JournalError::Io { path: path.to_owned(), action, source };
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(io("make its folder"))?;
        }
        let lock_path = path.with_extension("lock");
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&lock_path)
            .map_err(io("open the lock file"))?;
        lock.try_lock().map_err(|e| match e {
            fs::TryLockError::WouldBlock => JournalError::InUse { path: lock_path.clone() },
            fs::TryLockError::Error(source) => io("lock")(source),
        })?;
        let mut file =
            OpenOptions::new().create(true).read(true).append(true).open(path).map_err(io("open"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io("read"))?;
        let whole_magic = bytes.get(..MAGIC.len());
        let (leases, report) = match whole_magic {
            Some(magic) if magic == MAGIC => read_records(&bytes[MAGIC.len()..]),
            // A crash at the very first start leaves less than the magic.
            None if MAGIC.starts_with(&bytes) => (Vec::new(), LoadReport::default()),
            _ => return Err(JournalError::Foreign { path: path.to_owned() }),
        };
        let size = bytes.len() as u64;
        let spoilt = whole_magic.is_none() || report.torn_bytes > 0 || report.damaged_bytes > 0;
        // Distinct addresses tell how much of the file is alive, so that restarts do not raise the limit.
        let alive = leases.iter().map(|lease| lease.ip).collect::<HashSet<_>>().len() as u64;
        let base = (size * alive).checked_div(report.records).unwrap_or(size);
        let journal = Self { path: path.to_owned(), file, _lock: lock, size, base, spoilt };
        Ok((journal, leases, report))
    }

    /// Appends records and waits until they are on the disk.
    ///
    /// # Errors
    /// None of the records may be acknowledged. The journal then refuses to append until [`Journal::compact`]
    /// has succeeded, because after a failed write or sync nobody knows what the end of the file is.
    pub fn append(&mut self, records: &[u8]) -> Result<(), JournalError> {
        if self.spoilt {
            return Err(self.error("append before it is rewritten")(io::Error::other(
                "an earlier write failed",
            )));
        }
        let done = self.file.write_all(records).and_then(|()| self.file.sync_data());
        self.spoilt = done.is_err();
        done.map_err(self.error("append"))?;
        self.size += records.len() as u64;
        Ok(())
    }

    /// True when [`Journal::compact`] is due.
    pub fn wants_compaction(&self) -> bool {
        self.spoilt || (self.size > SMALL && self.size > GROWTH * self.base)
    }

    /// Writes what the table holds to a new file and puts it in the place of the old one. A crash at any point
    /// leaves the old file or the new one.
    ///
    /// The table may be ahead of the journal by leases whose records are still to come; writing them early is
    /// harmless, since nobody was told of them.
    ///
    /// # Errors
    /// The old file is still in place.
    pub fn compact(
        &mut self,
        table: &parking_lot::RwLock<LeaseTable>,
        now: UnixSeconds,
    ) -> Result<(), JournalError> {
        let mut bytes = MAGIC.to_vec();
        table.read().encode_all(now, &mut bytes);
        let new_path = self.path.with_extension("new");
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .open(&new_path)
            .map_err(self.error("make the new file"))?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(self.error("write the new file"))?;
        // From here on appends must go to what will be the journal, also when renaming fails half-way.
        self.spoilt = true;
        fs::rename(&new_path, &self.path).map_err(self.error("put the new file in place"))?;
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|f| f.sync_all()).map_err(self.error("sync its folder"))?;
        self.file =
            OpenOptions::new().append(true).open(&self.path).map_err(self.error("open the new file"))?;
        self.size = bytes.len() as u64;
        self.base = self.size;
        self.spoilt = false;
        Ok(())
    }

    fn error(&self, action: &'static str) -> impl FnOnce(io::Error) -> JournalError + use<> {
        let path = self.path.clone();
        move |source| JournalError::Io { path, action, source }
    }
}

fn read_records(mut bytes: &[u8]) -> (Vec<Lease>, LoadReport) {
    let mut leases = Vec::new();
    let mut report = LoadReport::default();
    while !bytes.is_empty() {
        if let Ok((lease, used)) = record::decode(bytes) {
            leases.push(lease);
            report.records += 1;
            bytes = &bytes[used..];
        } else if let Some(skip) = resume(bytes) {
            report.damaged_bytes += skip as u64;
            bytes = &bytes[skip..];
        } else {
            report.torn_bytes = bytes.len() as u64;
            break;
        }
    }
    (leases, report)
}

/// Distance to the next whole record after damage.
fn resume(bytes: &[u8]) -> Option<usize> {
    (1..bytes.len()).find(|at| record::decode(&bytes[*at..]).is_ok())
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
