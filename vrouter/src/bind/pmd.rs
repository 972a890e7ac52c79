//! What DPDK's drivers say of themselves: which devices they drive, and which kernel driver has to hold a device for that.
//!
//! Each library has it as text, `PMD_INFO_STRING= {…}` (`RTE_PMD_REGISTER_PCI_TABLE`, `RTE_PMD_REGISTER_KMOD_DEP`), which
//! `dpdk-pmdinfo` prints too. So a newer DPDK drives what it can without a list of ours.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::daemon::pci::PciId;

/// A driver of DPDK's for network devices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Pmd {
    /// Its name, such as `net_vmxnet3`.
    pub(super) name: String,
    /// Alternatives of kernel modules, as `* igb_uio | uio_pci_generic | vfio-pci`, or several that are all needed, as
    /// `* ib_uverbs & mlx5_core & mlx5_ib`.
    #[serde(default)]
    kmod: String,
    #[serde(default)]
    pci_ids: Vec<[u16; 4]>,
}

/// How a driver reaches its devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Linux's driver gives the device away.
    Instead,
    /// It works beside Linux's driver, which keeps the device ("bifurcated").
    Beside,
}

impl Pmd {
    /// Whether it drives the device.
    pub(super) fn drives(&self, id: PciId) -> bool {
        /// DPDK's `RTE_PCI_ANY_ID`.
        const ANY: u16 = 0xffff;
        let own = [id.vendor, id.device, id.subsystem_vendor, id.subsystem_device];
        self.pci_ids
            .iter()
            .any(|known| known.iter().zip(own).all(|(known, own)| *known == ANY || *known == own))
    }

    /// Whether it works with a device that this kernel driver holds.
    pub(super) fn takes(&self, module: &str) -> bool {
        self.alternatives().any(|alternative| alternative == module)
    }

    /// How it reaches its devices.
    pub(super) fn access(&self) -> Access {
        if self.kmod.contains('&') { Access::Beside } else { Access::Instead }
    }

    fn alternatives(&self) -> impl Iterator<Item = &str> {
        self.kmod.trim_start_matches('*').split('|').map(str::trim)
    }
}

/// The drivers for network devices whose libraries are in a folder. What cannot be read is not there.
pub(super) fn scan(folder: &Path) -> Vec<Pmd> {
    let mut libraries: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        // The links beside a library have its name without the version.
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("librte_net_"))
        .map(|entry| entry.path())
        .collect();
    libraries.sort();
    libraries.iter().filter_map(|library| fs::read(library).ok()).flat_map(|bytes| read(&bytes)).collect()
}

/// The drivers in the bytes of a library.
fn read(library: &[u8]) -> Vec<Pmd> {
    const MARK: &[u8] = b"PMD_INFO_STRING= ";
    library
        .split(|byte| *byte == 0)
        .filter_map(|text| serde_json::from_slice(text.strip_prefix(MARK)?).ok())
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The drivers of the DPDK that this was built with.
    pub(in crate::bind) fn installed() -> Vec<Pmd> {
        let pmds = scan(&crate::dpdk::driver_folder());
        assert!(pmds.len() > 20, "DPDK's drivers are not installed: {pmds:?}");
        pmds
    }

    pub(in crate::bind) fn id(vendor: u16, device: u16) -> PciId {
        PciId { vendor, device, subsystem_vendor: vendor, subsystem_device: 1 }
    }

    #[test]
    fn reads_the_text_in_a_library_and_nothing_else() {
        let library =
            b"\x7fELF\0junk\0PMD_INFO_STRING= {\"name\": \"net_a\", \"kmod\": \"* igb_uio | vfio-pci\", \
            \"pci_ids\": [[1, 2, 65535, 65535], [1, 3, 4, 5]]}\0more\0PMD_INFO_STRING= {broken\0\
            PMD_INFO_STRING= {\"name\": \"net_v\", \"params\": \"x=<int>\", \"pci_ids\": []}\0";
        let pmds = read(library);
        let names: Vec<_> = pmds.iter().map(|pmd| pmd.name.as_str()).collect();
        assert_eq!(names, ["net_a", "net_v"]);
        let a = &pmds[0];
        assert!(a.takes("vfio-pci") && a.takes("igb_uio") && !a.takes("uio_pci_generic"));
        assert!(a.drives(id(1, 2)) && !a.drives(id(1, 3)) && !a.drives(id(2, 2)));
        assert!(a.drives(PciId { vendor: 1, device: 3, subsystem_vendor: 4, subsystem_device: 5 }));
        assert_eq!(read(b""), []);
        assert_eq!(scan(Path::new("/no/such/folder")), []);
    }

    #[test]
    fn debians_drivers_know_the_usual_cards() {
        let pmds = installed();
        let instead = |name| (name, Access::Instead);
        for (card, vendor, device, (name, access)) in [
            ("e1000", 0x8086, 0x100e, instead("net_e1000_em")),
            ("e1000 of VMware", 0x8086, 0x100f, instead("net_e1000_em")),
            ("e1000e", 0x8086, 0x10d3, instead("net_e1000_em")),
            ("igb", 0x8086, 0x10c9, instead("net_e1000_igb")),
            ("ixgbe", 0x8086, 0x10fb, instead("net_ixgbe")),
            ("ixgbe VF", 0x8086, 0x10ed, instead("net_ixgbe_vf")),
            ("i40e", 0x8086, 0x1572, instead("net_i40e")),
            ("iavf", 0x8086, 0x1889, instead("net_iavf")),
            ("ice", 0x8086, 0x1592, instead("net_ice")),
            ("virtio", 0x1af4, 0x1000, instead("net_virtio")),
            ("virtio 1", 0x1af4, 0x1041, instead("net_virtio")),
            ("vmxnet3", 0x15ad, 0x07b0, instead("net_vmxnet3")),
            ("ena", 0x1d0f, 0xec20, instead("net_ena")),
            ("mlx5", 0x15b3, 0x1017, ("mlx5_eth", Access::Beside)),
        ] {
            let pmd = pmds.iter().find(|pmd| pmd.drives(id(vendor, device)));
            let pmd = pmd.unwrap_or_else(|| panic!("no driver for {card}"));
            assert_eq!((pmd.name.as_str(), pmd.access()), (name, access), "{card}");
        }
        for (card, vendor, device) in [("rtl8139", 0x10ec, 0x8139), ("pcnet", 0x1022, 0x2000)] {
            assert!(!pmds.iter().any(|pmd| pmd.drives(id(vendor, device))), "{card}");
        }
    }
}
