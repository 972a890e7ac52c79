//! One batch on disk: state, length, points, checksum, bytes.

use crc::{CRC_32_ISCSI, Crc};

/// Bytes before the batch: state (1), length (4), points (4), checksum of length, points and batch (4); little endian.
pub(super) const HEADER: usize = 13;

/// State: waits for the database.
pub(super) const WAITS: u8 = b'W';

/// State: the database has it.
pub(super) const DELIVERED: u8 = b'D';

const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// What is before a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) waits: bool,
    pub(super) length: u32,
    pub(super) points: u32,
    checksum: u32,
}

impl Header {
    /// For a batch that waits.
    pub(super) fn new(batch: &[u8], length: u32, points: u32) -> Self {
        Self { waits: true, length, points, checksum: checksum(batch, length, points) }
    }

    /// Reads it; none if it cannot be one.
    pub(super) fn parse(bytes: &[u8; HEADER]) -> Option<Self> {
        let [state, l0, l1, l2, l3, p0, p1, p2, p3, c0, c1, c2, c3] = *bytes;
        Some(Self {
            waits: match state {
                WAITS => true,
                DELIVERED => false,
                _ => return None,
            },
            length: u32::from_le_bytes([l0, l1, l2, l3]),
            points: u32::from_le_bytes([p0, p1, p2, p3]),
            checksum: u32::from_le_bytes([c0, c1, c2, c3]),
        })
    }

    /// Writes it.
    pub(super) fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0] = if self.waits { WAITS } else { DELIVERED };
        bytes[1..5].copy_from_slice(&self.length.to_le_bytes());
        bytes[5..9].copy_from_slice(&self.points.to_le_bytes());
        bytes[9..].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }

    /// Whether this is the batch that the header was written for.
    pub(super) fn fits(self, batch: &[u8]) -> bool {
        self.checksum == checksum(batch, self.length, self.points)
    }
}

fn checksum(batch: &[u8], length: u32, points: u32) -> u32 {
    let mut digest = CHECKSUM.digest();
    digest.update(&length.to_le_bytes());
    digest.update(&points.to_le_bytes());
    digest.update(batch);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::{HEADER, Header};

    #[test]
    fn what_is_written_reads_back() {
        let header = Header::new(b"abc", 3, 7);
        assert_eq!(Header::parse(&header.to_bytes()), Some(header));
        assert!(header.fits(b"abc"));
        assert!(!header.fits(b"abd"));
    }

    #[test]
    fn zeros_are_no_header() {
        assert_eq!(Header::parse(&[0; HEADER]), None);
    }
}
