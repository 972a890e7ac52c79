//! Headers of tar archives: POSIX `ustar` (IEEE 1003.1, pax, "ustar Interchange Format") for OVA, and GNU tar's old format
//! for sparse files ("GNU tar manual, Storing Sparse Files, Old GNU Format").

use crate::FormatError;

/// Unit of an archive, in bytes.
pub(crate) const RECORD: usize = 512;
/// Largest number in the eleven octal digits of a size.
const MAX_OCTAL: u64 = (1 << 33) - 1;

/// Where the fields of a header are.
pub(crate) mod field {
    use std::ops::Range;

    pub(crate) const NAME: Range<usize> = 0..100;
    pub(crate) const MODE: Range<usize> = 100..108;
    pub(crate) const UID: Range<usize> = 108..116;
    pub(crate) const GID: Range<usize> = 116..124;
    pub(crate) const SIZE: Range<usize> = 124..136;
    pub(crate) const MTIME: Range<usize> = 136..148;
    pub(crate) const CHECKSUM: Range<usize> = 148..156;
    pub(crate) const TYPE: usize = 156;
    pub(crate) const MAGIC: Range<usize> = 257..265;
    pub(crate) const PREFIX: Range<usize> = 345..500;
}

/// Magic and version of `ustar`.
pub(crate) const USTAR: [u8; 8] = *b"ustar\x0000";
/// Magic of GNU tar's old format.
pub(crate) const OLD_GNU: [u8; 8] = *b"ustar  \0";

/// A header without its checksum: a regular file of root, readable by all.
pub(crate) fn header(
    magic: [u8; 8],
    kind: u8,
    name: &str,
    size: u64,
    mtime: u64,
) -> Result<[u8; RECORD], FormatError> {
    if name.is_empty() || name.len() >= field::NAME.len() || name.contains('\0') {
        return Err(FormatError::Text {
            field: "name in the archive",
            text: name.to_owned(),
            reason: "1 to 99 bytes are needed",
        });
    }
    let mut header = [0; RECORD];
    header[..name.len()].copy_from_slice(name.as_bytes());
    for (range, value) in [(field::MODE, 0o644), (field::UID, 0), (field::GID, 0)] {
        octal(&mut header[range], value);
    }
    number(&mut header[field::SIZE], size);
    number(&mut header[field::MTIME], mtime);
    header[field::TYPE] = kind;
    header[field::MAGIC].copy_from_slice(&magic);
    Ok(header)
}

/// A whole header of a file in a `ustar` archive.
///
/// # Errors
/// [`FormatError::Text`] for a name that does not fit, [`FormatError::Size`] for 8 GiB and more, which `ustar` cannot say.
pub(crate) fn ustar(name: &str, size: u64, mtime: u64) -> Result<[u8; RECORD], FormatError> {
    if size > MAX_OCTAL {
        return Err(FormatError::Size {
            format: "OVA",
            size,
            reason: "a file in a ustar archive is smaller than 8 GiB",
        });
    }
    let mut header = header(USTAR, b'0', name, size, mtime.min(MAX_OCTAL))?;
    set_checksum(&mut header);
    Ok(header)
}

/// Sum of the bytes of a header with blanks for its checksum.
pub(crate) fn checksum(header: &[u8; RECORD]) -> u32 {
    let own: u32 = header[field::CHECKSUM].iter().map(|byte| u32::from(*byte)).sum();
    let all: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    all - own + 8 * u32::from(b' ')
}

/// Fills in the checksum: six digits, a NUL, a blank.
pub(crate) fn set_checksum(header: &mut [u8; RECORD]) {
    let sum = checksum(header);
    octal(&mut header[field::CHECKSUM.start..field::CHECKSUM.end - 1], u64::from(sum));
    header[field::CHECKSUM.end - 1] = b' ';
}

/// Octal digits up to the NUL at the end of the field; the caller knows that they fit.
fn octal(to: &mut [u8], value: u64) {
    let digits = to.len() - 1;
    to[..digits].copy_from_slice(format!("{value:0digits$o}").as_bytes());
}

/// A number as GNU tar writes it: octal, and where that does not fit, base 256 with the first bit set.
pub(crate) fn number(to: &mut [u8], value: u64) {
    if value <= MAX_OCTAL {
        octal(to, value);
    } else {
        to.fill(0);
        let at = to.len() - 8;
        to[at..].copy_from_slice(&value.to_be_bytes());
        to[0] |= 0x80;
    }
}
