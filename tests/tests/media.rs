//! The image on everything else that it can come on: a CD, a USB stick with the same bytes, and the OVA. Each ends in a login
//! with a key of the first-boot data.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use daybreak_tests::error::{LabError, Result};
use daybreak_tests::machine::{BootMedium, DiskFormat, Firmware, MachineSpec, disk};
use daybreak_tests::seeded::{Parts, Seeded};
use daybreak_tests::told;

/// Boots live from a CD or a USB stick, with an installed disk in the machine, which is left alone.
fn boots_live(name: &str, firmware: Firmware, medium: impl FnOnce(PathBuf) -> BootMedium) -> Result<()> {
    let mut stick = None;
    let mut data = None;
    let seeded = Seeded::boot(name, |spec, parts| {
        spec.firmware = firmware;
        let medium = medium(parts.environment.iso()?);
        let medium = match medium {
            BootMedium::Usb(iso) => {
                let path = told::stick(parts.directory, &iso)?;
                stick = Some((path.clone(), disk::digest(&path)?));
                BootMedium::Usb(path)
            }
            cd @ BootMedium::Cd(_) => cd,
        };
        spec.boot_medium = Some(medium);
        let other = disk::patterned(parts.directory, "data", "DATA", 64 << 20)?;
        data = Some((other.file.clone(), disk::digest(&other.file)?));
        spec.disks = vec![other];
        Ok(())
    })?;
    assert_eq!(seeded.run("hostname")?, name);
    assert_eq!(seeded.by_uefi()?, firmware.is_uefi(), "started by the other firmware");
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

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn the_iso_boots_as_cd_by_bios() {
    boots_live("cd-bios", Firmware::Bios, BootMedium::Cd).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_the_iso_as_usb_stick_by_uefi() {
    boots_live("usb-uefi", Firmware::Uefi, BootMedium::Usb).unwrap();
}

/// Plugs in the disk in the OVA; gives what the OVA's descriptor says.
fn plug_ova(name: &str, spec: &mut MachineSpec, parts: &Parts<'_>) -> Result<String> {
    let (image, ovf) = disk::of_ova(parts.directory, &parts.environment.ova()?)?;
    spec.disks = vec![disk::overlay_of(parts.directory, name, "DISK0", (&image, DiskFormat::Vmdk))?];
    spec.firmware = Firmware::Uefi;
    std::fs::read_to_string(&ovf).map_err(|source| LabError::File { doing: "read", path: ovf, source })
}

fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|source| LabError::Start { program, source })?;
    assert!(output.status.success(), "{output:?}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Its disk, by the firmware that it asks for, and what a hypervisor makes of the properties that somebody filled in: an
/// OVF environment on a CD (DSP0243 §11, transport `iso`).
#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn the_ova_boots_and_its_properties_reach_the_appliance() {
    let name = "ova";
    let seeded = Seeded::boot(name, |spec, parts| {
        let ovf = plug_ova(name, spec, parts)?;
        assert!(ovf.contains("vmw:key=\"firmware\" vmw:value=\"efi\""), "{ovf}");
        let seed = |file: &str| parts.seed.iter().find(|(own, _)| *own == file).map_or("", |(_, text)| *text);
        let network: String = seed("network-config").lines().flat_map(|line| ["  ", line, "\n"]).collect();
        let properties = [
            ("instance-id", "i-1".to_owned()),
            ("hostname", name.to_owned()),
            ("network-config", BASE64.encode(format!("network:\n{network}"))),
            ("user-data", BASE64.encode(seed("user-data").replace("hostname:", "x-hostname:"))),
        ];
        let mut section = String::new();
        for (key, value) in properties {
            assert!(ovf.contains(&format!("ovf:key=\"{key}\"")), "{key} is not in {ovf}");
            section.push_str("<Property oe:key=\"");
            section.extend([key, "\" oe:value=\"", &value, "\"/>"]);
        }
        let environment = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Environment xmlns=\"http://schemas.dmtf.org/ovf/environment/1\" \
             xmlns:oe=\"http://schemas.dmtf.org/ovf/environment/1\"><PropertySection>{section}</PropertySection></Environment>\n"
        );
        let file = parts.directory.join("ovf-env.xml");
        std::fs::write(&file, environment).map_err(|source| LabError::File {
            doing: "write",
            path: file.clone(),
            source,
        })?;
        let cd = parts.directory.join("environment.iso");
        run(Command::new("genisoimage").args(["-quiet", "-R", "-V", "OVF ENV", "-o"]).arg(&cd).arg(&file))?;
        spec.medium = None;
        spec.boot_medium = Some(BootMedium::Cd(cd));
        Ok(())
    })
    .unwrap();
    assert_eq!(seeded.run("hostname").unwrap(), name);
    assert!(seeded.run("cloud-init query platform").unwrap().contains("ovf"));
    assert!(seeded.by_uefi().unwrap());
    // Installed, not live: the changes are on the state partition.
    assert_eq!(seeded.run("findmnt -no FSTYPE /run/daybreak/state").unwrap(), "ext4");
}
