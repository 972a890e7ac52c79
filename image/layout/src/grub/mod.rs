//! GRUB 2.06 for BIOS and UEFI without its tools on the target.
//!
//! For BIOS `grub-mkimage` runs once, where the image is built ([`bios_core_command`]). For UEFI the loaders are Debian's
//! signed ones, as they are, whether Secure Boot is on or off. All travel in the root under [`GRUB_DIR`], and everything
//! else is done here: embedding for BIOS ([`BiosBoot`]), the content of the EFI system partition ([`esp_bytes`]), the menu
//! with its boot counting ([`config`]) and the environment that the menu and the running system share ([`GrubEnv`]).
//!
//! Both loaders find their configuration on the disk they were started from, not by searching all disks: a second disk
//! with an older installation is never booted by mistake.

mod config;
mod efi;
mod embed;
mod env;
mod place;
mod renew;
mod sbat;

use std::path::Path;

use crate::LayoutError;
use crate::disk::{DiskPlan, Role, Slot};
use crate::fat::{Fat32, FatFile};

pub use config::{TRIES, disk_config, media_config, media_volume_config, slot_config};
pub use efi::{EFI_CONFIG, EFI_SOURCES, EfiFiles, GRUB_EFI, INSTALLED, MOK_MANAGER, SHIM};
#[cfg(test)]
pub(crate) use efi::{efi_files, signed_program};
pub use embed::BiosBoot;
pub use env::{GRUBENV_SIZE, GrubEnv};
pub use place::env_offset;
pub use renew::{BiosSteps, Renewal, renew_bios, renew_efi, renew_menu};

/// Folder of the boot loader files in the root file system.
pub const GRUB_DIR: &str = "/usr/lib/daybreak/grub";
/// Boot sector, copied as it is from `/usr/lib/grub/i386-pc/boot.img`.
pub const BOOT_IMG: &str = "boot.img";
/// Core for BIOS.
pub const CORE_IMG: &str = "core.img";
/// Loader for BIOS from CD; only the builder needs it.
pub const CD_IMG: &str = "cd.img";

/// `$prefix` of the loaders for BIOS: partition 2 of the disk that the firmware started them from.
const PREFIX: &str = "(,gpt2)/grub";

/// `iso9660` reads the slots and `fat` the configuration; `regexp` takes the disk from `$root`; `test`, `loadenv`, `echo`,
/// `sleep`, `minicmd`, `ls`, `reboot` and `halt` serve the menu and a person at its prompt; `serial` and `terminal` the
/// serial console; `all_video` gives a UEFI kernel its frame buffer. Debian's signed GRUB has all of them built in.
const MODULES: &str = "part_gpt iso9660 fat normal linux configfile echo test true loadenv regexp search search_fs_uuid \
                       search_fs_file search_label serial terminal all_video minicmd ls cat sleep reboot halt";

/// The boot loader files of an image.
#[derive(Clone, Copy, Debug)]
pub struct GrubFiles<'a> {
    /// [`BOOT_IMG`].
    pub boot_img: &'a [u8],
    /// [`CORE_IMG`].
    pub core_img: &'a [u8],
    /// The loaders for UEFI.
    pub efi: EfiFiles<'a>,
}

impl GrubFiles<'_> {
    /// What a BIOS needs, with its sector numbers filled in for the plan's disk.
    ///
    /// # Errors
    /// [`LayoutError::Grub`] when a file is not what its name says, [`LayoutError::NoRoom`] when the core is too large.
    pub fn bios_boot(&self, plan: &DiskPlan) -> Result<BiosBoot, LayoutError> {
        BiosBoot::new(self.boot_img, self.core_img, plan.extent(Role::BiosBoot))
    }
}

/// Command line that makes [`CORE_IMG`] at `out`; needs Debian's `grub-pc-bin` and `grub-common`.
pub fn bios_core_command(out: &Path) -> Vec<String> {
    mkimage("i386-pc", out, &format!("biosdisk {MODULES}"))
}

/// Command line that makes [`CD_IMG`] at `out`; needs Debian's `grub-pc-bin` and `grub-common`.
pub fn bios_cd_command(out: &Path) -> Vec<String> {
    mkimage("i386-pc-eltorito", out, &format!("biosdisk {MODULES}"))
}

fn mkimage(format: &str, out: &Path, modules: &str) -> Vec<String> {
    let out = out.to_string_lossy();
    let options = ["grub-mkimage", "-O", format, "-p", PREFIX, "-o", &out];
    options.into_iter().chain(modules.split_whitespace()).map(str::to_owned).collect()
}

/// Bytes from the start of the EFI system partition to the end of its last file (see [`Fat32::bytes`]), with the
/// environment set to boot `slot` without counting.
///
/// # Errors
/// [`LayoutError::Grub`] when a loader is not a signed UEFI program, [`LayoutError::NoRoom`] when they do not fit.
pub fn esp_bytes(plan: &DiskPlan, grub: &GrubFiles<'_>, slot: Slot) -> Result<Vec<u8>, LayoutError> {
    let loaders = grub.efi.esp_files()?;
    let extent = plan.extent(Role::Esp);
    let fat = Fat32 {
        size: extent.size,
        hidden_sectors: u32::try_from(extent.first_lba()).unwrap_or(0),
        volume_id: plan.ids().esp_volume_id(),
        label: *b"DAYBREAK   ",
    };
    let config = disk_config(plan.ids());
    let env = GrubEnv::confirmed(slot).to_bytes()?;
    let configuration = [
        FatFile { path: EFI_CONFIG, content: config::EFI_STUB.as_bytes() },
        FatFile { path: INSTALLED, content: config::EFI_STUB.as_bytes() },
        FatFile { path: "grub/grub.cfg", content: config.as_bytes() },
        FatFile { path: "grub/grubenv", content: &env },
    ];
    fat.bytes(&[&loaders[..], &configuration].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_format_prefix_and_output() {
        let command = bios_core_command(Path::new("/out/core.img")).join(" ");
        assert!(
            command
                .starts_with("grub-mkimage -O i386-pc -p (,gpt2)/grub -o /out/core.img biosdisk part_gpt ")
        );
    }
}
