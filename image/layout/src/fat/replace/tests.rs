use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::disk::ESP_SIZE;
use crate::fat::Fat32;

const FAT: Fat32 =
    Fat32 { size: ESP_SIZE, hidden_sectors: 4096, volume_id: 0xDEAD_BEEF, label: *b"DAYBREAK   " };

/// Loaders of some size and a menu.
fn partition() -> Vec<u8> {
    let (shim, grub) = (vec![1; 900_000], vec![2; 2_000_001]);
    let files = [
        FatFile { path: "EFI/BOOT/BOOTX64.EFI", content: &shim },
        FatFile { path: "EFI/BOOT/grubx64.efi", content: &grub },
        FatFile { path: "grub/grub.cfg", content: b"old" },
        FatFile { path: "grub/grubenv", content: &[b'#'; 1024] },
    ];
    let mut bytes = FAT.bytes(&files).unwrap();
    bytes.resize(usize::try_from(ESP_SIZE).unwrap(), 0);
    bytes
}

fn volume<T>(bytes: &[u8], then: impl FnOnce(&mut Volume<'_>) -> T) -> T {
    let mut read_at = |offset, to: &mut [u8]| {
        let start = usize::try_from(offset).unwrap();
        to.copy_from_slice(bytes.get(start..start + to.len()).ok_or(std::io::ErrorKind::UnexpectedEof)?);
        Ok(())
    };
    then(&mut Volume::open(&mut read_at).unwrap())
}

fn plan(bytes: &[u8], files: &[FatFile<'_>]) -> Result<Vec<Step>, LayoutError> {
    volume(bytes, |volume| replace(volume, files))
}

fn read(bytes: &[u8], path: &str) -> Vec<u8> {
    volume(bytes, |volume| volume.read(path).unwrap())
}

fn make(bytes: &mut [u8], write: &Write) {
    let start = usize::try_from(write.offset).unwrap();
    bytes[start..start + write.bytes.len()].copy_from_slice(&write.bytes);
}

/// Judged by a program that is not ours.
fn fsck(bytes: &[u8], dir: &Path) {
    let image = dir.join("esp.img");
    std::fs::write(&image, bytes).unwrap();
    let output = Command::new("fsck.vfat").arg("-n").arg(&image).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn other_programs_find_the_new_files_and_nothing_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = partition();
    let (shim, grub) = (vec![3; 1_000_001], vec![4; 1_500_000]);
    // Again and again: what is given back is used again.
    for round in 0..40u8 {
        let menu = vec![round; usize::from(round) * 100];
        let files = [
            FatFile { path: "EFI/BOOT/BOOTX64.EFI", content: &shim },
            FatFile { path: "EFI/BOOT/grubx64.efi", content: &grub },
            FatFile { path: "grub/grub.cfg", content: &menu },
        ];
        for write in plan(&bytes, &files).unwrap().iter().flatten() {
            make(&mut bytes, write);
        }
        for file in files {
            assert!(read(&bytes, file.path) == file.content, "{} in round {round}", file.path);
        }
    }
    fsck(&bytes, dir.path());
    let image = dir.path().join("esp.img");
    for (path, content) in [("EFI/BOOT/BOOTX64.EFI", &shim), ("EFI/BOOT/grubx64.efi", &grub)] {
        let out = dir.path().join("out");
        let status = Command::new("mcopy")
            .args(["-n", "-o", "-i"])
            .arg(&image)
            .arg(format!("::/{path}"))
            .arg(&out)
            .status();
        assert!(status.unwrap().success());
        assert!(std::fs::read(&out).unwrap() == *content, "{path}");
    }
    assert_eq!(read(&bytes, "grub/grubenv"), [b'#'; 1024]);
}

#[test]
fn a_cut_leaves_each_file_old_or_new_and_the_loaders_together() {
    let dir = tempfile::tempdir().unwrap();
    let before = partition();
    let (shim, grub) = (vec![3; 3_001], vec![4; 4_000]);
    let files = [
        FatFile { path: "EFI/BOOT/BOOTX64.EFI", content: &shim },
        FatFile { path: "EFI/BOOT/grubx64.efi", content: &grub },
        FatFile { path: "grub/grub.cfg", content: b"new" },
    ];
    let old: Vec<_> = files.iter().map(|file| read(&before, file.path)).collect();
    let steps = plan(&before, &files).unwrap();
    assert_eq!(steps.len(), 4, "the content, two folders, and what is given back");
    for (number, step) in steps.iter().enumerate() {
        for (place, last) in step.iter().enumerate() {
            // A disk writes in the order that suits it: only this one, all up to it, and all but it.
            let subsets: [Vec<&Write>; 3] = [
                vec![last],
                step[..=place].iter().collect(),
                step.iter().filter(|write| *write != last).collect(),
            ];
            for subset in subsets {
                let mut bytes = before.clone();
                for write in steps[..number].iter().flatten().chain(subset) {
                    make(&mut bytes, write);
                }
                let found: Vec<_> = files.iter().map(|file| read(&bytes, file.path)).collect();
                let is_new: Vec<_> = found
                    .iter()
                    .zip(&files)
                    .zip(&old)
                    .map(|((found, file), old)| {
                        assert!(found == file.content || found == old, "{} in step {number}", file.path);
                        found == file.content
                    })
                    .collect();
                assert_eq!(is_new[0], is_new[1], "shim and GRUB in step {number}");
                // The power comes back, and it is tried again.
                for write in plan(&bytes, &files).unwrap().iter().flatten() {
                    make(&mut bytes, write);
                }
                assert!(files.iter().all(|file| read(&bytes, file.path) == file.content));
                fsck(&bytes, dir.path());
            }
        }
    }
}

#[test]
fn files_of_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("esp.img");
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().unwrap();
        assert!(output.status.success(), "{program} {args:?}: {output:?}");
    };
    let image_name = image.to_str().unwrap();
    // Clusters of four sectors, and long names.
    run("mkfs.vfat", &["-C", "-F", "32", "-s", "4", image_name, "262144"]);
    run("mmd", &["-i", image_name, "::/EFI", "::/EFI/BOOT", "::/EFI/another vendor"]);
    let source = dir.path().join("source");
    std::fs::write(&source, vec![7; 10_000]).unwrap();
    for to in ["::/EFI/BOOT/BOOTX64.EFI", "::/EFI/another vendor/with a long name.efi", "::/x.bin"] {
        run("mcopy", &["-i", image_name, source.to_str().unwrap(), to]);
    }
    let mut bytes = std::fs::read(&image).unwrap();
    let new = vec![9; 100_001];
    let files = [FatFile { path: "EFI/BOOT/BOOTX64.EFI", content: &new }];
    for write in plan(&bytes, &files).unwrap().iter().flatten() {
        make(&mut bytes, write);
    }
    fsck(&bytes, dir.path());
    assert!(read(&bytes, "EFI/BOOT/BOOTX64.EFI") == new);
    for other in ["::/EFI/another vendor/with a long name.efi", "::/x.bin"] {
        let out = dir.path().join("out");
        run("mcopy", &["-n", "-o", "-i", image_name, other, out.to_str().unwrap()]);
        assert_eq!(std::fs::read(&out).unwrap(), vec![7; 10_000], "{other}");
    }
}

#[test]
fn what_is_damaged_or_full_is_refused_and_says_why() {
    let new = vec![3; 1000];
    let refused = |bytes: &[u8], files: &[FatFile<'_>]| plan(bytes, files).unwrap_err().to_string();
    let shim = [FatFile { path: "EFI/BOOT/BOOTX64.EFI", content: &new }];
    let good = partition();
    let huge = vec![0; 64 << 20];
    assert!(refused(&good, &[FatFile { content: &huge, ..shim[0] }]).contains("bytes, "));
    assert!(
        refused(&good, &[FatFile { path: "EFI/BOOT/mmx64.efi", ..shim[0] }])
            .contains("no EFI/BOOT/mmx64.efi")
    );
    let (table, root_file) = volume(&good, |volume| {
        (usize::try_from(volume.table).unwrap(), volume.find("grub/grub.cfg").unwrap())
    });
    let entry = |first: u32| table + first as usize * 4;
    let spoilt = |at: usize, value: u32| {
        let mut bytes = good.clone();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        refused(&bytes, &shim)
    };
    assert!(spoilt(entry(root_file.first), 0).contains("has no end"));
    assert!(spoilt(entry(root_file.first), root_file.first).contains("more than one file"));
    assert!(spoilt(entry(root_file.first), 0x00FF_FFFF).contains("or to none"));
}

/// Where a file system says what it is: boot sector, counts, the first copy of the table, folders.
fn telling_place() -> impl Strategy<Value = usize> {
    let root = volume(&partition(), |volume| usize::try_from(volume.offset(volume.root)).unwrap());
    prop_oneof![
        3 => 0..512_usize,
        1 => 512..1024_usize,
        4 => 32 * SECTOR..32 * SECTOR + 12_000,
        4 => root..root + 3 * SECTOR,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_on_the_disk_it_ends_and_writes_within_the_partition(
        spoilt in prop::collection::vec((telling_place(), any::<u8>()), 1..6),
    ) {
        let mut bytes = partition();
        for (place, value) in spoilt {
            bytes[place] = value;
        }
        let mut read_at = |offset: u64, to: &mut [u8]| {
            let start = usize::try_from(offset).unwrap();
            let end = start.checked_add(to.len()).ok_or(std::io::ErrorKind::UnexpectedEof)?;
            to.copy_from_slice(bytes.get(start..end).ok_or(std::io::ErrorKind::UnexpectedEof)?);
            Ok(())
        };
        let new = [3; 3000];
        let files = [FatFile { path: "EFI/BOOT/BOOTX64.EFI", content: &new }];
        let steps = Volume::open(&mut read_at).and_then(|mut volume| replace(&mut volume, &files));
        for write in steps.into_iter().flatten().flatten() {
            prop_assert!(write.offset + write.bytes.len() as u64 <= ESP_SIZE, "at {}", write.offset);
        }
    }
}
