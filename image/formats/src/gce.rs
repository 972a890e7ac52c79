//! Google Compute Engine's image archive: a gzip-compressed tar archive in GNU tar's old format with one sparse file,
//! `disk.raw`, whose size is whole gibibytes (Compute Engine documentation, "Manually import boot disks").

use std::io::{self, Read, SeekFrom, Write};
use std::num::NonZeroUsize;
use std::ops::Range;

use crate::FormatError;
use crate::disk::{Disk, Position, data_blocks, size_of};
use crate::gzip::Gzip;
use crate::tar::{OLD_GNU, RECORD, header, number, set_checksum};

const GIB: u64 = 1 << 30;
const NAME: &str = "disk.raw";
const SPARSE: u8 = b'S';
/// Where the header has its first four pieces, each an offset and a length of twelve bytes,
const PIECES: usize = 386;
const PIECES_IN_HEADER: usize = 4;
/// whether more pieces follow in a record of their own,
const MORE: usize = 482;
/// and the size of the file with its holes.
const REAL_SIZE: Range<usize> = 483..495;
const PIECES_IN_RECORD: usize = 21;
const MORE_IN_RECORD: usize = 504;
const PIECE: usize = 24;

/// Writes a disk as a `.tar.gz` for Compute Engine; `threads` compress at the same time and do not change the bytes.
///
/// # Errors
/// [`FormatError::Size`] when the disk is not a number of whole gibibytes, [`FormatError::Io`] when reading or writing
/// fails.
pub fn write_gce<W: Write>(
    out: W,
    disk: &mut dyn Disk,
    mtime: u64,
    threads: NonZeroUsize,
) -> Result<(), FormatError> {
    let size = size_of(disk)?;
    if size == 0 || !size.is_multiple_of(GIB) {
        let reason = "Compute Engine needs whole gibibytes";
        return Err(FormatError::Size { format: "GCE image", size, reason });
    }
    let mut out = Position::new(Gzip::new(out, threads)?);
    let pieces = pieces(disk, size)?;
    let writing = || FormatError::io("write the GCE image");
    out.write_all(&headers(&pieces, size, mtime)?).map_err(writing())?;
    for piece in &pieces {
        disk.seek(SeekFrom::Start(piece.start)).map_err(FormatError::io("seek on the disk"))?;
        let length = piece.end - piece.start;
        let copied = io::copy(&mut (&mut *disk).take(length), &mut out).map_err(writing())?;
        if copied != length {
            return Err(writing()(io::ErrorKind::UnexpectedEof.into()));
        }
    }
    out.pad_to(RECORD as u64).map_err(writing())?;
    out.write_all(&[0; 2 * RECORD]).map_err(writing())?;
    out.out.finish().map(drop)
}

/// Runs of blocks that are not all zeroes, and an empty run at the end, with which GNU tar gives the size.
fn pieces(disk: &mut dyn Disk, size: u64) -> Result<Vec<Range<u64>>, FormatError> {
    let mut pieces: Vec<Range<u64>> = Vec::new();
    data_blocks(disk, &mut |offset, block| {
        let end = offset + block.len() as u64;
        match pieces.last_mut() {
            Some(last) if last.end == offset => last.end = end,
            _ => pieces.push(offset..end),
        }
        Ok(())
    })?;
    if pieces.last().is_none_or(|last| last.end < size) {
        pieces.push(size..size);
    }
    Ok(pieces)
}

fn headers(pieces: &[Range<u64>], size: u64, mtime: u64) -> Result<Vec<u8>, FormatError> {
    let stored = pieces.iter().map(|piece| piece.end - piece.start).sum();
    let mut first = header(OLD_GNU, SPARSE, NAME, stored, mtime)?;
    let (here, rest) = pieces.split_at(pieces.len().min(PIECES_IN_HEADER));
    put(&mut first[PIECES..], here);
    first[MORE] = u8::from(!rest.is_empty());
    number(&mut first[REAL_SIZE], size);
    set_checksum(&mut first);
    let mut bytes = first.to_vec();
    let mut records = rest.chunks(PIECES_IN_RECORD).peekable();
    while let Some(part) = records.next() {
        let mut record = [0; RECORD];
        put(&mut record, part);
        record[MORE_IN_RECORD] = u8::from(records.peek().is_some());
        bytes.extend(record);
    }
    Ok(bytes)
}

fn put(to: &mut [u8], pieces: &[Range<u64>]) {
    for (field, piece) in to.chunks_mut(PIECE).zip(pieces) {
        number(&mut field[..PIECE / 2], piece.start);
        number(&mut field[PIECE / 2..], piece.end - piece.start);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Seek;
    use std::process::Command;

    use super::*;
    use crate::disk::BLOCK;

    /// A sparse disk of `gib` GiB with a line at each of `places`.
    fn disk(gib: u64, places: &[u64]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        for place in places {
            file.seek(SeekFrom::Start(*place)).unwrap();
            file.write_all(format!("at {place}").as_bytes()).unwrap();
        }
        file.set_len(gib << 30).unwrap();
        file
    }

    #[test]
    fn two_readers_get_the_disk_back_with_few_and_with_many_pieces() {
        let many: Vec<_> = (0..60).map(|n| n * 3 * BLOCK as u64).collect();
        let cases: [(u64, &[u64]); 4] =
            [(1, &[]), (1, &[0, (1 << 30) - 40]), (9, &[5 << 30, (9 << 30) - 70_000]), (1, &many)];
        for (gib, places) in cases {
            let folder = tempfile::tempdir().unwrap();
            let archive = folder.path().join("image.tar.gz");
            let mut source = disk(gib, places);
            write_gce(File::create(&archive).unwrap(), &mut source, 1_700_000_000, NonZeroUsize::MIN)
                .unwrap();
            for (name, program) in [("gnu", "tar"), ("libarchive", "bsdtar")] {
                let to = folder.path().join(name);
                std::fs::create_dir(&to).unwrap();
                let output =
                    Command::new(program).args(["-xSf"]).arg(&archive).current_dir(&to).output().unwrap();
                assert!(output.status.success(), "{program}: {output:?}");
                let back = File::open(to.join("disk.raw")).unwrap();
                assert_eq!(back.metadata().unwrap().len(), gib << 30, "{program} {places:?}");
                assert!(same(&mut source, &mut { back }), "{program} {places:?}");
            }
        }
    }

    /// Whether two disks have the same blocks.
    fn same(one: &mut dyn Disk, two: &mut dyn Disk) -> bool {
        let all = |disk: &mut dyn Disk| {
            let mut blocks = Vec::new();
            data_blocks(disk, &mut |at, block| {
                blocks.push((at, block.to_vec()));
                Ok(())
            })
            .unwrap();
            blocks
        };
        all(one) == all(two)
    }

    #[test]
    fn parts_of_a_gibibyte_are_refused() {
        let file = tempfile::tempfile().unwrap();
        file.set_len((1 << 30) + 512).unwrap();
        let result = write_gce(Vec::new(), &mut { file }, 0, NonZeroUsize::MIN);
        assert!(matches!(result, Err(FormatError::Size { .. })));
    }
}
