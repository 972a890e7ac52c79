//! Secure Boot on, with the keys that firmware comes with: the image starts from everything, and what somebody changed does
//! not.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use daybreak_tests::bridge::Bridge;
use daybreak_tests::directory::{self, LabDirectory};
use daybreak_tests::environment::Environment;
use daybreak_tests::error::{LabError, Result};
use daybreak_tests::lab::{Addressing, Lab, node_file};
use daybreak_tests::machine::{BootMedium, Firmware, Machine, MachineSpec, disk};
use daybreak_tests::patience::Patience;
use daybreak_tests::seeded::Seeded;

/// Longest time from power-on to a finished install, on a quiet machine without hardware virtualisation.
const INSTALL: u64 = 600;
/// Longest boot from disk to phone-home or SSH, likewise.
const BOOT: u64 = 300;
/// Longest time until firmware, shim or GRUB say what they do not like.
const REFUSAL: u64 = 120;

/// What the kernel shows when the firmware told it that Secure Boot is on.
const LOCKED_DOWN: &str = "[integrity]";
const LOCKDOWN: &str = "cat /sys/kernel/security/lockdown";

/// Asserts that the node runs from its disk and was started by Secure Boot.
fn check_installed(lab: &Lab, machine: &Machine) -> Result<()> {
    let login = lab.login("r1")?;
    login.wait(lab.server(), Patience::secs(BOOT)).inspect_err(|_| lab.explain(machine))?;
    let kernel_line = login.run(lab.server(), "cat /proc/cmdline")?;
    assert!(kernel_line.contains("daybreak.slot="), "not started from a slot: {kernel_line}");
    let lockdown = login.run(lab.server(), LOCKDOWN)?;
    assert!(lockdown.contains(LOCKED_DOWN), "Secure Boot is off: {lockdown}");
    Ok(())
}

/// Shim, GRUB and kernel over the network, the installer, the way back to the disk by GRUB's script, and at last the disk
/// by its own shim and GRUB.
#[test]
#[ignore = "needs the built image and some minutes; `make test` runs it"]
fn a_machine_installs_over_the_network_and_starts_from_its_disk() {
    let mut lab = Lab::new("secure", Environment::from_process().unwrap(), Addressing::Server).unwrap();
    lab.provisioner_mut().start().unwrap();
    let node = node_file("r1", 1, lab.key().public()) + "secure_boot: true\n";
    lab.provisioner().add_node("r1", &node).unwrap();
    let target = disk::empty(lab.directory(), "target", "DISK0", 4 << 30).unwrap();
    let mut machine = lab.machine("r1", 1, Firmware::UefiSecureBoot, vec![target]).unwrap();
    let mut timeline = lab.provisioner().timeline("r1").unwrap();
    machine.power_on(lab.bridge()).unwrap();
    for (code, text, seconds) in [
        ("BOOT-INSTALL", "", BOOT),
        ("INSTALL-DONE", "", INSTALL),
        ("BOOT-DISK", "", BOOT),
        ("PHONE-HOME", "", BOOT),
        ("STATE-CHANGED", "active", 60),
    ] {
        let seen = timeline.wait(code, Patience::secs(seconds), |event| event.says(code, text));
        seen.inspect_err(|_| lab.explain(&machine)).unwrap();
    }
    check_installed(&lab, &machine).unwrap();
    // Twice: to install, and to be sent to the disk. The kernel of the installer came once, by TFTP.
    for (file, times) in
        [("shimx64.efi", 2), ("grubx64.efi", 2), ("grub/script.cfg", 2), ("vmlinuz", 1), ("initrd.img", 1)]
    {
        let sent = timeline.seen().iter().filter(|e| e.says("TFTP-SENT", file)).count();
        assert_eq!(sent, times, "TFTP-SENT {file}:\n{}", timeline.tail());
    }

    machine.power_cut();
    machine.spec_mut().network_boot = false;
    machine.power_on(lab.bridge()).unwrap();
    check_installed(&lab, &machine).unwrap();
}

/// Boots live from a medium.
fn boots_live(name: &str, medium: impl FnOnce(PathBuf) -> BootMedium) -> Result<()> {
    let seeded = Seeded::boot(name, |spec, parts| {
        spec.firmware = Firmware::UefiSecureBoot;
        let iso = parts.directory.join("medium.iso");
        copy(&parts.environment.iso()?, &iso)?;
        spec.boot_medium = Some(medium(iso));
        Ok(())
    })?;
    assert_eq!(seeded.run("findmnt -no FSTYPE /run/daybreak/medium")?, "iso9660");
    let lockdown = seeded.run(LOCKDOWN)?;
    assert!(lockdown.contains(LOCKED_DOWN), "Secure Boot is off: {lockdown}");
    Ok(())
}

#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_the_iso_as_cd() {
    boots_live("sb-cd", BootMedium::Cd).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_the_iso_as_usb_stick() {
    boots_live("sb-usb", BootMedium::Usb).unwrap();
}

/// Debian's GRUB keeps the environment too: told to start the slot that is empty, it starts the other one and writes that
/// down.
#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_the_qcow2_and_the_empty_slot_is_passed_over() {
    let name = "sb-qcow";
    let mut seeded = Seeded::boot(name, |spec, parts| {
        spec.firmware = Firmware::UefiSecureBoot;
        spec.disks = vec![disk::overlay(parts.directory, name, "DISK0", &parts.environment.qcow2()?)?];
        Ok(())
    })
    .unwrap();
    assert!(seeded.run(LOCKDOWN).unwrap().contains(LOCKED_DOWN));
    let esp = "/dev/disk/by-partlabel/esp";
    let slot = format!("sudo grep -abo 'daybreak_slot=[ab]' {esp} | tail -n 1");
    let found = seeded.run(&slot).unwrap();
    let (offset, "daybreak_slot=a") = found.split_once(':').unwrap() else { panic!("{found}") };
    let letter = offset.parse::<u64>().unwrap() + 14;
    let write = format!("printf b | sudo dd of={esp} bs=1 seek={letter} conv=notrunc,fsync status=none");
    seeded.run(&write).unwrap();
    assert!(seeded.run(&slot).unwrap().ends_with("daybreak_slot=b"));
    seeded.restart().unwrap();
    assert!(seeded.run("cat /proc/cmdline").unwrap().contains("daybreak.slot="));
    assert!(seeded.run(&slot).unwrap().ends_with("daybreak_slot=a"), "GRUB did not write its environment");
}

/// One bit of the loader, of GRUB or of the kernel is another: whoever starts it says so and does not.
#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_a_flipped_bit_is_refused() {
    let environment = Environment::from_process().unwrap();
    let directory = LabDirectory::new(&directory::base(), "sb-flip").unwrap();
    let bridge = Bridge::new("wire").unwrap();
    let iso = environment.iso().unwrap();
    for (name, file, refusal) in [
        ("shim", Path::new("/usr/lib/shim/shimx64.efi.signed"), "Access Denied"),
        (
            "grub",
            Path::new("/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"),
            "Verification failed: (0x1A) Security Violation",
        ),
        ("kernel", &environment.kernel(), "bad shim signature"),
    ] {
        let medium = directory.join(&format!("{name}.iso"));
        copy(&iso, &medium).unwrap();
        flip(&medium, file).unwrap();
        let spec = MachineSpec {
            firmware: Firmware::UefiSecureBoot,
            boot_medium: Some(BootMedium::Cd(medium)),
            network_boot: false,
            ..MachineSpec::new(name)
        };
        let mut machine = Machine::new(&directory, spec, environment.accelerator().unwrap()).unwrap();
        machine.power_on(&bridge).unwrap();
        machine.wait_console(refusal, Patience::secs(REFUSAL)).unwrap();
        let console = machine.console().unwrap().tail(200);
        assert!(!console.contains("Linux version"), "{name}: the kernel runs:\n{console}");
    }
}

/// Changes one bit in the middle of a file where it lies on a medium.
fn flip(medium: &Path, file: &Path) -> Result<()> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| LabError::File { doing: "flip a bit of", path, source }
    };
    let (image, content) =
        (std::fs::read(medium).map_err(failed(medium))?, std::fs::read(file).map_err(failed(file))?);
    let starts = (0..image.len()).step_by(512).find(|at| image[*at..].starts_with(&content));
    let middle =
        starts.unwrap_or_else(|| panic!("{} is not on the medium", file.display())) + content.len() / 2;
    let disk = File::options().write(true).open(medium).map_err(failed(medium))?;
    disk.write_all_at(&[image[middle] ^ 1], middle as u64).map_err(failed(medium))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to).map(drop).map_err(|source| LabError::File {
        doing: "make",
        path: to.to_owned(),
        source,
    })
}
