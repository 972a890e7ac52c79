//! Network devices on the PCI bus, as Linux's sysfs shows them.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::Path;

use super::ports::PciDevice;
use crate::dpdk::PciAddress;
use crate::packet::MacAddr;

/// Where Linux shows devices.
pub const SYSFS: &str = "/sys";

/// Kernel drivers that leave a device to DPDK.
const DPDK_DRIVERS: [&str; 3] = ["vfio-pci", "uio_pci_generic", "igb_uio"];

/// What a device is, by the PCI bus's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PciId {
    /// Who made its chip.
    pub vendor: u16,
    /// Which chip.
    pub device: u16,
    /// Who made the card.
    pub subsystem_vendor: u16,
    /// Which card.
    pub subsystem_device: u16,
}

impl fmt::Display for PciId {
    /// As `lspci -n` shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.device)
    }
}

/// Devices that an IOMMU cannot tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IommuGroup {
    /// Linux's number of it.
    pub number: u32,
    /// The others in it, without bridges, which may stay with Linux.
    pub others: Vec<PciAddress>,
}

/// A network device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    /// Its address.
    pub address: PciAddress,
    /// What it is.
    pub id: PciId,
    /// The driver that it is bound to.
    pub driver: Option<String>,
    /// Its interface in Linux, with a driver that makes one.
    pub interface: Option<String>,
    /// The hardware address of that interface.
    pub mac: Option<MacAddr>,
    /// Its group, behind an IOMMU.
    pub iommu: Option<IommuGroup>,
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
                id: id(&device),
                driver: link(&device.join("driver")),
                interface: interface.map(|(_, name)| name),
                mac,
                iommu: group(&device, address),
            })
        })
        .collect();
    nics.sort_by_key(|nic| nic.address);
    nics
}

/// What a device is; zeroes where Linux does not say.
fn id(device: &Path) -> PciId {
    let number = |file: &str| {
        let text = read(&device.join(file)).unwrap_or_default();
        u16::from_str_radix(text.trim_start_matches("0x"), 16).unwrap_or(0)
    };
    PciId {
        vendor: number("vendor"),
        device: number("device"),
        subsystem_vendor: number("subsystem_vendor"),
        subsystem_device: number("subsystem_device"),
    }
}

/// The IOMMU group of a device.
fn group(device: &Path, own: PciAddress) -> Option<IommuGroup> {
    let folder = device.join("iommu_group");
    let number = fs::read_link(&folder).ok()?.file_name()?.to_str()?.parse().ok()?;
    let members = folder.join("devices");
    // Class 06: bridges.
    let is_bridge =
        |name: &str| read(&members.join(name).join("class")).is_some_and(|class| class.starts_with("0x06"));
    let others = entries(&members)
        .filter(|name| !is_bridge(name))
        .filter_map(|name| name.parse().ok())
        .filter(|address| *address != own)
        .collect();
    Some(IommuGroup { number, others })
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
        let group = root.join("kernel/iommu_groups/7");
        fs::create_dir_all(group.join("devices")).unwrap();
        for member in ["0000:00:05.0", "0000:00:02.0", "0000:00:01.0"] {
            symlink(root.join("bus/pci/devices").join(member), group.join("devices").join(member)).unwrap();
        }
        device(root, "0000:00:01.0", "0x060400", Some("pcieport"), None);
        symlink(&group, root.join("bus/pci/devices/0000:00:05.0/iommu_group")).unwrap();
        for (file, text) in [("vendor", "0x15ad\n"), ("device", "0x07b0\n"), ("subsystem_vendor", "0x15ad\n")]
        {
            fs::write(root.join("bus/pci/devices/0000:00:05.0").join(file), text).unwrap();
        }
        let nics = scan(root);
        let shown: Vec<_> = nics
            .iter()
            .map(|nic| {
                (nic.address.to_string(), nic.interface.as_deref(), nic.iommu.is_some(), nic.is_usable())
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("0000:00:03.0".into(), Some("eth0"), false, false),
                ("0000:00:04.0".into(), Some("ens4"), false, false),
                ("0000:00:05.0".into(), None, true, true),
            ]
        );
        let others = vec!["0000:00:02.0".parse().unwrap()];
        assert_eq!(nics[2].iommu, Some(IommuGroup { number: 7, others }), "without itself and the bridge");
        assert_eq!((nics[2].id.to_string(), nics[2].id.subsystem_vendor), ("15ad:07b0".into(), 0x15ad));
        assert_eq!(nics[0].id, PciId::default());
        assert_eq!(nics[0].mac, Some(MacAddr([0x52, 0x54, 0, 0, 0, 1])));
    }

    #[test]
    fn a_machine_without_pci_has_no_devices() {
        let sysfs = tempfile::tempdir().unwrap();
        assert_eq!(scan(sysfs.path()), []);
    }
}
