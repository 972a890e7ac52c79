//! The blocks of a raw disk as EBS counts them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::SeekFrom;
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use crate::PublishError;

/// Bytes of a block: the only size that the EBS direct API has.
pub(crate) const BLOCK: u64 = 512 * 1024;

/// SHA-256 of a block.
pub(crate) type BlockDigest = [u8; 32];

/// A block that has to be in the snapshot: one with anything but zeros.
#[derive(Debug)]
pub(crate) struct Block {
    /// Offset in the disk, in blocks.
    pub(crate) index: u32,
    /// SHA-256 of the data.
    pub(crate) digest: BlockDigest,
    /// [`BLOCK`] bytes.
    pub(crate) data: Vec<u8>,
}

/// Reads blocks in their order, without those of zeros. Holes of a sparse file are not even read.
pub(crate) struct Blocks<'a> {
    file: &'a File,
    path: &'a Path,
    size: u64,
    next: u64,
}

impl<'a> Blocks<'a> {
    /// `size` is that of the file in bytes, at most 2^32 blocks.
    pub(crate) fn new(file: &'a File, path: &'a Path, size: u64) -> Self {
        Self { file, path, size, next: 0 }
    }

    fn read(&mut self) -> Result<Option<Block>, PublishError> {
        loop {
            if !self.skip_hole()? {
                return Ok(None);
            }
            let offset = self.next * BLOCK;
            // The last block is filled up with zeros.
            let mut data = vec![0; usize::try_from(BLOCK).unwrap_or_default()];
            let length = usize::try_from(BLOCK.min(self.size - offset)).unwrap_or_default();
            let read = self.file.read_exact_at(&mut data[..length], offset);
            read.map_err(PublishError::io("read", self.path))?;
            let index = u32::try_from(self.next)
                .map_err(|_| PublishError::image(self.path, "it is larger than any disk of EBS"))?;
            self.next += 1;
            if data.iter().any(|byte| *byte != 0) {
                return Ok(Some(Block { index, digest: Sha256::digest(&data).into(), data }));
            }
        }
    }

    /// Moves to the next block that has data in the file; false when there is none.
    fn skip_hole(&mut self) -> Result<bool, PublishError> {
        let offset = self.next * BLOCK;
        if offset >= self.size {
            return Ok(false);
        }
        match rustix::fs::seek(self.file, SeekFrom::Data(offset)) {
            Ok(data) => self.next = data.max(offset) / BLOCK,
            Err(Errno::NXIO) => self.next = self.size.div_ceil(BLOCK),
            // A file system that does not know holes.
            Err(Errno::INVAL | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(PublishError::io("look for data in", self.path)(error.into())),
        }
        Ok(self.next * BLOCK < self.size)
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, PublishError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(write: &[(u64, &[u8])], size: u64) -> Vec<Block> {
        let file = tempfile::tempfile().unwrap();
        file.set_len(size).unwrap();
        for (offset, bytes) in write {
            file.write_all_at(bytes, *offset).unwrap();
        }
        Blocks::new(&file, Path::new("disk"), size).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn only_blocks_with_data_come_in_their_order_and_whole() {
        let found = blocks(&[(5, b"a"), (3 * BLOCK - 1, b"bc"), (7 * BLOCK, &[0; 4096])], 9 * BLOCK + 10);
        assert_eq!(found.iter().map(|block| block.index).collect::<Vec<_>>(), [0, 2, 3]);
        assert!(found.iter().all(|block| block.data.len() == 512 * 1024));
        assert_eq!(found[0].data[5], b'a');
        assert_eq!(found[1].data.last(), Some(&b'b'));
        assert_eq!(found[2].data[0], b'c');
        assert_eq!(found[0].digest, <[u8; 32]>::from(Sha256::digest(&found[0].data)));
    }

    #[test]
    fn the_last_block_is_filled_up_with_zeros() {
        let found = blocks(&[(2 * BLOCK + 9, b"z")], 2 * BLOCK + 10);
        assert_eq!((found.len(), found[0].index, found[0].data.len()), (1, 2, 512 * 1024));
        assert_eq!(found[0].data[9], b'z');
        assert!(found[0].data[10..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn an_empty_disk_has_no_block() {
        assert!(blocks(&[], 4 << 30).is_empty());
        assert!(blocks(&[], 0).is_empty());
    }
}
