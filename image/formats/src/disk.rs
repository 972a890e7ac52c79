//! The raw disk that every format is made from: mostly holes, which no writer reads.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use rustix::io::Errno;

use crate::FormatError;

/// Unit in which writers look for zeroes. What counts is the content: the holes of a file may differ from one file system
/// to the next, and the bytes written must not.
pub(crate) const BLOCK: usize = 64 * 1024;

/// A disk with random access that may know where it has only zeroes.
pub trait Disk: Read + Seek {
    /// The next range of bytes, from `from` on, that may hold something else than zeroes; `None` when nothing follows.
    ///
    /// # Errors
    /// Those of the file below.
    fn next_data(&mut self, from: u64) -> io::Result<Option<Range<u64>>>;
}

impl<T: AsRef<[u8]>> Disk for Cursor<T> {
    fn next_data(&mut self, from: u64) -> io::Result<Option<Range<u64>>> {
        let end = self.get_ref().as_ref().len() as u64;
        Ok((from < end).then_some(from..end))
    }
}

impl Disk for File {
    /// By `lseek(2)`, `SEEK_DATA` and `SEEK_HOLE`; on a file system without them everything is data.
    fn next_data(&mut self, from: u64) -> io::Result<Option<Range<u64>>> {
        let end = self.metadata()?.len();
        let start = match rustix::fs::seek(&*self, rustix::fs::SeekFrom::Data(from)) {
            Err(Errno::NXIO) => return Ok(None),
            Err(Errno::INVAL) => return Ok((from < end).then_some(from..end)),
            start => start?,
        };
        Ok(Some(start..rustix::fs::seek(&*self, rustix::fs::SeekFrom::Hole(start))?))
    }
}

/// Size of a disk in bytes.
pub(crate) fn size_of(disk: &mut dyn Disk) -> Result<u64, FormatError> {
    disk.seek(SeekFrom::End(0)).map_err(FormatError::io("find the size of the disk"))
}

/// Takes a block and its offset.
pub(crate) type Each<'a> = dyn FnMut(u64, &[u8]) -> Result<(), FormatError> + 'a;

/// Hands every block that is not all zeroes to `each`, with its offset, in order. The last one may be shorter.
pub(crate) fn data_blocks(disk: &mut dyn Disk, each: &mut Each<'_>) -> Result<(), FormatError> {
    let reading = || FormatError::io("read the disk");
    let size = size_of(disk)?;
    let mut block = vec![0; BLOCK];
    let mut at = 0;
    while let Some(range) = disk.next_data(at).map_err(reading())? {
        at = at.max(range.start / BLOCK as u64 * BLOCK as u64);
        disk.seek(SeekFrom::Start(at)).map_err(reading())?;
        while at < range.end.min(size) {
            let length = usize::try_from(size - at).map_or(BLOCK, |left| left.min(BLOCK));
            disk.read_exact(&mut block[..length]).map_err(reading())?;
            if !is_zero(&block[..length]) {
                each(at, &block[..length])?;
            }
            at += length as u64;
        }
        if at >= size {
            break;
        }
    }
    Ok(())
}

/// Copies a disk to a new file, seeking over blocks of zeroes; gives its size. The file has to be grown to it, or written
/// on after it, by the caller.
pub(crate) fn copy_sparse<W: Write + Seek>(out: &mut W, disk: &mut dyn Disk) -> Result<u64, FormatError> {
    data_blocks(disk, &mut |offset, block| {
        out.seek(SeekFrom::Start(offset)).map_err(FormatError::io("seek in the file"))?;
        out.write_all(block).map_err(FormatError::io("write the file"))
    })?;
    size_of(disk)
}

fn is_zero(block: &[u8]) -> bool {
    // Sixteen bytes at a time: this runs over everything that is written.
    let (chunks, rest) = block.as_chunks::<16>();
    chunks.iter().all(|chunk| u128::from_ne_bytes(*chunk) == 0) && rest.iter().all(|byte| *byte == 0)
}

/// A writer that knows how far it is.
pub(crate) struct Position<W> {
    pub(crate) out: W,
    pub(crate) at: u64,
}

impl<W: Write> Position<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self { out, at: 0 }
    }

    /// Zeroes up to the next multiple of `unit` bytes.
    pub(crate) fn pad_to(&mut self, unit: u64) -> io::Result<()> {
        let mut left = self.at.next_multiple_of(unit) - self.at;
        while left > 0 {
            let n = left.min(512);
            self.write_all(&[0; 512][..usize::try_from(n).unwrap_or(512)])?;
            left -= n;
        }
        Ok(())
    }
}

impl<W: Write> Write for Position<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.out.write(buf)?;
        self.at += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A disk of `size` bytes with `fill` at each of `places`, in memory.
    pub(crate) fn disk(size: usize, places: &[(usize, &[u8])]) -> Cursor<Vec<u8>> {
        let mut bytes = vec![0; size];
        for (at, fill) in places {
            bytes[*at..at + fill.len()].copy_from_slice(fill);
        }
        Cursor::new(bytes)
    }

    fn offsets(disk: &mut dyn Disk) -> Vec<(u64, usize)> {
        let mut found = Vec::new();
        data_blocks(disk, &mut |at, block| {
            found.push((at, block.len()));
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn blocks_are_the_same_from_memory_and_from_a_file_with_holes() {
        let size = 10 * BLOCK + 512;
        let mut memory = disk(size, &[(0, b"a"), (5 * BLOCK - 1, b"bc"), (10 * BLOCK + 7, b"d")]);
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(copy_sparse(&mut file, &mut memory).unwrap(), size as u64);
        file.set_len(size as u64).unwrap();
        let block = BLOCK as u64;
        let expected = [(0, BLOCK), (4 * block, BLOCK), (5 * block, BLOCK), (10 * block, 512)];
        assert_eq!(offsets(&mut memory), expected);
        assert_eq!(offsets(&mut file), expected);
        // A file that was filled with zeroes instead of left with holes.
        let mut filled = tempfile::tempfile().unwrap();
        filled.write_all(memory.get_ref()).unwrap();
        assert_eq!(offsets(&mut filled), expected);
    }

    #[test]
    fn an_empty_disk_and_one_of_zeroes_have_no_blocks() {
        assert_eq!(offsets(&mut disk(0, &[])), []);
        assert_eq!(offsets(&mut disk(3 * BLOCK, &[])), []);
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 33).unwrap();
        assert_eq!(offsets(&mut { file }), []);
    }
}
