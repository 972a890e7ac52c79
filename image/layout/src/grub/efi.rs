//! What UEFI starts: Debian's signed loaders, byte for byte, so that Secure Boot takes them.
//!
//! The firmware starts shim, which Microsoft signed. Shim knows Debian's key and starts GRUB from its own folder; GRUB
//! has the kernel checked by shim. `MokManager` lets an operator at the console add keys of their own.

use crate::LayoutError;
use crate::fat::FatFile;

/// The first loader.
pub const SHIM: &str = "shimx64.efi";
/// GRUB, under the name that shim looks for.
pub const GRUB_EFI: &str = "grubx64.efi";
/// `MokManager`, under the name that shim looks for.
pub const MOK_MANAGER: &str = "mmx64.efi";

/// The loaders where Debian puts them: our name, the file, and its package.
pub const EFI_SOURCES: [(&str, &str, &str); 3] = [
    (SHIM, "/usr/lib/shim/shimx64.efi.signed", "shim-signed"),
    (GRUB_EFI, "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "grub-efi-amd64-signed"),
    (MOK_MANAGER, "/usr/lib/shim/mmx64.efi.signed", "shim-helpers-amd64-signed"),
];

/// Where Debian's GRUB looks for its configuration, on the file system that it was started from: built into what is signed.
pub const EFI_CONFIG: &str = "EFI/debian/grub.cfg";

/// Starts the menu of an installed disk in a GRUB that came from elsewhere, such as the network. No medium has it.
pub const INSTALLED: &str = "EFI/daybreak/grub.cfg";

/// The loaders for UEFI.
#[derive(Clone, Copy, Debug)]
pub struct EfiFiles<'a> {
    /// [`SHIM`].
    pub shim: &'a [u8],
    /// [`GRUB_EFI`].
    pub grub: &'a [u8],
    /// [`MOK_MANAGER`].
    pub mok_manager: &'a [u8],
}

impl<'a> EfiFiles<'a> {
    /// Their places on an EFI system partition. The path of a removable medium needs no boot entry.
    ///
    /// # Errors
    /// [`LayoutError::Grub`] when one is not a signed UEFI program.
    pub(crate) fn esp_files(&self) -> Result<[FatFile<'a>; 3], LayoutError> {
        for (file, content) in [(SHIM, self.shim), (GRUB_EFI, self.grub), (MOK_MANAGER, self.mok_manager)] {
            let wrong = |reason: &str| LayoutError::Grub { file, reason: reason.to_owned() };
            match signature_size(content) {
                None => return Err(wrong("it is not a UEFI program")),
                Some(0) => return Err(wrong("it is not signed")),
                Some(_) => {}
            }
        }
        Ok([
            FatFile { path: "EFI/BOOT/BOOTX64.EFI", content: self.shim },
            FatFile { path: "EFI/BOOT/grubx64.efi", content: self.grub },
            FatFile { path: "EFI/BOOT/mmx64.efi", content: self.mok_manager },
        ])
    }
}

/// Size of the certificates of a 64-bit program, `None` when it is none (PE format, "Optional Header Data Directories").
fn signature_size(program: &[u8]) -> Option<u32> {
    // After signature and file header, and there the fifth directory: offset and size.
    u32_at(program, pe_header(program)? + 24 + 112 + 4 * 8 + 4)
}

/// Offset of a program's PE signature.
pub(super) fn pe_header(program: &[u8]) -> Option<usize> {
    let header = usize::try_from(u32_at(program, 0x3C)?).ok()?;
    let is_program = program.starts_with(b"MZ") && program.get(header..header.checked_add(4)?)? == b"PE\0\0";
    is_program.then_some(header)
}

/// The number at an offset.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Bytes that pass for a signed program of `size` bytes.
#[cfg(test)]
pub(crate) fn signed_program(size: usize) -> Vec<u8> {
    let mut program = vec![0; size];
    program[..2].copy_from_slice(b"MZ");
    program[0x3C] = 0x40;
    program[0x40..0x44].copy_from_slice(b"PE\0\0");
    program[0x40 + 172] = 8;
    program
}

/// Loaders that are all the same program.
#[cfg(test)]
pub(crate) fn efi_files(program: &[u8]) -> EfiFiles<'_> {
    EfiFiles { shim: program, grub: program, mok_manager: program }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(shim: &[u8]) -> String {
        let good = signed_program(1000);
        EfiFiles { shim, grub: &good, mok_manager: &good }.esp_files().unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_program_or_not_signed_is_refused() {
        let mut unsigned = signed_program(1000);
        unsigned[0x40 + 172] = 0;
        assert!(refused(&unsigned).contains("shimx64.efi") && refused(&unsigned).contains("not signed"));
        for program in [&b"\x7fELF"[..], b"MZ", &signed_program(1000)[..200], &[]] {
            assert!(refused(program).contains("not a UEFI program"), "{program:?}");
        }
        let mut far = signed_program(1000);
        far[0x3C..0x40].fill(0xFF);
        assert!(refused(&far).contains("not a UEFI program"));
    }

    #[test]
    fn debians_files_are_taken() {
        let [shim, grub, mok_manager] = EFI_SOURCES.map(|(_, path, _)| std::fs::read(path).unwrap());
        let files = EfiFiles { shim: &shim, grub: &grub, mok_manager: &mok_manager };
        assert_eq!(files.esp_files().unwrap()[1].path, "EFI/BOOT/grubx64.efi");
        // The same program before it was signed.
        assert!(refused(&std::fs::read("/usr/lib/shim/shimx64.efi").unwrap()).contains("not signed"));
    }

    #[test]
    fn debians_grub_has_every_module_of_ours_and_looks_where_the_menu_is() {
        // With Secure Boot it loads no others.
        let grub = std::fs::read(EFI_SOURCES[1].1).unwrap();
        let has = |text: &str| {
            let name = [b"\0", text.as_bytes(), b"\0"].concat();
            grub.windows(name.len()).any(|bytes| bytes == name)
        };
        let missing: Vec<_> = super::super::MODULES.split_whitespace().filter(|name| !has(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let folder = format!("/{}", EFI_CONFIG.trim_end_matches("/grub.cfg"));
        assert!(grub.windows(folder.len()).any(|bytes| bytes == folder.as_bytes()));
    }
}
