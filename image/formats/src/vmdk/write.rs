//! Writing a stream-optimised VMDK front to back.

use std::io::Write;
use std::num::NonZeroUsize;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::{Adapter, Descriptor, GRAIN_SECTORS, Header, SECTOR, TABLE_ENTRIES, TABLE_SECTORS, marker};
use crate::FormatError;
use crate::disk::{BLOCK, Disk, Position, data_blocks, size_of};

/// Bytes of a grain.
const GRAIN: u64 = GRAIN_SECTORS * SECTOR as u64;
const _: () = assert!(GRAIN == BLOCK as u64, "the blocks that are looked for zeroes are grains");
/// Sectors kept for the descriptor, as VMware keeps them.
const DESCRIPTOR_SECTORS: u64 = 20;
/// Sectors before the first grain: grains begin at a multiple of their size.
const OVERHEAD: u64 = 128;
/// Grains that a thread is given at a time.
const GRAINS_PER_THREAD: usize = 32;
/// What is on an appliance's disk is compressed already: more effort takes time and saves nothing.
const LEVEL: u32 = 1;

/// What the file says about itself.
#[derive(Clone, Copy, Debug)]
pub struct VmdkSpec<'a> {
    /// Name of the file, which its own descriptor names.
    pub file_name: &'a str,
    /// Identifies the content: another content, another number.
    pub content_id: u128,
    /// Disk controller that the disk is meant for.
    pub adapter: Adapter,
    /// `ddb.virtualHWVersion`.
    pub hardware_version: u32,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VmdkWritten {
    /// Bytes of the file.
    pub size: u64,
    /// Bytes of the disk.
    pub capacity: u64,
    /// Bytes of the disk that are in the file, uncompressed.
    pub populated: u64,
}

/// Writes a disk as a stream-optimised VMDK; `threads` compress at the same time and do not change the bytes.
///
/// # Errors
/// [`FormatError::Size`] when the disk is empty, not a multiple of 64 KiB or its tables would lie beyond 2 TiB,
/// [`FormatError::Text`] for a file name that the descriptor cannot hold, [`FormatError::Io`] when reading or writing fails.
pub fn write_vmdk<W: Write>(
    out: W,
    disk: &mut dyn Disk,
    spec: &VmdkSpec<'_>,
    threads: NonZeroUsize,
) -> Result<VmdkWritten, FormatError> {
    let size = size_of(disk)?;
    let refuse = |reason| FormatError::Size { format: "VMDK", size, reason };
    if size == 0 || !size.is_multiple_of(GRAIN) {
        return Err(refuse("the size has to be a multiple of 64 KiB, and not nothing"));
    }
    let tables = usize::try_from(size.div_ceil(GRAIN * TABLE_ENTRIES as u64));
    let tables = tables.ok().filter(|_| size <= 2 << 40).ok_or_else(|| refuse("it is larger than 2 TiB"))?;
    let capacity = size / SECTOR as u64;
    let text =
        Descriptor::text(spec.file_name, capacity, spec.content_id, spec.adapter, spec.hardware_version)?;

    let header = Header::stream(capacity, DESCRIPTOR_SECTORS, OVERHEAD);
    let mut stream = Stream {
        out: Position::new(out),
        directory: vec![0; tables],
        table: Vec::new(),
        table_number: 0,
        populated: 0,
    };
    stream.write(&header.to_bytes())?;
    stream.write(text.as_bytes())?;
    stream.pad(OVERHEAD)?;
    let batch_size = GRAINS_PER_THREAD * threads.get();
    let mut batch = Vec::with_capacity(batch_size);
    data_blocks(disk, &mut |offset, block| {
        batch.push((offset / GRAIN, block.to_vec()));
        if batch.len() == batch_size { stream.grains(&mut batch, threads) } else { Ok(()) }
    })?;
    stream.grains(&mut batch, threads)?;
    stream.finish(header)?;
    Ok(VmdkWritten { size: stream.out.at, capacity: size, populated: stream.populated })
}

struct Stream<W> {
    out: Position<W>,
    /// First sector of each grain table, 0 where all its grains are zeroes.
    directory: Vec<u32>,
    /// First sector of each grain's marker in the table that is being filled; empty when there is none.
    table: Vec<u32>,
    table_number: usize,
    populated: u64,
}

impl<W: Write> Stream<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        self.out.write_all(bytes).map_err(FormatError::io("write the VMDK"))
    }

    /// Zeroes up to a multiple of `sectors`.
    fn pad(&mut self, sectors: u64) -> Result<(), FormatError> {
        self.out.pad_to(sectors * SECTOR as u64).map_err(FormatError::io("write the VMDK"))
    }

    fn sector(&self) -> Result<u32, FormatError> {
        u32::try_from(self.out.at / SECTOR as u64).map_err(|_| FormatError::Size {
            format: "VMDK",
            size: self.out.at,
            reason: "the file would be larger than 2 TiB",
        })
    }

    /// Compresses grains side by side and writes them in order.
    fn grains(&mut self, batch: &mut Vec<(u64, Vec<u8>)>, threads: NonZeroUsize) -> Result<(), FormatError> {
        let share = batch.len().div_ceil(threads.get()).max(1);
        let packed: Vec<_> = std::thread::scope(|scope| {
            let compress_all =
                |grains: &[(u64, Vec<u8>)]| grains.iter().map(|(_, grain)| compress(grain)).collect();
            let workers: Vec<_> = batch
                .chunks(share)
                .map(|grains| scope.spawn(move || -> Vec<_> { compress_all(grains) }))
                .collect();
            workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        let packed = packed.into_iter().flat_map(|part| match part {
            Ok(part) => part,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        for ((number, grain), packed) in batch.iter().zip(packed) {
            self.grain(*number, &packed.map_err(FormatError::io("compress a grain"))?)?;
            self.populated += grain.len() as u64;
        }
        batch.clear();
        Ok(())
    }

    fn grain(&mut self, number: u64, packed: &[u8]) -> Result<(), FormatError> {
        let table = usize::try_from(number / TABLE_ENTRIES as u64).unwrap_or(usize::MAX);
        if table != self.table_number {
            self.end_table()?;
            self.table_number = table;
        }
        self.table.resize(TABLE_ENTRIES, 0);
        let entry = usize::try_from(number % TABLE_ENTRIES as u64).unwrap_or(0);
        self.table[entry] = self.sector()?;
        self.write(&(number * GRAIN_SECTORS).to_le_bytes())?;
        self.write(&u32::try_from(packed.len()).unwrap_or(u32::MAX).to_le_bytes())?;
        self.write(packed)?;
        self.pad(1)
    }

    fn marker(&mut self, sectors: u64, kind: u32) -> Result<(), FormatError> {
        self.write(&sectors.to_le_bytes())?;
        self.write(&0u32.to_le_bytes())?;
        self.write(&kind.to_le_bytes())?;
        self.write(&[0; SECTOR - 16])
    }

    /// Writes the table that was being filled, if there is one.
    fn end_table(&mut self) -> Result<(), FormatError> {
        if self.table.is_empty() {
            return Ok(());
        }
        self.marker(TABLE_SECTORS, marker::GRAIN_TABLE)?;
        self.directory[self.table_number] = self.sector()?;
        let bytes: Vec<_> = self.table.drain(..).flat_map(u32::to_le_bytes).collect();
        self.write(&bytes)
    }

    fn finish(&mut self, header: Header) -> Result<(), FormatError> {
        self.end_table()?;
        let bytes: Vec<_> = self.directory.iter().copied().flat_map(u32::to_le_bytes).collect();
        self.marker((bytes.len() as u64).div_ceil(SECTOR as u64), marker::GRAIN_DIRECTORY)?;
        let footer = Header { directory: u64::from(self.sector()?), ..header };
        self.write(&bytes)?;
        self.pad(1)?;
        self.marker(1, marker::FOOTER)?;
        self.write(&footer.to_bytes())?;
        self.marker(0, marker::END_OF_STREAM)?;
        self.out.flush().map_err(FormatError::io("write the VMDK"))
    }
}

/// A zlib stream (RFC 1950).
fn compress(grain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(grain.len() + 64), Compression::new(LEVEL));
    encoder.write_all(grain)?;
    encoder.finish()
}

#[cfg(test)]
mod tests;
