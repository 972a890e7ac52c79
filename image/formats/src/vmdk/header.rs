//! The header of a sparse extent, which is also the footer ("Hosted Sparse Extents", `SparseExtentHeader`).

use super::{DIRECTORY_AT_END, GRAIN_SECTORS, SECTOR, TABLE_ENTRIES};

/// `KDMV`.
pub(crate) const MAGIC: u32 = 0x564D_444B;
/// VMware writes 3 for stream-optimised disks, and some of its readers refuse less.
pub(crate) const VERSION: u32 = 3;
/// The four line-end characters below are valid.
pub(crate) const FLAG_NEWLINE: u32 = 1;
/// A second copy of the tables is used: never in a stream.
pub(crate) const FLAG_REDUNDANT: u32 = 1 << 1;
/// Grains are compressed.
pub(crate) const FLAG_COMPRESSED: u32 = 1 << 16;
/// Grains have markers.
pub(crate) const FLAG_MARKERS: u32 = 1 << 17;
/// `\n`, a blank, `\r\n`: an FTP transfer in text mode changes them.
pub(crate) const NEWLINES: [u8; 4] = *b"\n \r\n";
/// RFC 1950.
pub(crate) const COMPRESSION_DEFLATE: u16 = 1;

/// Fields of the header; offsets and sizes in sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) magic: u32,
    pub(crate) version: u32,
    pub(crate) flags: u32,
    pub(crate) capacity: u64,
    pub(crate) grain: u64,
    pub(crate) descriptor_offset: u64,
    pub(crate) descriptor_size: u64,
    pub(crate) table_entries: u32,
    pub(crate) redundant_directory: u64,
    pub(crate) directory: u64,
    pub(crate) overhead: u64,
    pub(crate) unclean: u8,
    pub(crate) newlines: [u8; 4],
    pub(crate) compression: u16,
}

impl Header {
    /// Bytes before the padding.
    const SIZE: usize = 79;

    /// The header of a stream of `capacity` sectors.
    pub(crate) fn stream(capacity: u64, descriptor_size: u64, overhead: u64) -> Self {
        Self {
            magic: MAGIC,
            version: VERSION,
            flags: FLAG_NEWLINE | FLAG_COMPRESSED | FLAG_MARKERS,
            capacity,
            grain: GRAIN_SECTORS,
            descriptor_offset: 1,
            descriptor_size,
            table_entries: u32::try_from(TABLE_ENTRIES).unwrap_or(u32::MAX),
            redundant_directory: 0,
            directory: DIRECTORY_AT_END,
            overhead,
            unclean: 0,
            newlines: NEWLINES,
            compression: COMPRESSION_DEFLATE,
        }
    }

    /// One sector.
    pub(crate) fn to_bytes(self) -> [u8; SECTOR] {
        let mut bytes = Vec::with_capacity(Self::SIZE);
        for value in [self.magic, self.version, self.flags] {
            bytes.extend(value.to_le_bytes());
        }
        for value in [self.capacity, self.grain, self.descriptor_offset, self.descriptor_size] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(self.table_entries.to_le_bytes());
        for value in [self.redundant_directory, self.directory, self.overhead] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.push(self.unclean);
        bytes.extend(self.newlines);
        bytes.extend(self.compression.to_le_bytes());
        let mut sector = [0; SECTOR];
        sector[..bytes.len()].copy_from_slice(&bytes);
        sector
    }

    /// Reads the fields, whatever is in them.
    pub(crate) fn parse(bytes: &[u8; SECTOR]) -> Self {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | (u64::from(u32_at(at + 4)) << 32);
        Self {
            magic: u32_at(0),
            version: u32_at(4),
            flags: u32_at(8),
            capacity: u64_at(12),
            grain: u64_at(20),
            descriptor_offset: u64_at(28),
            descriptor_size: u64_at(36),
            table_entries: u32_at(44),
            redundant_directory: u64_at(48),
            directory: u64_at(56),
            overhead: u64_at(64),
            unclean: bytes[72],
            newlines: [bytes[73], bytes[74], bytes[75], bytes[76]],
            compression: u16::from_le_bytes([bytes[77], bytes[78]]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_where_the_format_has_them() {
        let header = Header { directory: 0x1122, ..Header::stream(0x1_0000_0080, 20, 128) };
        let bytes = header.to_bytes();
        assert_eq!(bytes[..12], *b"KDMV\x03\0\0\0\x01\0\x03\0");
        assert_eq!(bytes[12..20], 0x1_0000_0080u64.to_le_bytes());
        assert_eq!(bytes[44..48], 512u32.to_le_bytes());
        assert_eq!(bytes[56..64], 0x1122u64.to_le_bytes());
        assert_eq!(bytes[72..80], *b"\0\n \r\n\x01\0\0");
        assert_eq!(Header::parse(&bytes), header);
    }
}
