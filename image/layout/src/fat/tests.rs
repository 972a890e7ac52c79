use std::fs::File;
use std::process::Command;

use super::*;
use crate::disk::ESP_SIZE;

const FAT: Fat32 =
    Fat32 { size: ESP_SIZE, hidden_sectors: 4096, volume_id: 0xDEAD_BEEF, label: *b"DAYBREAK   " };

/// Runs a program and gives its output; fails when the program does.
fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).env("MTOOLS_SKIP_CHECK", "0").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn many() -> Vec<(String, Vec<u8>)> {
    (0..40u8).map(|n| (format!("EFI/many/F{n}.BIN"), vec![n; usize::from(n) * 100])).collect()
}

#[test]
fn mtools_and_fsck_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("esp.img");
    let image_name = image.to_str().unwrap();
    let big: Vec<u8> = (0..700_000u32).flat_map(u32::to_le_bytes).take(700_001).collect();
    let many = many();
    let mut files = vec![
        FatFile { path: "EFI/BOOT/BOOTX64.EFI", content: &big },
        FatFile { path: "grub/grub.cfg", content: b"set timeout=1\n" },
        FatFile { path: "grub/grubenv", content: &[b'#'; 1024] },
        FatFile { path: "empty", content: b"" },
    ];
    files.extend(many.iter().map(|(path, content)| FatFile { path, content: content.as_slice() }));
    std::fs::write(&image, FAT.bytes(&files).unwrap()).unwrap();
    File::options().write(true).open(&image).unwrap().set_len(ESP_SIZE).unwrap();

    run("fsck.vfat", &["-n", image_name]);
    for file in &files {
        let out = dir.path().join("out");
        run("mcopy", &["-n", "-o", "-i", image_name, &format!("::/{}", file.path), out.to_str().unwrap()]);
        assert_eq!(std::fs::read(&out).unwrap(), file.content, "{}", file.path);
    }
    let listing = run("mdir", &["-/", "-b", "-i", image_name, "::/"]);
    for name in ["::/EFI/BOOT/BOOTX64.EFI", "::/grub/grub.cfg", "::/grub/grubenv", "::/EFI/many/F39.BIN"] {
        assert!(listing.lines().any(|line| line == name), "{name} in {listing}");
    }
    assert!(run("mdir", &["-i", image_name, "::/"]).contains("DEAD-BEEF"));
}

#[test]
fn names_that_are_not_8_3_are_refused() {
    for path in ["ninechars", "a.long", "a.b.c", "", "grub//x", "Mixed.cfg", "sp ace", "ü", "../x"] {
        let result = FAT.bytes(&[FatFile { path, content: b"x" }]);
        assert!(matches!(result, Err(LayoutError::FatName(_))), "{path:?}");
    }
}

#[test]
fn the_same_name_twice_is_refused() {
    for (one, two) in [("grub/x", "GRUB/X"), ("a", "a/b"), ("a/b", "a")] {
        let files = [one, two].map(|path| FatFile { path, content: b"x" });
        assert!(matches!(FAT.bytes(&files), Err(LayoutError::FatName(_))), "{one} {two}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let huge = vec![0; 64 << 20];
    let result = FAT.bytes(&[FatFile { path: "huge", content: &huge }]);
    assert!(matches!(result, Err(LayoutError::NoRoom { .. })));
    let small = Fat32 { size: 32 << 20, ..FAT };
    assert!(matches!(small.bytes(&[]), Err(LayoutError::NoRoom { .. })));
}

#[test]
fn mtools_and_fsck_read_fat16_of_both_ends() {
    for size in [3 << 20, 8 << 20, 32 << 20] {
        let fat = Fat16 { size, hidden_sectors: 64, volume_id: 0xDEAD_BEEF, label: *b"DAYBREAK   " };
        let big = vec![7; 1_000_001];
        let files = [
            FatFile { path: "EFI/BOOT/BOOTX64.EFI", content: &big },
            FatFile { path: "grub/grub.cfg", content: b"set timeout=1\n" },
        ];
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("esp.img");
        let image_name = image.to_str().unwrap();
        std::fs::write(&image, fat.bytes(&files).unwrap()).unwrap();
        File::options().write(true).open(&image).unwrap().set_len(size).unwrap();
        let said = run("fsck.vfat", &["-n", "-v", image_name]);
        assert!(said.contains("FATs, 16 bit entries"), "{said}");
        for file in files {
            let out = dir.path().join("out");
            run(
                "mcopy",
                &["-n", "-o", "-i", image_name, &format!("::/{}", file.path), out.to_str().unwrap()],
            );
            assert!(std::fs::read(&out).unwrap() == file.content, "{} of {size}", file.path);
        }
    }
    let fat = |size| Fat16 { size, hidden_sectors: 0, volume_id: 0, label: [b' '; 11] };
    for size in [1 << 20, 64 << 20] {
        assert!(matches!(fat(size).bytes(&[]), Err(LayoutError::NoRoom { .. })), "{size}");
    }
}
