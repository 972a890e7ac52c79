//! Fixed VHD (Microsoft "Virtual Hard Disk Image Format Specification" 1.0): the raw disk and a footer of 512 bytes.
//!
//! Azure takes only this kind, with a size of whole mebibytes.

use std::io::{Seek, SeekFrom, Write};

use crate::FormatError;
use crate::disk::{Disk, copy_sparse, size_of};

const FOOTER: usize = 512;
const MIB: u64 = 1 << 20;
/// Largest disk of the format.
const MAX: u64 = 2040 << 30;
/// Reserved bit, always set.
const FEATURES: u32 = 2;
const VERSION: u32 = 0x0001_0000;
const NO_DATA_OFFSET: u64 = u64::MAX;
/// Readers decide by the creator whether the size is the one in the footer or the product of the geometry, which is
/// rounded. This is the one of Hyper-V and Azure, for which everybody takes the size.
const CREATOR: &[u8; 4] = b"win ";
const CREATOR_VERSION: u32 = 0x000A_0000;
const CREATOR_HOST: &[u8; 4] = b"Wi2k";
const TYPE_FIXED: u32 = 2;
const CHECKSUM: usize = 64;

/// Writes a disk as a fixed VHD to a new file, leaving holes for zeroes; gives the bytes of the file. `id` is the disk's
/// UUID; the time stamp is the first that the format has.
///
/// # Errors
/// [`FormatError::Size`] when the size is not a number of whole mebibytes or over 2040 GiB, [`FormatError::Io`] when reading or
/// writing fails.
pub fn write_vhd<W: Write + Seek>(
    out: &mut W,
    disk: &mut dyn Disk,
    id: [u8; 16],
) -> Result<u64, FormatError> {
    let size = size_of(disk)?;
    if size == 0 || !size.is_multiple_of(MIB) || size > MAX {
        let reason = "Azure needs whole mebibytes, and the format ends at 2040 GiB";
        return Err(FormatError::Size { format: "VHD", size, reason });
    }
    copy_sparse(out, disk)?;
    out.seek(SeekFrom::Start(size)).map_err(FormatError::io("seek in the VHD"))?;
    out.write_all(&footer(size, id)).map_err(FormatError::io("write the VHD"))?;
    out.flush().map_err(FormatError::io("write the VHD"))?;
    Ok(size + FOOTER as u64)
}

fn footer(size: u64, id: [u8; 16]) -> [u8; FOOTER] {
    let mut bytes = Vec::with_capacity(FOOTER);
    bytes.extend(b"conectix");
    bytes.extend(FEATURES.to_be_bytes());
    bytes.extend(VERSION.to_be_bytes());
    bytes.extend(NO_DATA_OFFSET.to_be_bytes());
    bytes.extend([0; 4]); // seconds since 2000
    bytes.extend(CREATOR);
    bytes.extend(CREATOR_VERSION.to_be_bytes());
    bytes.extend(CREATOR_HOST);
    bytes.extend(size.to_be_bytes());
    bytes.extend(size.to_be_bytes());
    bytes.extend(geometry(size / 512));
    bytes.extend(TYPE_FIXED.to_be_bytes());
    bytes.extend([0; 4]); // checksum, below
    bytes.extend(id);
    let mut footer = [0; FOOTER];
    footer[..bytes.len()].copy_from_slice(&bytes);
    let sum = footer.iter().fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
    footer[CHECKSUM..CHECKSUM + 4].copy_from_slice(&(!sum).to_be_bytes());
    footer
}

/// Cylinders, heads and sectors of a disk by the calculation in the specification's appendix.
fn geometry(sectors: u64) -> [u8; 4] {
    let total = sectors.min(65_535 * 16 * 255);
    let (heads, per_track, rest) = if total >= 65_535 * 16 * 63 {
        (16, 255, total / 255)
    } else {
        let mut per_track = 17;
        let mut rest = total / per_track;
        let mut heads = rest.div_ceil(1024).max(4);
        if rest >= heads * 1024 || heads > 16 {
            (per_track, heads) = (31, 16);
            rest = total / per_track;
        }
        if rest >= heads * 1024 {
            (per_track, heads) = (63, 16);
            rest = total / per_track;
        }
        (heads, per_track, rest)
    };
    let [high, low] = u16::try_from(rest / heads).unwrap_or(u16::MAX).to_be_bytes();
    let byte = |value: u64| u8::try_from(value).unwrap_or(u8::MAX);
    [high, low, byte(heads), byte(per_track)]
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::process::Command;

    use super::*;
    use crate::disk::tests::disk;

    #[test]
    fn geometries_are_those_of_the_specification() {
        let mib = |n: u64| n * 2048;
        for (sectors, expected) in [
            // Cylinders, heads, sectors of each branch.
            (mib(3), (90, 4, 17)),
            (mib(100), (1003, 12, 17)),
            (mib(200), (825, 16, 31)),
            (mib(4096), (8322, 16, 63)),
            (mib(40 * 1024), (20_560, 16, 255)),
            (mib(1024 * 1024), (65_535, 16, 255)),
        ] {
            let [a, b, heads, per_track] = geometry(sectors);
            assert_eq!((u16::from_be_bytes([a, b]), heads, per_track), expected, "{sectors}");
        }
    }

    #[test]
    fn the_sum_of_the_footer_with_its_checksum_is_all_ones() {
        let footer = footer(8 << 30, [7; 16]);
        let stored = u32::from_be_bytes([footer[64], footer[65], footer[66], footer[67]]);
        let rest: u32 = footer
            .iter()
            .enumerate()
            .filter(|(at, _)| !(64..68).contains(at))
            .map(|(_, b)| u32::from(*b))
            .sum();
        assert_eq!(!stored, rest);
        assert_eq!(footer[68..84], [7; 16]);
    }

    #[test]
    fn sizes_that_azure_refuses_are_refused() {
        for size in [0, 512, (1 << 20) + 512] {
            let mut out = Cursor::new(Vec::new());
            let result = write_vhd(&mut out, &mut disk(size, &[]), [0; 16]);
            assert!(matches!(result, Err(FormatError::Size { .. })), "{size}");
        }
    }

    #[test]
    fn qemu_and_libvhdi_read_the_size_and_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let (raw, vhd) = (folder.path().join("raw"), folder.path().join("disk.vhd"));
        let mut source = disk(37 << 20, &[(0, b"start"), (20 << 20, b"middle"), ((37 << 20) - 3, b"end")]);
        std::fs::write(&raw, source.get_ref()).unwrap();
        let mut file = std::fs::File::create(&vhd).unwrap();
        assert_eq!(write_vhd(&mut file, &mut source, *b"0123456789abcdef").unwrap(), (37 << 20) + 512);
        let run = |program: &str, args: &[&str]| {
            let output = Command::new(program).args(args).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{program} {args:?}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        run("qemu-img", &["compare", "-f", "vpc", "-F", "raw", "disk.vhd", "raw"]);
        let info = run("qemu-img", &["info", "-f", "vpc", "--output=json", "disk.vhd"]);
        assert!(info.contains("\"virtual-size\": 38797312"), "{info}");
        let info = run("vhdiinfo", &["disk.vhd"]);
        assert!(info.contains("Fixed") && info.contains("(38797312 bytes)"), "{info}");
    }
}
