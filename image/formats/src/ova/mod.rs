//! OVA: a virtual appliance in one file (DMTF DSP0243 1.1, "Open Virtualization Format Specification"): the descriptor, a
//! manifest of digests, and the disk, in this order, in a tar archive.

mod manifest;
mod ovf;
mod xml;

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

pub use manifest::manifest;
pub use ovf::{Controller, Firmware, OvfDisk, OvfSpec, descriptor};

use crate::FormatError;
use crate::tar::{self, RECORD};

/// A disk to go into an OVA, as [`crate::write_vmdk`] made it.
pub struct OvaDisk<'a> {
    /// What the descriptor says of it.
    pub description: OvfDisk<'a>,
    /// SHA-256 of the file, in hex.
    pub sha256: &'a str,
    /// The file.
    pub file: &'a mut dyn Read,
}

/// Writes an OVA front to back. Everything in it belongs to root and has the time stamp `mtime` (seconds since 1970).
///
/// # Errors
/// [`FormatError::Text`] for a name that is not acceptable, [`FormatError::Size`] for a disk file of 8 GiB and more,
/// [`FormatError::Io`] when reading or writing fails, or the file of the disk has another size than described.
pub fn write_ova<W: Write>(
    mut out: W,
    spec: &OvfSpec<'_>,
    disk: &mut OvaDisk<'_>,
    mtime: u64,
) -> Result<(), FormatError> {
    let writing = || FormatError::io("write the OVA");
    let ovf = descriptor(spec, &disk.description)?;
    let ovf_name = format!("{}.ovf", spec.name);
    let ovf_digest = hex(&Sha256::digest(ovf.as_bytes()));
    let mf = manifest(&[(&ovf_name, &ovf_digest), (disk.description.file_name, disk.sha256)]);
    for (name, text) in [(&ovf_name, &ovf), (&format!("{}.mf", spec.name), &mf)] {
        file(&mut out, name, text.len() as u64, mtime, &mut text.as_bytes())?;
    }
    file(&mut out, disk.description.file_name, disk.description.file_size, mtime, disk.file)?;
    out.write_all(&[0; 2 * RECORD]).map_err(writing())?;
    out.flush().map_err(writing())
}

fn file(
    out: &mut dyn Write,
    name: &str,
    size: u64,
    mtime: u64,
    content: &mut dyn Read,
) -> Result<(), FormatError> {
    let writing = || FormatError::io("write the OVA");
    out.write_all(&tar::ustar(name, size, mtime)?).map_err(writing())?;
    let copied = io::copy(&mut content.take(size), out).map_err(writing())?;
    if copied != size {
        return Err(writing()(io::Error::other(format!("{name} has {copied} bytes, {size} were announced"))));
    }
    let pad = size.next_multiple_of(RECORD as u64) - size;
    out.write_all(&[0; RECORD][..usize::try_from(pad).unwrap_or(0)]).map_err(writing())
}

/// Bytes as a manifest has them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // A String takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
