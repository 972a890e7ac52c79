//! The boot loader files of an image, read from its root.

use std::fs;
use std::path::Path;

use daybreak_layout::grub::{BOOT_IMG, CORE_IMG, EfiFiles, GRUB_EFI, GrubFiles, MOK_MANAGER, SHIM};

use crate::code::Code;
use crate::error::InstallError;

/// The content of a folder such as [`daybreak_layout::grub::GRUB_DIR`].
#[derive(Debug)]
pub struct LoaderFiles {
    boot_img: Vec<u8>,
    core_img: Vec<u8>,
    shim: Vec<u8>,
    grub: Vec<u8>,
    mok_manager: Vec<u8>,
}

impl LoaderFiles {
    /// Reads them; what they are is not looked at.
    ///
    /// # Errors
    /// [`Code::BootloaderFiles`] names the one that cannot be read.
    pub fn read(folder: &Path) -> Result<Self, InstallError> {
        let read = |name| {
            let path = folder.join(name);
            fs::read(&path).map_err(|e| InstallError::caused(Code::BootloaderFiles, path.display(), e))
        };
        Ok(Self {
            boot_img: read(BOOT_IMG)?,
            core_img: read(CORE_IMG)?,
            shim: read(SHIM)?,
            grub: read(GRUB_EFI)?,
            mok_manager: read(MOK_MANAGER)?,
        })
    }

    /// The files, for what writes them.
    pub fn files(&self) -> GrubFiles<'_> {
        let efi = EfiFiles { shim: &self.shim, grub: &self.grub, mok_manager: &self.mok_manager };
        GrubFiles { boot_img: &self.boot_img, core_img: &self.core_img, efi }
    }
}
