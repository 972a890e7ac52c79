//! Where the environment block lies on the EFI system partition.
//!
//! GRUB rewrites the block in place, by its sectors; the running system does the same, so that no file system is mounted,
//! no table is touched, and a power cut leaves either the old block or the new one: everything that the block says is in
//! its first sector.

use std::io;

use crate::LayoutError;

use super::GRUBENV_SIZE;

const ENTRY: usize = 32;
const DIRECTORY: u8 = 0x10;
const LONG_NAME: u8 = 0x0F;
/// First entry after the end of a directory.
const END: u8 = 0;
/// Entry whose file was deleted.
const DELETED: u8 = 0xE5;
/// Marks of the end of a chain begin here (FAT specification §4).
const CHAIN_END: u32 = 0x0FFF_FFF8;
/// A folder of ours is one cluster; one that is longer than this is damaged.
const MAX_CLUSTERS: usize = 128;

/// Fills a buffer from an offset of the partition.
type ReadAt<'a> = &'a mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>;

/// Offset of `grub/grubenv` from the start of the EFI system partition, which `read_at` reads.
///
/// # Errors
/// [`LayoutError::GrubEnv`] when the partition is no FAT32, has no such file, or one in pieces; [`LayoutError::Io`].
pub fn env_offset(read_at: ReadAt<'_>) -> Result<u64, LayoutError> {
    let mut fat = Fat::open(read_at)?;
    let folder = fat.find(fat.root, *b"GRUB       ", true)?;
    let (first, size) = fat.find_file(folder.0, *b"GRUBENV    ")?;
    if size as usize != GRUBENV_SIZE {
        return Err(wrong(format!("grub/grubenv has {size} bytes, {GRUBENV_SIZE} were expected")));
    }
    let more = u32::try_from((GRUBENV_SIZE as u64 - 1) / fat.cluster_size).unwrap_or(u32::MAX);
    for cluster in first..first.saturating_add(more) {
        if fat.next(cluster)? != Some(cluster + 1) {
            return Err(wrong("grub/grubenv lies in pieces".to_owned()));
        }
    }
    Ok(fat.offset(first))
}

fn wrong(reason: String) -> LayoutError {
    LayoutError::GrubEnv(reason)
}

/// What of a FAT32 is needed to follow a path.
struct Fat<'a> {
    read_at: ReadAt<'a>,
    table: u64,
    data: u64,
    cluster_size: u64,
    root: u32,
}

impl<'a> Fat<'a> {
    fn open(read_at: ReadAt<'a>) -> Result<Self, LayoutError> {
        let mut boot = [0; 512];
        read_at(0, &mut boot).map_err(LayoutError::io("read the EFI system partition"))?;
        let u16_at = |at: usize| u64::from(u16::from_le_bytes([boot[at], boot[at + 1]]));
        let u32_at = |at: usize| u32::from_le_bytes([boot[at], boot[at + 1], boot[at + 2], boot[at + 3]]);
        let (sector, per_cluster) = (u16_at(11), u64::from(boot[13]));
        if boot[510..] != [0x55, 0xAA] || boot[82..87] != *b"FAT32" || sector != 512 || per_cluster == 0 {
            return Err(wrong("the EFI system partition is not FAT32 with sectors of 512 bytes".to_owned()));
        }
        let table = u16_at(14) * sector;
        let data = table + u64::from(boot[16]) * u64::from(u32_at(36)) * sector;
        Ok(Self { read_at, table, data, cluster_size: per_cluster * sector, root: u32_at(44) })
    }

    fn offset(&self, cluster: u32) -> u64 {
        self.data + u64::from(cluster.saturating_sub(2)) * self.cluster_size
    }

    /// The cluster after this one; `None` at the end of the chain.
    fn next(&mut self, cluster: u32) -> Result<Option<u32>, LayoutError> {
        let mut entry = [0; 4];
        (self.read_at)(self.table + u64::from(cluster) * 4, &mut entry)
            .map_err(LayoutError::io("read the file allocation table"))?;
        let next = u32::from_le_bytes(entry) & 0x0FFF_FFFF;
        Ok((2..CHAIN_END).contains(&next).then_some(next))
    }

    fn find_file(&mut self, folder: u32, name: [u8; 11]) -> Result<(u32, u32), LayoutError> {
        self.find(folder, name, false)
    }

    /// First cluster and size of what a folder has under a name.
    fn find(&mut self, folder: u32, name: [u8; 11], is_folder: bool) -> Result<(u32, u32), LayoutError> {
        let absent = || wrong("there is no grub/grubenv on the EFI system partition".to_owned());
        let mut cluster = Some(folder);
        let mut block = vec![0; usize::try_from(self.cluster_size).unwrap_or(512)];
        for _ in 0..MAX_CLUSTERS {
            let Some(at) = cluster else { return Err(absent()) };
            let offset = self.offset(at);
            (self.read_at)(offset, &mut block)
                .map_err(LayoutError::io("read a folder of the EFI system partition"))?;
            for entry in block.chunks_exact(ENTRY) {
                match entry[0] {
                    END => return Err(absent()),
                    DELETED => continue,
                    _ => {}
                }
                let kind = entry[11];
                if kind & LONG_NAME != LONG_NAME
                    && entry[..11] == name
                    && (kind & DIRECTORY != 0) == is_folder
                {
                    let first = u32::from_le_bytes([entry[26], entry[27], entry[20], entry[21]]);
                    let size = u32::from_le_bytes([entry[28], entry[29], entry[30], entry[31]]);
                    return Ok((first, size));
                }
            }
            cluster = self.next(at)?;
        }
        Err(absent())
    }
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
