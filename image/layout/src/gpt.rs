//! GUID partition table: both copies, and the protective MBR (UEFI specification 2.10, §5.2.3 and §5.3).

use std::io::{Read, Seek, SeekFrom};

use crc::{CRC_32_ISO_HDLC, Crc};
use uuid::Uuid;

use crate::LayoutError;
use crate::disk::SECTOR;

const CRC32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const SIGNATURE: &[u8; 8] = b"EFI PART";
const REVISION_1_0: u32 = 0x0001_0000;
const HEADER_SIZE: u32 = 92;
const ENTRY_SIZE: u32 = 128;
const ENTRY_COUNT: u32 = 128;
const ARRAY_BYTES: usize = (ENTRY_COUNT * ENTRY_SIZE) as usize;
const SECTOR_BYTES: usize = 512;
/// Sectors of the entry array.
const ARRAY_SECTORS: u64 = 32;
const NAME_UNITS: usize = 36;

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GptEntry {
    /// What the partition is for.
    pub type_guid: Uuid,
    /// Which partition it is (PARTUUID).
    pub guid: Uuid,
    /// First sector.
    pub first_lba: u64,
    /// Last sector, inclusive.
    pub last_lba: u64,
    /// Name, at most 36 UTF-16 units; more are cut off.
    pub name: String,
}

/// A partition table with 128 entries of 128 bytes, which is what every tool writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpt {
    /// Identifier of the disk.
    pub disk_guid: Uuid,
    /// Size of the disk in sectors of 512 bytes.
    pub sectors: u64,
    /// Partitions 1, 2, …; on reading, empty entries between used ones end the list.
    pub entries: Vec<GptEntry>,
}

impl Gpt {
    /// Protective MBR with `boot_code`, primary header and entries: the first 34 sectors of the disk.
    pub fn primary_bytes(&self, boot_code: &[u8; 440]) -> Vec<u8> {
        let array = self.array();
        let mut bytes = self.protective_mbr(boot_code);
        bytes.extend(self.header(&array, 1, self.sectors - 1, 2));
        bytes.extend(array);
        bytes
    }

    /// Backup entries and header: the last 33 sectors, at [`Gpt::backup_offset`].
    pub fn backup_bytes(&self) -> Vec<u8> {
        let mut bytes = self.array();
        let header = self.header(&bytes, self.sectors - 1, 1, self.sectors - 1 - ARRAY_SECTORS);
        bytes.extend(header);
        bytes
    }

    /// Byte offset of the backup copy on the disk.
    pub const fn backup_offset(&self) -> u64 {
        (self.sectors - 1 - ARRAY_SECTORS) * SECTOR
    }

    /// Reads the primary copy of a disk, and the backup in the last sector when the primary is not valid.
    ///
    /// # Errors
    /// [`LayoutError::Gpt`] when neither copy is valid (with the primary's fault), [`LayoutError::Io`] when reading fails.
    pub fn read<R: Read + Seek>(disk: &mut R) -> Result<Self, LayoutError> {
        let size = disk.seek(SeekFrom::End(0)).map_err(LayoutError::io("find the size of the disk"))?;
        let sectors = size / SECTOR;
        if sectors < 2 * (ARRAY_SECTORS + 2) {
            return Err(LayoutError::Gpt(format!("a disk of {size} bytes cannot hold one")));
        }
        match read_copy(disk, 1, sectors) {
            Err(LayoutError::Gpt(primary)) => match read_copy(disk, sectors - 1, sectors) {
                Err(LayoutError::Gpt(_)) => Err(LayoutError::Gpt(primary)),
                other => other,
            },
            other => other,
        }
    }

    fn protective_mbr(&self, boot_code: &[u8; 440]) -> Vec<u8> {
        let mut mbr = vec![0; SECTOR_BYTES];
        mbr[..440].copy_from_slice(boot_code);
        // One partition of type 0xEE from LBA 1 to the end of the disk; CHS as §5.2.3 table 5.4 gives it.
        mbr[446..454].copy_from_slice(&[0x00, 0x00, 0x02, 0x00, 0xEE, 0xFF, 0xFF, 0xFF]);
        let length = u32::try_from(self.sectors - 1).unwrap_or(u32::MAX);
        mbr[454..458].copy_from_slice(&1u32.to_le_bytes());
        mbr[458..462].copy_from_slice(&length.to_le_bytes());
        mbr[510..].copy_from_slice(&[0x55, 0xAA]);
        mbr
    }

    fn header(&self, array: &[u8], this: u64, other: u64, array_lba: u64) -> Vec<u8> {
        let first_usable = 2 + ARRAY_SECTORS;
        let last_usable = self.sectors - 2 - ARRAY_SECTORS;
        let mut header = Vec::with_capacity(SECTOR_BYTES);
        header.extend(SIGNATURE);
        header.extend(REVISION_1_0.to_le_bytes());
        header.extend(HEADER_SIZE.to_le_bytes());
        header.extend([0; 8]); // CRC of the header, below, and a reserved field
        for lba in [this, other, first_usable, last_usable] {
            header.extend(lba.to_le_bytes());
        }
        header.extend(self.disk_guid.to_bytes_le());
        header.extend(array_lba.to_le_bytes());
        header.extend(ENTRY_COUNT.to_le_bytes());
        header.extend(ENTRY_SIZE.to_le_bytes());
        header.extend(CRC32.checksum(array).to_le_bytes());
        let crc = CRC32.checksum(&header);
        header[16..20].copy_from_slice(&crc.to_le_bytes());
        header.resize(SECTOR_BYTES, 0);
        header
    }

    fn array(&self) -> Vec<u8> {
        let mut array = Vec::with_capacity(ARRAY_BYTES);
        for entry in self.entries.iter().take(ENTRY_COUNT as usize) {
            array.extend(entry.type_guid.to_bytes_le());
            array.extend(entry.guid.to_bytes_le());
            array.extend(entry.first_lba.to_le_bytes());
            array.extend(entry.last_lba.to_le_bytes());
            array.extend([0; 8]);
            let mut name: Vec<u16> = entry.name.encode_utf16().take(NAME_UNITS).collect();
            name.resize(NAME_UNITS, 0);
            array.extend(name.into_iter().flat_map(u16::to_le_bytes));
        }
        array.resize(ARRAY_BYTES, 0);
        array
    }
}

fn read_copy<R: Read + Seek>(disk: &mut R, lba: u64, sectors: u64) -> Result<Gpt, LayoutError> {
    let mut header = [0; SECTOR_BYTES];
    read_at(disk, lba * SECTOR, &mut header)?;
    let fault = |reason: &str| LayoutError::Gpt(format!("header in sector {lba}: {reason}"));
    if &header[..8] != SIGNATURE {
        return Err(fault("no signature"));
    }
    if le_u32(&header, 12) != HEADER_SIZE {
        return Err(fault("unknown header size"));
    }
    let mut checked = header[..HEADER_SIZE as usize].to_vec();
    checked[16..20].fill(0);
    if CRC32.checksum(&checked) != le_u32(&header, 16) {
        return Err(fault("wrong checksum"));
    }
    if le_u64(&header, 24) != lba {
        return Err(fault("it says it belongs to another sector"));
    }
    if (le_u32(&header, 80), le_u32(&header, 84)) != (ENTRY_COUNT, ENTRY_SIZE) {
        return Err(fault("not 128 entries of 128 bytes"));
    }
    let array_lba = le_u64(&header, 72);
    if array_lba >= sectors - ARRAY_SECTORS {
        return Err(fault("entries lie outside the disk"));
    }
    let mut array = vec![0; ARRAY_BYTES];
    read_at(disk, array_lba * SECTOR, &mut array)?;
    if CRC32.checksum(&array) != le_u32(&header, 88) {
        return Err(fault("wrong checksum of the entries"));
    }
    let entries = array.chunks_exact(ENTRY_SIZE as usize).map(parse_entry);
    Ok(Gpt {
        disk_guid: guid(&header, 56),
        sectors,
        entries: entries.take_while(|entry| !entry.type_guid.is_nil()).collect(),
    })
}

fn parse_entry(bytes: &[u8]) -> GptEntry {
    let units = bytes[56..].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let name: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    GptEntry {
        type_guid: guid(bytes, 0),
        guid: guid(bytes, 16),
        first_lba: le_u64(bytes, 32),
        last_lba: le_u64(bytes, 40),
        name: String::from_utf16_lossy(&name),
    }
}

fn read_at<R: Read + Seek>(disk: &mut R, offset: u64, buf: &mut [u8]) -> Result<(), LayoutError> {
    disk.seek(SeekFrom::Start(offset)).map_err(LayoutError::io("seek to the partition table"))?;
    disk.read_exact(buf).map_err(LayoutError::io("read the partition table"))
}

fn le_u32(bytes: &[u8], at: usize) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(value)
}

fn le_u64(bytes: &[u8], at: usize) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(value)
}

fn guid(bytes: &[u8], at: usize) -> Uuid {
    let mut value = [0; 16];
    value.copy_from_slice(&bytes[at..at + 16]);
    Uuid::from_bytes_le(value)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::disk::{DiskIds, DiskPlan, MIB};

    fn disk() -> (Cursor<Vec<u8>>, Gpt) {
        let gpt = Gpt {
            disk_guid: DiskIds::from_seed("gpt").disk(),
            sectors: 8192,
            entries: vec![GptEntry {
                type_guid: Uuid::from_u128(1),
                guid: Uuid::from_u128(2),
                first_lba: 2048,
                last_lba: 4095,
                name: "slot-ä".to_owned(),
            }],
        };
        let mut bytes = vec![0; 8192 * 512];
        bytes[..34 * 512].copy_from_slice(&gpt.primary_bytes(&[0x90; 440]));
        let at = usize::try_from(gpt.backup_offset()).unwrap();
        bytes[at..].copy_from_slice(&gpt.backup_bytes());
        (Cursor::new(bytes), gpt)
    }

    #[test]
    fn reads_back_what_was_written() {
        let (mut disk, gpt) = disk();
        assert_eq!(Gpt::read(&mut disk).unwrap(), gpt);
    }

    #[test]
    fn falls_back_to_the_backup_copy() {
        for broken in [512, 512 + 60, 1024 + 5] {
            let (mut disk, gpt) = disk();
            disk.get_mut()[broken] ^= 1;
            assert_eq!(Gpt::read(&mut disk).unwrap(), gpt, "byte {broken} of the primary flipped");
        }
    }

    #[test]
    fn both_copies_broken_is_an_error_that_names_the_primary() {
        let (mut disk, _) = disk();
        disk.get_mut()[512] = 0;
        let last = 8191 * 512;
        disk.get_mut()[last] = 0;
        let error = Gpt::read(&mut disk).unwrap_err().to_string();
        assert_eq!(error, "partition table: header in sector 1: no signature");
    }

    #[test]
    fn a_disk_too_small_for_a_table_is_an_error() {
        assert!(matches!(Gpt::read(&mut Cursor::new(vec![0; 1024])), Err(LayoutError::Gpt(_))));
    }

    #[test]
    fn a_disk_over_2_tib_has_the_largest_protective_partition() {
        let plan = DiskPlan::new(3 * 1024 * 1024 * MIB, DiskIds::from_seed("big"), true).unwrap();
        let mbr = plan.gpt().primary_bytes(&[0; 440]);
        assert_eq!(&mbr[458..462], &[0xFF; 4]);
    }
}
