//! The qcow2 image without any provisioner: firmware, GRUB, cloud-init with a `NoCloud` medium, SSH.

use daybreak_tests::error::Result;
use daybreak_tests::machine::{Firmware, disk};
use daybreak_tests::seeded::Seeded;

fn boots_to_ssh(name: &str, firmware: Firmware) -> Result<()> {
    let seeded = Seeded::boot(name, |spec, parts| {
        spec.firmware = firmware;
        spec.disks = vec![disk::overlay(parts.directory, name, "DISK0", &parts.environment.qcow2()?)?];
        Ok(())
    })?;
    assert_eq!(seeded.run("hostname")?, name);
    assert_eq!(seeded.by_uefi()?, firmware == Firmware::Uefi, "started by the other firmware");
    Ok(())
}

#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_qcow2_by_bios_with_a_nocloud_medium() {
    boots_to_ssh("qcow-bios", Firmware::Bios).unwrap();
}

#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_qcow2_by_uefi_with_a_nocloud_medium() {
    boots_to_ssh("qcow-uefi", Firmware::Uefi).unwrap();
}
