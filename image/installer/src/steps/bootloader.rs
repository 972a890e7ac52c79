//! What makes the disk bootable: boot loaders, partition table, and as the very last write sector 0.

use std::path::Path;

use daybreak_layout::grub::{BiosBoot, esp_bytes};
use daybreak_layout::{DiskPlan, LayoutError, Role, SECTOR, Slot};

use crate::code::Code;
use crate::error::InstallError;
use crate::loaders::LoaderFiles;
use crate::report::{Event, Observer, Step};
use crate::target::Target;

/// The boot loaders for a disk, ready to be written.
#[derive(Debug)]
pub(crate) struct Bootloader {
    bios: BiosBoot,
    esp: Vec<u8>,
}

impl Bootloader {
    /// Reads the loaders' files from `folder` and fits them to the plan; nothing is written yet.
    pub(crate) fn prepare(folder: &Path, plan: &DiskPlan) -> Result<Self, InstallError> {
        let read = LoaderFiles::read(folder)?;
        let files = read.files();
        let wrong = |e: LayoutError| InstallError::caused(Code::BootloaderFiles, folder.display(), e);
        Ok(Self {
            bios: files.bios_boot(plan).map_err(wrong)?,
            esp: esp_bytes(plan, &files, Slot::A).map_err(wrong)?,
        })
    }

    /// Writes everything but sector 0 and reads it back, then writes sector 0, on which both BIOS and UEFI depend: the
    /// first finds its boot code there, the second does not believe a partition table without a protective MBR.
    pub(crate) fn write(
        &self,
        target: &mut dyn Target,
        plan: &DiskPlan,
        observer: &mut dyn Observer,
    ) -> Result<(), InstallError> {
        let failed = || InstallError::write("write the boot loader");
        let gpt = plan.gpt();
        let primary = gpt.primary_bytes(self.bios.boot_code());
        let backup = gpt.backup_bytes();
        let sector = usize::try_from(SECTOR).unwrap_or(512);
        let parts: [(u64, &[u8]); 4] = [
            (plan.extent(Role::BiosBoot).start, self.bios.core()),
            (plan.extent(Role::Esp).start, &self.esp),
            (gpt.backup_offset(), &backup),
            (SECTOR, &primary[sector..]),
        ];
        for (offset, bytes) in parts {
            target.write_at(offset, bytes).map_err(failed())?;
        }
        target.sync().map_err(failed())?;
        target.drop_cache().map_err(failed())?;
        for (offset, bytes) in parts {
            compare(target, offset, bytes)?;
        }
        let done = parts.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        observer.event(&Event::progress(Step::Bootloader, done, done + SECTOR));
        target.write_at(0, &primary[..sector]).map_err(failed())?;
        target.sync().map_err(failed())
    }
}

fn compare(target: &mut dyn Target, offset: u64, expected: &[u8]) -> Result<(), InstallError> {
    let mut found = vec![0; expected.len()];
    target.read_at(offset, &mut found).map_err(InstallError::write("read the boot loader back"))?;
    match found.iter().zip(expected).position(|(found, expected)| found != expected) {
        None => Ok(()),
        Some(at) => {
            let place = offset + at as u64;
            let detail = format!("{}: byte {place} is not what was written", target.path().display());
            Err(InstallError::new(Code::VerifyMismatch, detail))
        }
    }
}
