//! One file of the queue.

use super::record::{DELIVERED, HEADER, Header};
use super::{LARGEST_BATCH, Taken};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Where a record is in its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u64,
    length: u32,
    /// Points in it.
    pub(super) points: u32,
}

/// An open segment: the records that still wait are known, delivered ones are forgotten.
#[derive(Debug)]
pub(super) struct Segment {
    number: u64,
    file: File,
    size: u64,
    waiting: std::collections::VecDeque<Span>,
}

/// The file of a segment.
pub(super) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.seg"))
}

/// The segments in a folder, oldest first.
pub(super) fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.strip_suffix(".seg")?.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

impl Segment {
    /// A new, empty one.
    pub(super) fn create(path: &Path, number: u64) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create_new(true).open(path)?;
        Ok(Self { number, file, size: 0, waiting: std::collections::VecDeque::new() })
    }

    /// One of an earlier run. What follows the first record that is not whole is cut off; says whether there was any.
    pub(super) fn open(path: &Path, number: u64) -> io::Result<(Self, bool)> {
        let file = File::options().read(true).write(true).open(path)?;
        let length = file.metadata()?.len();
        let mut segment = Self { number, file, size: 0, waiting: std::collections::VecDeque::new() };
        while let Some((waits, span)) = segment.whole_record(length)? {
            if waits {
                segment.waiting.push_back(span);
            }
            segment.size = span.start + u64::from(span.length);
        }
        let damaged = segment.size < length;
        if damaged {
            segment.file.set_len(segment.size)?;
        }
        Ok((segment, damaged))
    }

    /// The record behind `self.size`, if it is whole.
    fn whole_record(&self, length: u64) -> io::Result<Option<(bool, Span)>> {
        let start = self.size + HEADER as u64;
        if start > length {
            return Ok(None);
        }
        let mut bytes = [0; HEADER];
        self.file.read_exact_at(&mut bytes, self.size)?;
        let Some(header) = Header::parse(&bytes) else { return Ok(None) };
        if header.length as usize > LARGEST_BATCH || start + u64::from(header.length) > length {
            return Ok(None);
        }
        let mut batch = vec![0; header.length as usize];
        self.file.read_exact_at(&mut batch, start)?;
        let span = Span { start, length: header.length, points: header.points };
        Ok(header.fits(&batch).then_some((header.waits, span)))
    }

    /// Appends a batch. When that fails half way, the next one overwrites the remains.
    pub(super) fn append(&mut self, batch: &[u8], points: u32) -> io::Result<()> {
        let length = u32::try_from(batch.len()).map_err(io::Error::other)?;
        let mut record = Header::new(batch, length, points).to_bytes().to_vec();
        record.extend_from_slice(batch);
        self.file.write_all_at(&record, self.size)?;
        self.waiting.push_back(Span { start: self.size + HEADER as u64, length, points });
        self.size += record.len() as u64;
        Ok(())
    }

    /// Adds the batches that wait, as long as `taken` stays within `most` bytes or is empty; says whether all fitted.
    pub(super) fn read(&self, taken: &mut Taken, most: usize) -> io::Result<bool> {
        for span in &self.waiting {
            let before = taken.bytes.len();
            if !taken.spans.is_empty() && before + span.length as usize > most {
                return Ok(false);
            }
            taken.bytes.resize(before + span.length as usize, 0);
            self.file.read_exact_at(&mut taken.bytes[before..], span.start)?;
            taken.points += u64::from(span.points);
            taken.spans.push((self.number, *span));
        }
        Ok(true)
    }

    /// Marks a record as delivered.
    pub(super) fn delivered(&mut self, span: Span) -> io::Result<()> {
        self.file.write_all_at(&[DELIVERED], span.start - HEADER as u64)?;
        self.waiting.retain(|waiting| *waiting != span);
        Ok(())
    }

    /// Its number.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Bytes on disk.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Points that wait.
    pub(super) fn points(&self) -> u64 {
        self.waiting.iter().map(|span| u64::from(span.points)).sum()
    }
}
