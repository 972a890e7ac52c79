//! Network devices on the PCI bus, as Linux's sysfs shows them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::ports::PciDevice;
use crate::dpdk::PciAddress;
use crate::packet::MacAddr;

/// Where Linux shows devices.
pub const SYSFS: &str = "/sys";

/// Kernel drivers that leave a device to DPDK.
const DPDK_DRIVERS: [&str; 3] = ["vfio-pci", "uio_pci_generic", "igb_uio"];

/// A network device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    /// Its address.
    pub address: PciAddress,
    /// The driver that it is bound to.
    pub driver: Option<String>,
    /// Its interface in Linux, with a driver that makes one.
    pub interface: Option<String>,
    /// The hardware address of that interface.
    pub mac: Option<MacAddr>,
    /// Whether it is behind an IOMMU.
    pub iommu: bool,
}

impl Nic {
    /// Whether DPDK can use it with the driver that it has.
    pub fn is_usable(&self) -> bool {
        self.driver.as_deref().is_some_and(|driver| DPDK_DRIVERS.contains(&driver))
    }
}

/// Every network device, by address. What cannot be read is not there.
pub fn scan(sysfs: &Path) -> Vec<Nic> {
    let mut nics: Vec<_> = entries(&sysfs.join("bus/pci/devices"))
        .filter_map(|name| Some((name.parse::<PciAddress>().ok()?, name)))
        .filter_map(|(address, name)| {
            let device = sysfs.join("bus/pci/devices").join(name);
            // Class 02, subclass 00: Ethernet controllers.
            read(&device.join("class")).filter(|class| class.starts_with("0x0200"))?;
            let link = |of: &Path| Some(fs::read_link(of).ok()?.file_name()?.to_string_lossy().into_owned());
            // The interface of a virtio device belongs to the virtio device below it.
            let below =
                entries(&device).filter(|name| name.starts_with("virtio")).map(|name| device.join(name));
            let interface = std::iter::once(device.clone())
                .chain(below)
                .find_map(|place| entries(&place.join("net")).next().map(|name| (place, name)));
            let mac = interface
                .as_ref()
                .and_then(|(place, name)| read(&place.join("net").join(name).join("address"))?.parse().ok());
            Some(Nic {
                address,
                driver: link(&device.join("driver")),
                interface: interface.map(|(_, name)| name),
                mac,
                iommu: device.join("iommu_group").exists(),
            })
        })
        .collect();
    nics.sort_by_key(|nic| nic.address);
    nics
}

/// The devices as a configuration is checked against them.
pub fn facts() -> HashMap<PciAddress, PciDevice> {
    scan(Path::new(SYSFS))
        .into_iter()
        .map(|nic| (nic.address, PciDevice { usable: nic.is_usable(), driver: nic.driver }))
        .collect()
}

/// Names in a folder.
fn entries(folder: &Path) -> impl Iterator<Item = String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    names.into_iter()
}

/// A file's text without the line feed.
pub(crate) fn read(file: &Path) -> Option<String> {
    Some(fs::read_to_string(file).ok()?.trim().to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Adds a device to a made-up sysfs.
    pub(crate) fn device(
        sysfs: &Path,
        address: &str,
        class: &str,
        driver: Option<&str>,
        net: Option<(&str, &str)>,
    ) {
        let device = sysfs.join("bus/pci/devices").join(address);
        fs::create_dir_all(&device).unwrap();
        fs::write(device.join("class"), format!("{class}\n")).unwrap();
        fs::write(device.join("driver_override"), "(null)\n").unwrap();
        if let Some(driver) = driver {
            let driver = sysfs.join("bus/pci/drivers").join(driver);
            fs::create_dir_all(&driver).unwrap();
            symlink(driver, device.join("driver")).unwrap();
        }
        if let Some((path, mac)) = net {
            fs::create_dir_all(device.join(path)).unwrap();
            fs::write(device.join(path).join("address"), format!("{mac}\n")).unwrap();
        }
    }

    #[test]
    fn finds_network_devices_in_order_with_their_interfaces() {
        let sysfs = tempfile::tempdir().unwrap();
        let root = sysfs.path();
        device(root, "0000:00:05.0", "0x020000", Some("uio_pci_generic"), None);
        device(
            root,
            "0000:00:03.0",
            "0x020000",
            Some("virtio-pci"),
            Some(("virtio0/net/eth0", "52:54:00:00:00:01")),
        );
        device(root, "0000:00:04.0", "0x020000", Some("e1000"), Some(("net/ens4", "52:54:00:00:00:02")));
        device(root, "0000:00:02.0", "0x030000", Some("bochs"), None);
        fs::create_dir(root.join("bus/pci/devices/0000:00:05.0/iommu_group")).unwrap();
        let nics = scan(root);
        let shown: Vec<_> = nics
            .iter()
            .map(|nic| (nic.address.to_string(), nic.interface.as_deref(), nic.iommu, nic.is_usable()))
            .collect();
        assert_eq!(
            shown,
            [
                ("0000:00:03.0".into(), Some("eth0"), false, false),
                ("0000:00:04.0".into(), Some("ens4"), false, false),
                ("0000:00:05.0".into(), None, true, true),
            ]
        );
        assert_eq!(nics[0].mac, Some(MacAddr([0x52, 0x54, 0, 0, 0, 1])));
    }

    #[test]
    fn a_machine_without_pci_has_no_devices() {
        let sysfs = tempfile::tempdir().unwrap();
        assert_eq!(scan(sysfs.path()), []);
    }
}
