//! A whole disk, checked with programs of others.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use daybreak_layout::{DiskIds, DiskPlan, DiskSpec, Gpt, MIB, Role, Slot, grub, write_disk};

use crate::rig::{DISK_SIZE, Grub, disk, run};

fn cut(disk: &Path, plan: &DiskPlan, role: Role, to: &Path) {
    let extent = plan.extent(role);
    let mut file = File::open(disk).unwrap();
    file.seek(SeekFrom::Start(extent.start)).unwrap();
    std::io::copy(&mut file.take(extent.size.min(64 * MIB)), &mut File::create(to).unwrap()).unwrap();
}

#[test]
fn sgdisk_fsck_and_isoinfo_accept_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let grub = Grub::new(dir.path());
    let image = dir.path().join("disk.img");
    let plan = disk(&image, &grub, true, b"kernel");

    let metadata = fs::metadata(&image).unwrap();
    assert_eq!(metadata.len(), DISK_SIZE);
    assert!(metadata.blocks() * 512 < 8 << 20, "the file is not sparse: {} blocks", metadata.blocks());

    let verdict = run("sgdisk", &["-v", image.to_str().unwrap()]);
    assert!(verdict.contains("No problems found"), "{verdict}");
    for role in Role::ALL {
        let info = run("sgdisk", &["-i", &role.number().to_string(), image.to_str().unwrap()]);
        let guid = plan.ids().partition(role).to_string().to_uppercase();
        assert!(info.contains(&format!("Partition unique GUID: {guid}")), "{info}");
        assert!(info.contains(&format!("Partition name: '{}'", role.name())), "{info}");
    }
    assert_eq!(Gpt::read(&mut File::open(&image).unwrap()).unwrap(), plan.gpt());

    let esp = dir.path().join("esp.img");
    cut(&image, &plan, Role::Esp, &esp);
    run("fsck.vfat", &["-n", esp.to_str().unwrap()]);
    let config = run("mtype", &["-i", esp.to_str().unwrap(), "::/grub/grub.cfg"]);
    assert_eq!(config, grub::disk_config(plan.ids()));
    for (name, path, _) in grub::EFI_SOURCES {
        let on_disk = if name == grub::SHIM { "BOOTX64.EFI" } else { name };
        let copy = dir.path().join(name);
        let from = format!("::/EFI/BOOT/{on_disk}");
        run("mcopy", &["-n", "-i", esp.to_str().unwrap(), &from, copy.to_str().unwrap()]);
        assert!(fs::read(copy).unwrap() == fs::read(path).unwrap(), "{name} is not Debian's file");
    }
    for path in [grub::EFI_CONFIG, grub::INSTALLED] {
        let stub = run("mtype", &["-i", esp.to_str().unwrap(), &format!("::/{path}")]);
        assert!(stub.contains("configfile"), "{path}: {stub}");
    }

    let slot = dir.path().join("slot.img");
    cut(&image, &plan, Role::Slot(Slot::A), &slot);
    assert_eq!(run("isoinfo", &["-R", "-i", slot.to_str().unwrap(), "-x", "/root.squashfs"]), "root");
}

#[test]
fn grub_itself_reads_the_configuration_and_the_slot() {
    let dir = tempfile::tempdir().unwrap();
    let grub = Grub::new(dir.path());
    let image = dir.path().join("disk.img");
    let plan = disk(&image, &grub, true, b"kernel");
    let cat = |path: &str| run("grub-fstest", &[image.to_str().unwrap(), "cat", path]);
    assert_eq!(cat("(loop0,gpt2)/grub/grub.cfg"), grub::disk_config(plan.ids()));
    assert_eq!(cat("(loop0,gpt3)/vmlinuz"), "kernel");
    assert_eq!(cat("(loop0,gpt3)/initrd.img"), "initramfs");
    assert!(cat("(loop0,gpt3)/grub.cfg").contains("linux /vmlinuz boot=daybreak"));
}

#[test]
fn the_state_partition_can_be_left_to_the_first_boot() {
    let dir = tempfile::tempdir().unwrap();
    let grub = Grub::new(dir.path());
    let image = dir.path().join("disk.img");
    disk(&image, &grub, false, b"kernel");
    let table = run("sgdisk", &["-p", image.to_str().unwrap()]);
    assert!(table.contains("slot-b") && !table.contains("state"), "{table}");
    assert!(run("sgdisk", &["-v", image.to_str().unwrap()]).contains("No problems found"));
}

#[test]
fn the_same_seed_gives_the_same_disk() {
    let dir = tempfile::tempdir().unwrap();
    let grub = Grub::new(dir.path());
    let images = ["1.img", "2.img"].map(|name| dir.path().join(name));
    for image in &images {
        disk(image, &grub, true, b"kernel");
    }
    let [one, two] = images.each_ref().map(|image| image.to_str().unwrap());
    for (skip, length) in [(0, 80 * MIB), (DISK_SIZE - MIB, MIB)] {
        run("cmp", &["-i", &skip.to_string(), "-n", &length.to_string(), one, two]);
    }
}

#[test]
fn a_slot_image_larger_than_a_slot_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let grub = Grub::new(dir.path());
    let plan = DiskPlan::new(DISK_SIZE, DiskIds::from_seed("large"), true).unwrap();
    let spec = DiskSpec { plan, grub: grub.files() };
    let mut file = File::create_new(dir.path().join("disk.img")).unwrap();
    let error = write_disk(&mut file, &spec, std::io::repeat(0)).unwrap_err();
    assert_eq!(error.to_string(), "the slot image needs 1073741825 bytes, 1073741824 are available");
}
