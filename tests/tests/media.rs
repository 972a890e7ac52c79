//! The image on everything else that it can come on: a CD, a USB stick with the same bytes, and the disk in the OVA. Each
//! ends in a login with the key of a `NoCloud` medium.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use daybreak_tests::directory::LabDirectory;
use daybreak_tests::error::{LabError, Result};
use daybreak_tests::machine::{BootMedium, DiskFormat, Firmware, disk};
use daybreak_tests::seeded::Seeded;

/// Boots live from a CD or a USB stick, with an installed disk in the machine, which is left alone.
fn boots_live(name: &str, firmware: Firmware, medium: impl FnOnce(PathBuf) -> BootMedium) -> Result<()> {
    let mut stick = None;
    let mut data = None;
    let seeded = Seeded::boot(name, |spec, environment, directory| {
        spec.firmware = firmware;
        let medium = medium(environment.iso()?);
        let medium = match medium {
            BootMedium::Usb(iso) => {
                let path = stick_of(directory, &iso)?;
                stick = Some((path.clone(), disk::digest(&path)?));
                BootMedium::Usb(path)
            }
            cd @ BootMedium::Cd(_) => cd,
        };
        spec.boot_medium = Some(medium);
        let other = disk::patterned(directory, "data", "DATA", 64 << 20)?;
        data = Some((other.file.clone(), disk::digest(&other.file)?));
        spec.disks = vec![other];
        Ok(())
    })?;
    assert_eq!(seeded.run("hostname")?, name);
    assert_eq!(seeded.by_uefi()?, firmware == Firmware::Uefi, "started by the other firmware");
    assert_eq!(seeded.run("findmnt -no FSTYPE /run/daybreak/medium")?, "iso9660");
    let root = seeded.run("findmnt -no FSTYPE,OPTIONS /")?;
    assert!(root.starts_with("overlay") && root.contains("upperdir=/run/daybreak/changes/"), "{root}");
    assert_eq!(seeded.run("findmnt -no FSTYPE /run/daybreak/changes")?, "tmpfs");
    let mut machine = seeded.machine;
    machine.power_cut();
    for (path, before) in stick.into_iter().chain(data) {
        assert_eq!(disk::digest(&path)?, before, "{} was written to", path.display());
    }
    Ok(())
}

/// A USB stick that the medium was copied to byte by byte, larger than it.
fn stick_of(directory: &LabDirectory, iso: &Path) -> Result<PathBuf> {
    let path = directory.join("stick.img");
    let failed = |source| LabError::File { doing: "make", path: path.clone(), source };
    let size = std::fs::copy(iso, &path).map_err(failed)?;
    let file = File::options().write(true).open(&path).map_err(failed)?;
    file.set_len(size + (64 << 20)).map_err(failed)?;
    Ok(path)
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn the_iso_boots_as_cd_by_bios() {
    boots_live("cd-bios", Firmware::Bios, BootMedium::Cd).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn the_iso_boots_as_cd_by_uefi() {
    boots_live("cd-uefi", Firmware::Uefi, BootMedium::Cd).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn the_iso_boots_as_usb_stick_by_bios() {
    boots_live("usb-bios", Firmware::Bios, BootMedium::Usb).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn the_iso_boots_as_usb_stick_by_uefi() {
    boots_live("usb-uefi", Firmware::Uefi, BootMedium::Usb).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn the_disk_in_the_ova_boots_by_the_firmware_that_the_ova_asks_for() {
    let name = "ova";
    let seeded = Seeded::boot(name, |spec, environment, directory| {
        let ova = environment.ova()?;
        let tar = |args: &[&str]| {
            let output =
                Command::new("tar").args(args).arg("-f").arg(&ova).current_dir(directory.path()).output();
            let output = output.map_err(|source| LabError::Start { program: "tar".to_owned(), source })?;
            assert!(output.status.success(), "{output:?}");
            Ok::<_, LabError>(String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let names = tar(&["-t"])?;
        let vmdk = names
            .lines()
            .find(|name| name.contains("-disk1."))
            .unwrap_or_else(|| panic!("no disk in {names}"));
        tar(&["-x"])?;
        let ovf = std::fs::read_to_string(directory.join(names.lines().next().unwrap_or_default()));
        let ovf = ovf.map_err(|source| LabError::File { doing: "read", path: ova.clone(), source })?;
        assert!(ovf.contains("vmw:key=\"firmware\" vmw:value=\"efi\""), "{ovf}");
        spec.firmware = Firmware::Uefi;
        let image = directory.join(vmdk);
        spec.disks = vec![disk::overlay_of(directory, name, "DISK0", (&image, DiskFormat::Vmdk))?];
        Ok(())
    })
    .unwrap();
    assert_eq!(seeded.run("hostname").unwrap(), name);
    assert!(seeded.by_uefi().unwrap());
    // Installed, not live: the changes are on the state partition.
    assert_eq!(seeded.run("findmnt -no FSTYPE /run/daybreak/state").unwrap(), "ext4");
}
