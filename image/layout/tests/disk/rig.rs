//! Boot loader files, a slot image and a disk.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use daybreak_layout::grub::{self, EfiFiles, GrubFiles};
use daybreak_layout::media::{MediaGrub, MediaLayout, write_media};
use daybreak_layout::slot::{SlotLayout, SlotSources, write_slot};
use daybreak_layout::{
    Architecture, DiskIds, DiskPlan, DiskSpec, FileEntry, MIN_DISK_SIZE, Manifest, Sha256Digest, write_disk,
};

pub(crate) const DISK_SIZE: u64 = MIN_DISK_SIZE;

pub(crate) fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn make(command: &[String]) {
    let args: Vec<&str> = command[1..].iter().map(String::as_str).collect();
    run(&command[0], &args);
}

/// Boot loader files as the image builder makes them.
pub(crate) struct Grub {
    boot: Vec<u8>,
    core: Vec<u8>,
    efi: [Vec<u8>; 3],
    cd: Vec<u8>,
}

impl Grub {
    pub(crate) fn new(dir: &Path) -> Self {
        let core_path = dir.join(grub::CORE_IMG);
        make(&grub::bios_core_command(&core_path));
        let cd_path = dir.join(grub::CD_IMG);
        make(&grub::bios_cd_command(&cd_path));
        Self {
            boot: fs::read("/usr/lib/grub/i386-pc/boot.img").unwrap(),
            core: fs::read(core_path).unwrap(),
            efi: grub::EFI_SOURCES.map(|(_, path, _)| fs::read(path).unwrap()),
            cd: fs::read(cd_path).unwrap(),
        }
    }

    pub(crate) fn files(&self) -> GrubFiles<'_> {
        let [shim, grub, mok_manager] = &self.efi;
        let efi = EfiFiles { shim, grub, mok_manager };
        GrubFiles { boot_img: &self.boot, core_img: &self.core, efi }
    }
}

fn files(kernel: &[u8]) -> ([&[u8]; 3], Manifest) {
    let files: [&[u8]; 3] = [kernel, b"initramfs", b"root"];
    let [vmlinuz, initrd, root] =
        files.map(|content| FileEntry { size: content.len() as u64, sha256: Sha256Digest::of(content) });
    (files, Manifest::new("t", "1", Architecture::Amd64, "quiet", vmlinuz, initrd, root).unwrap())
}

/// A boot medium with this kernel, and its label.
pub(crate) fn medium(grub: &Grub, kernel: &[u8]) -> (Vec<u8>, String) {
    let (files, manifest) = files(kernel);
    let grub = MediaGrub { disk: grub.files(), cd_img: &grub.cd };
    let layout = MediaLayout::new(&manifest, &grub).unwrap();
    let [mut vmlinuz, mut initrd, mut root] = files;
    let sources = SlotSources { vmlinuz: &mut vmlinuz, initrd: &mut initrd, root: &mut root };
    let mut out = Vec::new();
    write_media(&mut out, &layout, sources).unwrap();
    (out, layout.label().to_owned())
}

/// A slot image with this kernel.
pub(crate) fn slot_image(kernel: &[u8]) -> Vec<u8> {
    let (files, manifest) = files(kernel);
    let [mut vmlinuz, mut initrd, mut root] = files;
    let sources = SlotSources { vmlinuz: &mut vmlinuz, initrd: &mut initrd, root: &mut root };
    let mut out = Vec::new();
    write_slot(&mut out, &SlotLayout::new(&manifest), sources).unwrap();
    out
}

pub(crate) fn disk(path: &Path, grub: &Grub, with_state: bool, kernel: &[u8]) -> DiskPlan {
    let plan = DiskPlan::new(DISK_SIZE, DiskIds::from_seed("whole-disk"), with_state).unwrap();
    let spec = DiskSpec { plan, grub: grub.files() };
    let mut file = File::create_new(path).unwrap();
    write_disk(&mut file, &spec, &slot_image(kernel)[..]).unwrap();
    plan
}
