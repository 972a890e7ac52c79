//! What waits for a database, on disk and bounded.
//!
//! Batches are appended to segment files and taken from the oldest on. Each record has a state byte that is overwritten
//! in place when the database has taken it, so a process that is killed at any moment loses nothing that `append`
//! accepted and sends at most the batch again that was under way; writing the same points twice changes nothing in the
//! database. When the limit is reached the oldest segment goes, and the points in it are counted as a gap.
//!
//! Nothing is forced to the medium: after a power cut the last half minute may be missing, and in return the flash of
//! an appliance is spared a write for every reading.

mod record;
mod segment;

use segment::{Segment, Span};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The largest batch that `append` takes, in bytes.
pub const LARGEST_BATCH: usize = 256 * 1024;

/// The smallest limit of a queue, in bytes.
pub const SMALLEST_LIMIT: u64 = 4 * 1024 * 1024;

/// The queue cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Another process has the queue.
    #[error("{folder}: another process uses this queue")]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("queue {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The batch is larger than a queue takes.
    #[error("a batch of {bytes} bytes; the queue takes at most {LARGEST_BATCH}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

/// One or more batches, oldest first, that were taken and are not yet delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The bytes of the batches, one after the other.
    pub bytes: Vec<u8>,
    /// Points in them.
    pub points: u64,
    spans: Vec<(u64, Span)>,
}

/// The queue of one output.
#[derive(Debug)]
pub struct Queue {
    folder: PathBuf,
    limit: u64,
    segments: VecDeque<Segment>,
    next: u64,
    gap: u64,
    damaged: u64,
    // Held for its lock, which ends with the process.
    _lock: File,
}

impl Queue {
    /// Opens the queue in a folder, which is made if absent, and finds what an earlier run left.
    ///
    /// `limit` is in bytes, at least [`SMALLEST_LIMIT`].
    ///
    /// # Errors
    /// When another process has it or a file cannot be read.
    pub fn open(folder: &Path, limit: u64) -> Result<Self, QueueError> {
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        let lock = lock(folder)?;
        let mut queue = Self {
            folder: folder.to_owned(),
            limit: limit.max(SMALLEST_LIMIT),
            segments: VecDeque::new(),
            next: 0,
            gap: 0,
            damaged: 0,
            _lock: lock,
        };
        for number in segment::numbers(folder).map_err(at(folder))? {
            queue.next = number + 1;
            let path = segment::path(folder, number);
            let (segment, damaged) = Segment::open(&path, number).map_err(at(&path))?;
            queue.damaged += u64::from(damaged);
            queue.segments.push_back(segment);
        }
        queue.remove_delivered()?;
        queue.make_room(0)?;
        Ok(queue)
    }

    /// Adds a batch of `points` points at the end. The oldest segments go if it does not fit otherwise.
    ///
    /// # Errors
    /// When it is too large or cannot be written; it is not in the queue then, and its points are counted as a gap.
    pub fn append(&mut self, bytes: &[u8], points: u32) -> Result<(), QueueError> {
        let outcome = self.try_append(bytes, points);
        if outcome.is_err() {
            self.gap += u64::from(points);
        }
        outcome
    }

    fn try_append(&mut self, bytes: &[u8], points: u32) -> Result<(), QueueError> {
        if bytes.len() > LARGEST_BATCH {
            return Err(QueueError::TooLarge { bytes: bytes.len() });
        }
        let size = record::HEADER as u64 + bytes.len() as u64;
        self.make_room(size)?;
        let full = |segment: &Segment| segment.size() > 0 && segment.size() + size > self.limit / 8;
        if self.segments.back().is_none_or(full) {
            let path = segment::path(&self.folder, self.next);
            self.segments.push_back(Segment::create(&path, self.next).map_err(at(&path))?);
            self.next += 1;
        }
        let Some(last) = self.segments.back_mut() else { return Ok(()) };
        last.append(bytes, points).map_err(at(&segment::path(&self.folder, last.number())))
    }

    /// The oldest batches, together at most `most` bytes, but at least one; none when nothing waits.
    ///
    /// They stay in the queue until [`Self::delivered`]; taking again gives the same ones.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn take(&self, most: usize) -> Result<Option<Taken>, QueueError> {
        let mut taken = Taken { bytes: Vec::new(), points: 0, spans: Vec::new() };
        for segment in &self.segments {
            let number = segment.number();
            let room = segment.read(&mut taken, most).map_err(at(&segment::path(&self.folder, number)))?;
            if !room {
                break;
            }
        }
        Ok(Some(taken).filter(|taken| !taken.spans.is_empty()))
    }

    /// Marks what was taken as delivered. What the limit has removed in the meantime is no gap after all.
    ///
    /// # Errors
    /// When the mark cannot be written; the batches are sent again then.
    pub fn delivered(&mut self, taken: &Taken) -> Result<(), QueueError> {
        for (number, span) in &taken.spans {
            match self.segments.iter_mut().find(|segment| segment.number() == *number) {
                Some(segment) => {
                    segment.delivered(*span).map_err(at(&segment::path(&self.folder, *number)))?;
                }
                None => self.gap = self.gap.saturating_sub(u64::from(span.points)),
            }
        }
        self.remove_delivered()
    }

    /// Changes the limit, in bytes, at least [`SMALLEST_LIMIT`]; the oldest segments go if there are more.
    ///
    /// # Errors
    /// When a segment cannot be removed.
    pub fn set_limit(&mut self, limit: u64) -> Result<(), QueueError> {
        self.limit = limit.max(SMALLEST_LIMIT);
        self.make_room(0)
    }

    /// Points that wait.
    pub fn points(&self) -> u64 {
        self.segments.iter().map(Segment::points).sum()
    }

    /// Bytes on disk.
    pub fn size(&self) -> u64 {
        self.segments.iter().map(Segment::size).sum()
    }

    /// Points that were lost since this was opened: removed for the limit, or not accepted.
    pub fn gap(&self) -> u64 {
        self.gap
    }

    /// Segments whose end was damaged when this was opened.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    fn make_room(&mut self, size: u64) -> Result<(), QueueError> {
        while self.size() + size > self.limit {
            let Some(oldest) = self.segments.pop_front() else { return Ok(()) };
            self.gap += oldest.points();
            let path = segment::path(&self.folder, oldest.number());
            std::fs::remove_file(&path).map_err(at(&path))?;
        }
        Ok(())
    }

    /// Removes segments of which nothing waits; the last one stays while it can still grow.
    fn remove_delivered(&mut self) -> Result<(), QueueError> {
        while let Some(oldest) = self.segments.front()
            && oldest.points() == 0
            && (self.segments.len() > 1 || oldest.size() > self.limit / 16)
        {
            let path = segment::path(&self.folder, oldest.number());
            std::fs::remove_file(&path).map_err(at(&path))?;
            self.segments.pop_front();
        }
        Ok(())
    }
}

fn lock(folder: &Path) -> Result<File, QueueError> {
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(QueueError::Locked { folder: folder.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(QueueError::Io { path, source }),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> QueueError {
    let path = path.to_owned();
    move |source| QueueError::Io { path, source }
}

#[cfg(test)]
mod tests;
