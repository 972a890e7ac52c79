//! Disk images: empty ones, overlays over an image, and digests to tell whether somebody wrote to one.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::storage::{Controller, Disk, DiskFormat};
use crate::directory::LabDirectory;
use crate::error::{LabError, Result};
use crate::namespace::{checked, words};

/// An empty disk of `size` bytes, sparse.
///
/// # Errors
/// When the file cannot be made.
pub fn empty(directory: &LabDirectory, name: &str, serial: &str, size: u64) -> Result<Disk> {
    let path = directory.join(&format!("{name}.img"));
    File::create(&path).and_then(|file| file.set_len(size)).map_err(|source| LabError::File {
        doing: "make disk",
        path: path.clone(),
        source,
    })?;
    Ok(Disk {
        file: path,
        format: DiskFormat::Raw,
        serial: serial.to_owned(),
        controller: Controller::default(),
    })
}

/// A disk of `size` bytes with a recognisable pattern spread over it: every 16 MiB one block that names its place.
///
/// # Errors
/// When the file cannot be written.
pub fn patterned(directory: &LabDirectory, name: &str, serial: &str, size: u64) -> Result<Disk> {
    let disk = empty(directory, name, serial, size)?;
    let failed = |source| LabError::File { doing: "fill disk", path: disk.file.clone(), source };
    let mut file = File::options().write(true).open(&disk.file).map_err(failed)?;
    for at in (0..size).step_by(16 << 20) {
        let block = format!("daybreak data disk, byte {at:020}\n").repeat(100);
        file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(block.as_bytes())).map_err(failed)?;
    }
    file.set_len(size).map_err(failed)?;
    Ok(disk)
}

/// The disk in an OVA and its descriptor, unpacked with GNU tar into the lab's files.
///
/// # Errors
/// When `tar` refuses it, or there is no disk in it.
pub fn of_ova(directory: &LabDirectory, ova: &Path) -> Result<(PathBuf, PathBuf)> {
    let mut unpack = Command::new("tar");
    unpack.args(["-xvf"]).arg(ova).arg("-C").arg(directory.path());
    let output = unpack.output().map_err(|source| LabError::Start { program: "tar".to_owned(), source })?;
    let listing = checked(&words(&unpack), &output)?;
    let named = |part: &str| {
        let name = listing.lines().find(|name| name.contains(part));
        let name = name.map(|name| directory.join(name));
        name.ok_or_else(|| LabError::Answer {
            what: format!("no {part} in the OVA"),
            reason: listing.clone(),
        })
    };
    Ok((named("-disk1.")?, named(".ovf")?))
}

/// A writable overlay over a qcow2 image that stays as it is.
///
/// # Errors
/// When `qemu-img` refuses.
pub fn overlay(directory: &LabDirectory, name: &str, serial: &str, image: &Path) -> Result<Disk> {
    overlay_of(directory, name, serial, (image, DiskFormat::Qcow2))
}

/// A writable overlay over an image of a format, which stays as it is.
///
/// # Errors
/// When `qemu-img` refuses.
pub fn overlay_of(
    directory: &LabDirectory,
    name: &str,
    serial: &str,
    (image, format): (&Path, DiskFormat),
) -> Result<Disk> {
    let path = directory.join(&format!("{name}.qcow2"));
    let mut command = Command::new("qemu-img");
    command.args(["create", "-q", "-f", "qcow2", "-F", format.name(), "-b"]).arg(image).arg(&path);
    let output =
        command.output().map_err(|source| LabError::Start { program: "qemu-img".to_owned(), source })?;
    checked(&words(&command), &output)?;
    Ok(Disk {
        file: path,
        format: DiskFormat::Qcow2,
        serial: serial.to_owned(),
        controller: Controller::default(),
    })
}

/// SHA-256 of a file, in hex.
///
/// # Errors
/// When it cannot be read.
pub fn digest(path: &Path) -> Result<String> {
    let failed = |source| LabError::File { doing: "read", path: path.into(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    Ok(hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// A `NoCloud` seed medium: a FAT volume labelled `cidata` with the given files, by `mkfs.vfat` and `mcopy`.
///
/// # Errors
/// When a tool or the file system refuses.
pub fn seed_medium(directory: &LabDirectory, name: &str, files: &[(&str, &str)]) -> Result<PathBuf> {
    let path = directory.join(&format!("{name}.seed"));
    let mut format = Command::new("mkfs.vfat");
    format.args(["-n", "cidata", "-C"]).arg(&path).arg("1024");
    run(format)?;
    for (file, content) in files {
        let plain = directory.join(&format!("{name}.{file}"));
        std::fs::write(&plain, content).map_err(|source| LabError::File {
            doing: "write",
            path: plain.clone(),
            source,
        })?;
        let mut copy = Command::new("mcopy");
        copy.arg("-i").arg(&path).arg(&plain).arg(format!("::{file}"));
        run(copy)?;
    }
    Ok(path)
}

fn run(mut command: Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|source| LabError::Start { program, source })?;
    checked(&words(&command), &output).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, LabDirectory) {
        let base = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(base.path(), "disks").unwrap();
        (base, directory)
    }

    #[test]
    fn one_written_byte_changes_the_digest_of_a_patterned_disk() {
        let (_base, directory) = directory();
        let disk = patterned(&directory, "data", "DATA", 40 << 20).unwrap();
        assert_eq!(std::fs::metadata(&disk.file).unwrap().len(), 40 << 20);
        let before = digest(&disk.file).unwrap();
        assert_eq!(before, digest(&disk.file).unwrap());
        let mut file = File::options().write(true).open(&disk.file).unwrap();
        file.seek(SeekFrom::Start(33 << 20)).unwrap();
        file.write_all(b"x").unwrap();
        assert_ne!(before, digest(&disk.file).unwrap());
    }

    #[test]
    fn a_seed_medium_holds_its_files_under_the_label() {
        let (_base, directory) = directory();
        let files = [("meta-data", "instance-id: i-1\n"), ("user-data", "#cloud-config\n")];
        let medium = seed_medium(&directory, "r1", &files).unwrap();
        let mut show = Command::new("mtype");
        show.arg("-i").arg(&medium).arg("::user-data");
        assert_eq!(String::from_utf8(show.output().unwrap().stdout).unwrap(), "#cloud-config\n");
        let bytes = std::fs::read(&medium).unwrap();
        assert!(bytes.windows(6).any(|w| w.eq_ignore_ascii_case(b"cidata")), "no label");
    }
}
