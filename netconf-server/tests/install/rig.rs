//! An image folder with GRUB's files, and the command.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use daybreak_layout::slot::{SlotLayout, SlotSources, write_slot};
use daybreak_layout::{Architecture, Artefact, FileEntry, MIN_DISK_SIZE, Manifest, Sha256Digest, grub};
use tempfile::TempDir;

pub(crate) struct Rig {
    pub(crate) dir: TempDir,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let command = grub::bios_core_command(&dir.path().join(grub::CORE_IMG));
        assert!(Command::new(&command[0]).args(&command[1..]).status().unwrap().success());
        for (name, file, _) in grub::EFI_SOURCES {
            fs::copy(file, dir.path().join(name)).unwrap();
        }
        fs::copy("/usr/lib/grub/i386-pc/boot.img", dir.path().join(grub::BOOT_IMG)).unwrap();
        let contents = [vec![1; 10_000], vec![2; 200_000], vec![3; 4_000_000]];
        let entries = contents
            .each_ref()
            .map(|content| FileEntry { size: content.len() as u64, sha256: Sha256Digest::of(content) });
        for (artefact, content) in Artefact::IN_SLOT.into_iter().zip(&contents) {
            fs::write(dir.path().join(artefact.file_name()), content).unwrap();
        }
        let [vmlinuz, initrd, root] = entries;
        let manifest = Manifest::new("vrouter", "7", Architecture::Amd64, "", vmlinuz, initrd, root).unwrap();
        let [mut vmlinuz, mut initrd, mut root] = contents.each_ref().map(Vec::as_slice);
        let sources = SlotSources { vmlinuz: &mut vmlinuz, initrd: &mut initrd, root: &mut root };
        let slot = write_slot(io::sink(), &SlotLayout::new(&manifest), sources).unwrap();
        fs::write(dir.path().join("manifest.json"), manifest.with_slot(slot).to_json()).unwrap();
        let disk = File::create_new(dir.path().join("disk.img")).unwrap();
        disk.set_len(MIN_DISK_SIZE).unwrap();
        Self { dir }
    }

    pub(crate) fn disk(&self) -> PathBuf {
        self.dir.path().join("disk.img")
    }

    /// `vrouter install` from the folder to the disk, with more options.
    pub(crate) fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vrouter"));
        command.arg("install").arg("--grub-dir").arg(self.dir.path());
        command.arg("--source").arg(self.dir.path()).arg("--image-file").arg(self.disk()).args(options);
        command
    }

    pub(crate) fn run(&self, options: &[&str]) -> Output {
        self.command(options).output().unwrap()
    }
}

/// Whether a BIOS or UEFI would try to start from the disk.
pub(crate) fn has_boot_signature(disk: &Path) -> bool {
    let mut sector = [0; 512];
    io::Read::read_exact(&mut File::open(disk).unwrap(), &mut sector).unwrap();
    sector[510..] == [0x55, 0xAA]
}
