//! The boot loader files, made once per image: the appliance itself needs none of GRUB's programs.

use std::fs;
use std::path::Path;

use daybreak_layout::grub::{self, BOOT_IMG, CD_IMG, CORE_IMG, EFI_IMG, GrubFiles};
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
    efi: Vec<u8>,
    cd: Vec<u8>,
}

impl Grub {
    /// Makes them in `work` with GRUB's programs.
    ///
    /// # Errors
    /// [`ImageError::NoProgram`] when a part of GRUB is not installed, [`ImageError::Program`] when it fails.
    pub(crate) fn build(work: &Path) -> Result<Self, ImageError> {
        // Their folders are looked for first: grub-mkimage only says that some module is missing.
        let boot = Path::new("/usr/lib/grub/i386-pc/boot.img");
        for (file, package) in
            [(boot, "grub-pc-bin"), (Path::new("/usr/lib/grub/x86_64-efi/normal.mod"), "grub-efi-amd64-bin")]
        {
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
        Ok(Self {
            boot: read(boot)?,
            core: make(CORE_IMG, grub::bios_core_command)?,
            efi: make(EFI_IMG, grub::efi_command)?,
            cd: make(CD_IMG, grub::bios_cd_command)?,
        })
    }

    /// For the layout.
    pub(crate) fn files(&self) -> GrubFiles<'_> {
        GrubFiles { boot_img: &self.boot, core_img: &self.core, efi_img: &self.efi }
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
        for (name, bytes) in [(BOOT_IMG, &self.boot), (CORE_IMG, &self.core), (EFI_IMG, &self.efi)] {
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
        assert!(one.efi.starts_with(b"MZ"));
        assert_eq!(one.boot.len(), 512);
        let mut layer = Layer::default();
        one.add_to(&mut layer).unwrap();
        assert!(layer.get("usr/lib/daybreak/grub/core.img").is_some());
    }
}
