//! A BIOS starts our boot medium from CD and from a USB stick; the labs do the same by UEFI with a real kernel.

use std::path::Path;

use crate::boot::{boot_from, kernel};
use crate::rig::{Grub, medium};

/// What the kernel's command line has to be, and the medium in a file of `size` bytes, or its own.
fn file(dir: &Path, size: Option<u64>) -> (String, String) {
    let (bytes, label) = medium(&Grub::new(dir), &kernel());
    let path = dir.join("medium");
    std::fs::write(&path, bytes).unwrap();
    if let Some(size) = size {
        std::fs::File::options().write(true).open(&path).unwrap().set_len(size).unwrap();
    }
    let line = format!("BOOT_IMAGE=/vmlinuz boot=daybreak daybreak.media={label} quiet ");
    (line, path.to_str().unwrap().to_owned())
}

#[test]
fn a_bios_starts_it_as_cd() {
    let dir = tempfile::tempdir().unwrap();
    let (line, path) = file(dir.path(), None);
    let console = boot_from(&["-drive", &format!("media=cdrom,readonly=on,format=raw,file={path}")]);
    assert!(console.contains(&line), "{line} is not in: {console}");
}

#[test]
fn a_bios_starts_it_as_a_larger_usb_stick() {
    let dir = tempfile::tempdir().unwrap();
    let (line, path) = file(dir.path(), Some(1 << 30));
    let drive = format!("if=none,id=stick,format=raw,cache=unsafe,file={path}");
    let console =
        boot_from(&["-device", "qemu-xhci", "-drive", &drive, "-device", "usb-storage,drive=stick"]);
    assert!(console.contains(&line), "{line} is not in: {console}");
}
