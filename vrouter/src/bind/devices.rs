//! Binding a device to a driver by sysfs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::daemon::pci::{Nic, scan};

/// Binds a device to a driver, whose module is loaded if need be.
///
/// # Errors
/// Why not; the device has the driver that it had.
pub(super) fn bind(sysfs: &Path, nic: &Nic, driver: &str) -> Result<(), String> {
    if nic.driver.as_deref() == Some(driver) {
        return Ok(());
    }
    if !sysfs.join("bus/pci/drivers").join(driver).exists() {
        load(driver)?;
    }
    let outcome = move_to(sysfs, nic, driver);
    let now = scan(sysfs).into_iter().find(|other| other.address == nic.address);
    let has = now.and_then(|nic| nic.driver);
    if outcome.is_ok() && has.as_deref() == Some(driver) {
        return Ok(());
    }
    let reason = outcome.err().unwrap_or_else(|| {
        let has = has.unwrap_or_else(|| "no driver".into());
        format!("{driver} did not take the device, which has {has} now (see dmesg)")
    });
    // Back to the driver that it had, by the kernel's own choice.
    let _ = move_to(sysfs, nic, "\n");
    Err(reason)
}

/// Takes a device from its driver and has the kernel look for another; `driver` is the only one it may find, a line feed
/// allows any.
fn move_to(sysfs: &Path, nic: &Nic, driver: &str) -> Result<(), String> {
    let address = nic.address.to_string();
    let device = sysfs.join("bus/pci/devices").join(&address);
    write(&device.join("driver_override"), driver)?;
    let unbind = device.join("driver/unbind");
    if device.join("driver").exists() {
        write(&unbind, &address)?;
    }
    write(&sysfs.join("bus/pci/drivers_probe"), &address)
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text)
        .map_err(|error| format!("writing {:?} to {} failed: {error}", text.trim(), file.display()))
}

fn load(driver: &str) -> Result<(), String> {
    let output =
        Command::new("modprobe").arg(driver).output().map_err(|error| format!("modprobe: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("modprobe {driver} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::daemon::pci::tests::device;

    fn sysfs() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let net = Some(("virtio0/net/eth0", "52:54:00:00:00:01"));
        device(&root, "0000:00:05.0", "0x020000", Some("virtio-pci"), net);
        fs::create_dir_all(root.join("bus/pci/drivers/uio_pci_generic")).unwrap();
        (folder, root)
    }

    #[test]
    fn a_device_that_has_the_driver_is_left_alone() {
        let (_folder, root) = sysfs();
        let nic = scan(&root).remove(0);
        assert_eq!(bind(&root, &nic, "virtio-pci"), Ok(()));
        let text = fs::read_to_string(root.join("bus/pci/devices/0000:00:05.0/driver_override")).unwrap();
        assert_eq!(text, "(null)\n");
    }

    #[test]
    fn a_driver_that_does_not_take_the_device_is_named_and_undone() {
        let (_folder, root) = sysfs();
        let nic = scan(&root).remove(0);
        // Nobody behind this sysfs acts on what is written.
        let error = bind(&root, &nic, "uio_pci_generic").unwrap_err();
        assert!(error.contains("uio_pci_generic did not take") && error.contains("virtio-pci"), "{error}");
        let at = |file: &str| fs::read_to_string(root.join(file)).unwrap();
        assert_eq!(at("bus/pci/devices/0000:00:05.0/driver_override"), "\n", "any driver may take it again");
        assert_eq!(at("bus/pci/drivers/virtio-pci/unbind"), "0000:00:05.0");
        assert_eq!(at("bus/pci/drivers_probe"), "0000:00:05.0");
    }

    #[test]
    fn a_module_that_is_not_there_is_named() {
        let (_folder, root) = sysfs();
        let nic = scan(&root).remove(0);
        let error = bind(&root, &nic, "daybreak-no-such-module").unwrap_err();
        assert!(error.contains("modprobe"), "{error}");
    }
}
