use std::process::Command;

use super::*;
use crate::grub::{BOOT_IMG, CORE_IMG, SHIM, efi_files, signed_program};
use crate::manifest::Architecture;

/// Files that pass for GRUB's.
fn grub() -> (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>) {
    let mut boot = vec![0x11; 512];
    boot[0x66] = 0xEB;
    boot[510..].copy_from_slice(&[0x55, 0xAA]);
    let mut core = vec![0x22; 100_001];
    core[510..512].copy_from_slice(&[0x20, 0x08]);
    (boot, core, signed_program(600_000), vec![0x33; 90_003])
}

const CONTENT: [&[u8]; 3] = [b"kernel", b"initrd", b"root"];

fn manifest() -> Manifest {
    let [a, b, c] =
        CONTENT.map(|content| FileEntry { size: content.len() as u64, sha256: Sha256Digest::of(content) });
    Manifest::new("vrouter", "1", Architecture::Amd64, "quiet", a, b, c).unwrap()
}

fn medium() -> Vec<u8> {
    let (boot, core, efi, cd) = grub();
    let files =
        MediaGrub { disk: GrubFiles { boot_img: &boot, core_img: &core, efi: efi_files(&efi) }, cd_img: &cd };
    let layout = MediaLayout::new(&manifest(), &files).unwrap();
    let [mut vmlinuz, mut initrd, mut root] = CONTENT;
    let sources = SlotSources { vmlinuz: &mut vmlinuz, initrd: &mut initrd, root: &mut root };
    let mut out = Vec::new();
    let entry = write_media(&mut out, &layout, sources).unwrap();
    assert_eq!((entry.size, entry.sha256), (out.len() as u64, Sha256Digest::of(&out)));
    assert_eq!(entry.size, layout.size());
    out
}

fn run(program: &str, args: &[&str], dir: &std::path::Path) -> String {
    let output = Command::new(program).args(args).current_dir(dir).output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {args:?}: {text}");
    text
}

#[test]
fn the_same_image_gives_the_same_medium() {
    let one = medium();
    assert!(one == medium());
    assert_eq!(one.len() as u64 % MIB, 0);
}

#[test]
fn readers_of_volumes_see_files_label_and_boot_images() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("m.iso"), medium()).unwrap();
    run("bsdtar", &["-xf", "m.iso"], dir.path());
    for (name, content) in ["vmlinuz", "initrd.img", "root.squashfs"].into_iter().zip(CONTENT) {
        assert_eq!(std::fs::read(dir.path().join(name)).unwrap(), content, "{name}");
    }
    assert_eq!(std::fs::read(dir.path().join(MANIFEST_NAME)).unwrap(), manifest().to_json().as_bytes());
    let menu = std::fs::read_to_string(dir.path().join("EFI/debian/grub.cfg")).unwrap();
    assert!(menu.contains("--id live"), "{menu}");
    let listing = run("isoinfo", &["-f", "-R", "-i", "m.iso"], dir.path());
    assert!(listing.contains("/EFI/debian/grub.cfg\n"), "{listing}");
    let listing = run("isoinfo", &["-f", "-i", "m.iso"], dir.path());
    assert!(listing.contains("/EFI/DEBIAN/GRUB.CFG;1\n"), "{listing}");
    let volume = run("isoinfo", &["-d", "-i", "m.iso"], dir.path());
    assert!(volume.contains(&format!("Volume id: {}\n", media_label(&manifest()))), "{volume}");
    assert!(volume.contains("Eltorito validation header"), "{volume}");
    let args = ["-indev", "m.iso", "-report_el_torito", "plain", "-report_system_area", "plain"];
    let report = run("xorriso", &args, dir.path());
    for part in ["BIOS  y   none", "UEFI  y   none", "GPT", "protective-msdos-label"] {
        assert!(report.contains(part), "{part} is not in: {report}");
    }
}

#[test]
fn programs_for_disks_see_the_partitions_and_the_file_system_in_the_second() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = medium();
    std::fs::write(dir.path().join("m.img"), &bytes).unwrap();
    let check = run("sgdisk", &["-v", "m.img"], dir.path());
    assert!(check.contains("No problems found"), "{check}");
    let info = run("sgdisk", &["-i", "2", "m.img"], dir.path());
    assert!(info.contains("EFI system partition"), "{info}");
    let first: usize =
        info.split("First sector: ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let size = usize::try_from(ESP_SIZE).unwrap();
    std::fs::write(dir.path().join("esp"), &bytes[first * 512..first * 512 + size]).unwrap();
    run("fsck.vfat", &["-n", "esp"], dir.path());
    let listing = run("mdir", &["-/", "-b", "-i", "esp", "::/"], dir.path());
    for name in ["BOOT/BOOTX64.EFI", "BOOT/grubx64.efi", "BOOT/mmx64.efi", "debian/grub.cfg"] {
        assert!(listing.contains(&format!("::/EFI/{name}")), "{name}: {listing}");
    }
    assert!(listing.contains("::/grub/grub.cfg"), "{listing}");
}

#[test]
fn files_that_are_not_grubs_are_named() {
    let (boot, core, efi, cd) = grub();
    for (boot_img, core_img, efi, cd_img, name) in [
        (&b"x"[..], &core[..], &efi[..], &cd[..], BOOT_IMG),
        (&boot, b"x", &efi, &cd, CORE_IMG),
        (&boot, &core, b"x", &cd, SHIM),
        (&boot, &core, &efi, b"x", grub::CD_IMG),
    ] {
        let files = MediaGrub { disk: GrubFiles { boot_img, core_img, efi: efi_files(efi) }, cd_img };
        match MediaLayout::new(&manifest(), &files) {
            Err(LayoutError::Grub { file, .. }) => assert_eq!(file, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}
