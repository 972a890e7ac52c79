//! A whole installed disk in one call, for disk images.

use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::LayoutError;
use crate::disk::{DiskPlan, Role, SLOT_SIZE, Slot};
use crate::grub::{self, GrubFiles};

/// What goes on the disk.
#[derive(Clone, Copy, Debug)]
pub struct DiskSpec<'a> {
    /// Size, identifiers and partitions.
    pub plan: DiskPlan,
    /// Boot loader files: those made by [`grub::bios_core_command`], and those of [`grub::EFI_SOURCES`].
    pub grub: GrubFiles<'a>,
}

/// Lays out an installed disk on `out`: partition table, boot loaders, slot A filled from `slot_image`, slot B and state
/// empty.
///
/// `out` must read as zeroes where it was never written, as a new file does: blocks of zeroes are skipped, so that a file
/// stays sparse. Its length is left at the end of the backup partition table, which is the size of the disk.
///
/// # Errors
/// [`LayoutError::NoRoom`] when the slot image is larger than a slot, [`LayoutError::Grub`] for unusable boot loader files,
/// [`LayoutError::Io`] when reading or writing fails.
pub fn write_disk<W: Write + Seek, R: Read>(
    out: &mut W,
    spec: &DiskSpec<'_>,
    slot_image: R,
) -> Result<(), LayoutError> {
    let plan = &spec.plan;
    let bios = spec.grub.bios_boot(plan)?;
    let esp = grub::esp_bytes(plan, &spec.grub, Slot::A)?;
    for (role, bytes) in [(Role::BiosBoot, bios.core()), (Role::Esp, &esp)] {
        write_sparse(out, plan.extent(role).start, bytes)?;
    }
    let written = write_sparse(out, plan.extent(Role::Slot(Slot::A)).start, slot_image.take(SLOT_SIZE + 1))?;
    if written > SLOT_SIZE {
        return Err(LayoutError::NoRoom { what: "the slot image", needed: written, available: SLOT_SIZE });
    }
    plan.write_table(out, bios.boot_code())?;
    out.flush().map_err(LayoutError::io("write the disk"))
}

/// Copies `from` to `offset`, seeking over blocks of zeroes; gives the bytes copied.
fn write_sparse<W: Write + Seek, R: Read>(out: &mut W, offset: u64, mut from: R) -> Result<u64, LayoutError> {
    const BLOCK: usize = 64 * 1024;
    static ZEROES: [u8; BLOCK] = [0; BLOCK];
    let mut block = Vec::with_capacity(BLOCK);
    let mut done = 0;
    loop {
        block.clear();
        let read: io::Result<usize> = from.by_ref().take(BLOCK as u64).read_to_end(&mut block);
        let n = read.map_err(LayoutError::io("read what goes on the disk"))?;
        if n == 0 {
            return Ok(done);
        }
        if block != ZEROES[..n] {
            out.seek(SeekFrom::Start(offset + done)).map_err(LayoutError::io("seek on the disk"))?;
            out.write_all(&block).map_err(LayoutError::io("write the disk"))?;
        }
        done += n as u64;
    }
}
