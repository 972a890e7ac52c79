//! Where the environment block lies on the EFI system partition.
//!
//! GRUB rewrites the block in place, by its sectors; the running system does the same, so that no file system is mounted,
//! no table is touched, and a power cut leaves either the old block or the new one: everything that the block says is in
//! its first sector.

use std::io;

use crate::LayoutError;
use crate::fat::Volume;

use super::GRUBENV_SIZE;

/// Offset of `grub/grubenv` from the start of the EFI system partition, which `read_at` reads.
///
/// # Errors
/// [`LayoutError::Fat`] when the partition is no FAT32 or has no such file, [`LayoutError::GrubEnv`] when the file has
/// another size or lies in pieces; [`LayoutError::Io`].
pub fn env_offset(read_at: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>) -> Result<u64, LayoutError> {
    let mut volume = Volume::open(read_at)?;
    let found = volume.find("grub/grubenv")?;
    let (first, size) = (found.first, found.size);
    if size as usize != GRUBENV_SIZE {
        return Err(wrong(format!("grub/grubenv has {size} bytes, {GRUBENV_SIZE} were expected")));
    }
    let more = u32::try_from((GRUBENV_SIZE as u64 - 1) / volume.cluster_size).unwrap_or(u32::MAX);
    for cluster in first..first.saturating_add(more) {
        if volume.next(cluster)? != Some(cluster + 1) {
            return Err(wrong("grub/grubenv lies in pieces".to_owned()));
        }
    }
    Ok(volume.offset(first))
}

fn wrong(reason: String) -> LayoutError {
    LayoutError::GrubEnv(reason)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::disk::{DiskIds, DiskPlan, MIN_DISK_SIZE, Slot};
    use crate::grub::{GrubEnv, GrubFiles, efi_files, esp_bytes, signed_program};

    fn find(bytes: &[u8]) -> Result<u64, LayoutError> {
        env_offset(&mut |offset, to| {
            let start = usize::try_from(offset).unwrap();
            let from = bytes.get(start..start + to.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            to.copy_from_slice(from);
            Ok(())
        })
    }

    fn ours() -> Vec<u8> {
        let plan = DiskPlan::new(MIN_DISK_SIZE, DiskIds::from_seed("place"), true).unwrap();
        let program = signed_program(700_000);
        let grub = GrubFiles { boot_img: &[], core_img: &[], efi: efi_files(&program) };
        esp_bytes(&plan, &grub, Slot::B).unwrap()
    }

    #[test]
    fn the_block_of_our_partition_is_found() {
        let esp = ours();
        let at = usize::try_from(find(&esp).unwrap()).unwrap();
        assert_eq!(GrubEnv::parse(&esp[at..at + GRUBENV_SIZE]).unwrap(), GrubEnv::confirmed(Slot::B));
        assert_eq!(at % 512, 0);
    }

    #[test]
    fn the_block_of_a_partition_by_mkfs_is_found_after_other_files() {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("esp.img");
        let env = dir.path().join("grubenv");
        std::fs::write(&env, GrubEnv::on_trial(Slot::B).to_bytes().unwrap()).unwrap();
        let run = |program: &str, args: &[&str]| {
            let output = Command::new(program).args(args).output().unwrap();
            assert!(output.status.success(), "{program} {args:?}: {output:?}");
        };
        let (image, env) = (image.to_str().unwrap(), env.to_str().unwrap());
        run("mkfs.vfat", &["-C", "-F", "32", "-s", "1", image, "65536"]);
        run("mmd", &["-i", image, "::/EFI", "::/grub"]);
        // More than one cluster of names, long ones among them, and one that is gone.
        for n in 0..40 {
            run("mcopy", &["-i", image, env, &format!("::/grub/a rather long name {n}")]);
        }
        run("mdel", &["-i", image, "::/grub/a rather long name 3"]);
        run("mcopy", &["-i", image, env, "::/grub/GRUBENV"]);
        let bytes = std::fs::read(image).unwrap();
        let at = usize::try_from(find(&bytes).unwrap()).unwrap();
        assert_eq!(GrubEnv::parse(&bytes[at..at + GRUBENV_SIZE]).unwrap(), GrubEnv::on_trial(Slot::B));
    }

    #[test]
    fn what_is_no_such_partition_is_refused() {
        let mut esp = ours();
        assert!(find(&esp[..100]).is_err());
        assert!(find(&vec![0; 4096]).unwrap_err().to_string().contains("FAT32"));
        let name = esp.windows(11).position(|name| name == b"GRUBENV    ").unwrap();
        esp[name] = b'X';
        assert!(find(&esp).unwrap_err().to_string().contains("no grub/grubenv"));
        esp[name] = b'G';
        esp[name + 28] = 1;
        assert!(find(&esp).unwrap_err().to_string().contains("bytes"));
    }
}
