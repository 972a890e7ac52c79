//! The boot loader files, made once per image: the appliance itself needs none of GRUB's programs. Those for UEFI are
//! Debian's signed ones.

use std::fs;
use std::path::Path;

use daybreak_layout::grub::{self, BOOT_IMG, CD_IMG, CORE_IMG, EFI_SOURCES, EfiFiles, GrubFiles};
use daybreak_layout::media::MediaGrub;

use crate::ImageError;
use crate::archive::{Content, Layer, Node};
use crate::command::{Run, Tool};

const MKIMAGE: Tool = Tool { program: "grub-mkimage", package: "grub-common" };

/// Boot loader files in memory.
#[derive(Debug)]
pub(crate) struct Grub {
    boot: Vec<u8>,
    core: Vec<u8>,
    efi: [Vec<u8>; 3],
    cd: Vec<u8>,
}

impl Grub {
    /// Takes those that Debian has signed, and makes the others in `work` with GRUB's programs.
    ///
    /// # Errors
    /// [`ImageError::NoProgram`] when a part of GRUB or shim is not installed, [`ImageError::Program`] when it fails.
    pub(crate) fn build(work: &Path) -> Result<Self, ImageError> {
        // Their folders are looked for first: grub-mkimage only says that some module is missing.
        let boot = Path::new("/usr/lib/grub/i386-pc/boot.img");
        let signed = EFI_SOURCES.map(|(_, path, package)| (Path::new(path), package));
        for (file, package) in [(boot, "grub-pc-bin")].into_iter().chain(signed) {
            if !file.exists() {
                return Err(ImageError::NoProgram { program: file.display().to_string(), package });
            }
        }
        let read = |path: &Path| fs::read(path).map_err(ImageError::io("read", path));
        let make = |name: &str, command: fn(&Path) -> Vec<String>| {
            let out = work.join(name);
            Run::new("make the boot loader", MKIMAGE).args(&command(&out)[1..]).output()?;
            read(&out)
        };
        let [shim, signed_grub, mok_manager] = signed.map(|(path, _)| path);
        Ok(Self {
            boot: read(boot)?,
            core: make(CORE_IMG, grub::bios_core_command)?,
            efi: [read(shim)?, read(signed_grub)?, read(mok_manager)?],
            cd: make(CD_IMG, grub::bios_cd_command)?,
        })
    }

    /// For the layout.
    pub(crate) fn files(&self) -> GrubFiles<'_> {
        let [shim, grub, mok_manager] = &self.efi;
        let efi = EfiFiles { shim, grub, mok_manager };
        GrubFiles { boot_img: &self.boot, core_img: &self.core, efi }
    }

    /// For boot media.
    pub(crate) fn media_files(&self) -> MediaGrub<'_> {
        MediaGrub { disk: self.files(), cd_img: &self.cd }
    }

    /// Adds the files of an installed disk to the root, where the installer finds them.
    ///
    /// # Errors
    /// [`ImageError::Root`] when something else is there.
    pub(crate) fn add_to(&self, layer: &mut Layer) -> Result<(), ImageError> {
        let efi = EFI_SOURCES.iter().map(|(name, ..)| *name).zip(&self.efi);
        for (name, bytes) in [(BOOT_IMG, &self.boot), (CORE_IMG, &self.core)].into_iter().chain(efi) {
            let path = format!("{}/{name}", grub::GRUB_DIR.trim_start_matches('/'));
            layer.add(&path, Node::of_root(0o644, Content::Bytes(bytes.clone())))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grub_makes_files_that_the_layout_takes_and_the_same_twice() {
        let folder = tempfile::tempdir().unwrap();
        let one = Grub::build(folder.path()).unwrap();
        let two = Grub::build(folder.path()).unwrap();
        assert_eq!((&one.core, &one.efi), (&two.core, &two.efi));
        assert_eq!(one.boot.len(), 512);
        let mut layer = Layer::default();
        one.add_to(&mut layer).unwrap();
        for name in ["core.img", "shimx64.efi", "grubx64.efi", "mmx64.efi"] {
            assert!(layer.get(&format!("usr/lib/daybreak/grub/{name}")).is_some(), "{name}");
        }
    }
}
