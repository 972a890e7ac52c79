//! The journal: what running becomes, transaction by transaction, until the next boot.
//!
//! One file of records, appended to and made durable; when it has grown, running goes into a snapshot file and the journal
//! starts anew. A tail that was cut in the middle of a record ends the journal before that record.

mod record;

pub(super) use record::{Change, ConfirmStep, MAX_PAYLOAD, Record};

use super::StoreError;
use super::files::{self, replace_file};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Size at which the journal should start anew, bytes.
const COMPACT_AT: u64 = 16 << 20;
const FILE: &str = "journal";

/// The open journal.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    file: File,
    length: u64,
    /// A write failed and may have left part of a record, or running has changed without it; the next transaction starts the
    /// journal anew.
    damaged: bool,
}

/// What a journal held.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) records: Vec<Record>,
    /// Bytes at the end that are no record.
    pub(super) cut: u64,
}

impl Journal {
    /// The records in a folder's journal; none if there is no journal.
    pub(super) fn read(folder: &Path) -> Result<Found, StoreError> {
        let path = folder.join(FILE);
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::default()),
            Err(error) => return Err(StoreError::io("read", &path, error)),
        }
        let (mut records, mut rest) = (Vec::new(), &bytes[..]);
        while let Some((record, size)) = Record::decode(rest) {
            records.push(record);
            rest = &rest[size..];
        }
        Ok(Found { records, cut: rest.len() as u64 })
    }

    /// Starts the journal anew with one record, in place of the one that is there.
    pub(super) fn create(folder: &Path, base: &Record) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        replace_file(&path, |file| file.write_all(&base.encode()))
            .map_err(|error| StoreError::io("write", &path, error))?;
        let open = || {
            let mut file = OpenOptions::new().write(true).open(&path)?;
            let length = file.seek(SeekFrom::End(0))?;
            Ok((file, length))
        };
        let (file, length) = open().map_err(|error| StoreError::io("open", &path, error))?;
        Ok(Self { folder: folder.to_owned(), file, length, damaged: false })
    }

    /// Appends a record. A process that is killed right after has written it; only `durable` makes it outlive a power
    /// failure, after which the journal is void anyway but the write may still report a broken disk.
    pub(super) fn append(&mut self, record: &Record, durable: bool) -> Result<(), StoreError> {
        let bytes = record.encode();
        let mut write = || {
            self.file.write_all(&bytes)?;
            if durable { self.file.sync_data() } else { Ok(()) }
        };
        match write() {
            Ok(()) => {
                self.length += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.damaged = true;
                // What can be taken back is taken back; the rest is what `damaged` is for.
                let back = self
                    .file
                    .set_len(self.length)
                    .and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
                drop(back);
                Err(StoreError::io("write", &self.folder.join(FILE), error))
            }
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Running has changed and the journal could not be told: nothing may be added to it any more.
    pub(super) fn outdate(&mut self) {
        self.damaged = true;
    }

    /// Whether the journal should start anew at a quiet moment.
    pub(super) fn wants_compaction(&self) -> bool {
        self.damaged || self.length > COMPACT_AT
    }

    /// Whether it must start anew before the next transaction: it is no use any more, or no moment was quiet.
    pub(super) fn needs_compaction(&self) -> bool {
        self.damaged || self.length > 4 * COMPACT_AT
    }

    /// Removes snapshot files that the journal does not name. One that cannot be removed is in nobody's way, and is tried
    /// again the next time.
    pub(super) fn remove_other_snapshots(folder: &Path, keep: &[&str]) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let stale = name.to_str().is_some_and(|name| files::is_snapshot(name) && !keep.contains(&name));
            if stale {
                drop(std::fs::remove_file(entry.path()));
            }
        }
    }
}
