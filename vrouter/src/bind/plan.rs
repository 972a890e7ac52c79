//! What becomes of each device: Linux's, or a port, and by which driver.

use std::collections::HashSet;

use super::management::{Usage, kept};
use super::pmd::{Access, Pmd};
use crate::config::Management;
use crate::daemon::pci::Nic;
use crate::dpdk::PciAddress;

/// `uio_pci_generic` would bind, and the daemon fail to map the device's registers.
const LOCKED_DOWN: &str = "the kernel is locked down, as Secure Boot makes it, and the device is not behind an IOMMU, \
                           which vfio-pci needs: turn the IOMMU on in the firmware (in a virtual machine: give it one), or \
                           Secure Boot off";

/// What becomes of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// It stays with Linux, for this reason.
    Linux(String),
    /// It is bound to a kernel driver that gives it to DPDK.
    Take {
        /// The kernel driver.
        module: &'static str,
        /// DPDK's driver.
        pmd: String,
    },
    /// It becomes a port by a packet socket, for this reason.
    Socket(String),
}

/// What is decided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    /// Which device is for management.
    pub(super) management: &'a Management,
    /// What is in use.
    pub(super) usage: &'a Usage,
    /// DPDK's drivers.
    pub(super) pmds: &'a [Pmd],
    /// Devices that may be taken at most.
    pub(super) most: usize,
    /// Whether the kernel keeps programs from the registers of devices.
    pub(super) locked_down: bool,
}

/// Decides about every device.
pub(super) fn plan(nics: &[Nic], rules: Rules<'_>) -> Vec<(Nic, Decision)> {
    let mut kept = kept(nics, rules.management, rules.usage);
    let full = format!("there are {} ports already, which is the most", rules.most);
    let mut taken = 0;
    let reasons: Vec<Option<String>> = kept
        .iter_mut()
        .map(|why| {
            taken += usize::from(why.is_none());
            why.map(str::to_owned).or_else(|| (taken > rules.most).then(|| full.clone()))
        })
        .collect();
    let pmd = |nic: &Nic| rules.pmds.iter().find(|pmd| pmd.drives(nic.id));
    // An IOMMU group is given away as a whole (Linux, Documentation/driver-api/vfio.rst): every device in it, or none.
    let given: HashSet<PciAddress> = nics
        .iter()
        .zip(&reasons)
        .filter(|(nic, why)| why.is_none() && pmd(nic).is_some_and(|pmd| pmd.takes(VFIO)))
        .map(|(nic, _)| nic.address)
        .collect();
    let decide = |(nic, why): (&Nic, Option<String>)| {
        let decision = match (why, pmd(nic)) {
            (Some(why), _) => Decision::Linux(why),
            (None, None) => Decision::Socket(format!("DPDK has no driver for {}", nic.id)),
            (None, Some(pmd)) => match module(nic, pmd, &given, rules.locked_down) {
                Ok(module) => Decision::Take { module, pmd: pmd.name.clone() },
                Err(why) => Decision::Socket(why),
            },
        };
        (nic.clone(), decision)
    };
    nics.iter().zip(reasons).map(decide).collect()
}

const VFIO: &str = "vfio-pci";
const UIO: &str = "uio_pci_generic";

/// The kernel driver that gives a device to DPDK's driver, or why there is none.
fn module(
    nic: &Nic,
    pmd: &Pmd,
    given: &HashSet<PciAddress>,
    locked_down: bool,
) -> Result<&'static str, String> {
    let name = &pmd.name;
    if pmd.access() == Access::Beside {
        return Err(format!("{name} works beside Linux's driver only, which vrouterd does not do"));
    }
    let Some(group) = &nic.iommu else {
        // Without an IOMMU nothing keeps a device from any memory, so Linux has vfio refuse it.
        return match pmd.takes(UIO) {
            true if locked_down => Err(LOCKED_DOWN.to_owned()),
            true => Ok(UIO),
            false => Err(format!("{name} needs {VFIO}, and so an IOMMU")),
        };
    };
    if !pmd.takes(VFIO) {
        return Err(format!("{name} does not work with {VFIO}, which a device behind an IOMMU needs"));
    }
    match group.others.iter().find(|other| !given.contains(other)) {
        None => Ok(VFIO),
        Some(other) => Err(format!("it shares IOMMU group {} with {other}, which is no port", group.number)),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::pmd::tests::{id, installed};
    use super::*;
    use crate::daemon::pci::{IommuGroup, PciId};
    use crate::packet::MacAddr;

    /// A virtio card, and no IOMMU.
    pub(in crate::bind) fn nic(number: u8) -> Nic {
        Nic {
            address: address(number),
            id: id(0x1af4, 0x1000),
            driver: Some("virtio-pci".into()),
            interface: Some(format!("eth{number}")),
            mac: Some(MacAddr([2, 0, 0, 0, 0, number])),
            iommu: None,
        }
    }

    fn address(number: u8) -> PciAddress {
        format!("0000:00:{number:02x}.0").parse().unwrap()
    }

    fn of(number: u8, id: PciId, group: Option<&[u8]>) -> Nic {
        let iommu = group.map(|others| IommuGroup {
            number: number.into(),
            others: others.iter().map(|number| address(*number)).collect(),
        });
        Nic { id, iommu, ..nic(number) }
    }

    fn decided(nics: &[Nic], management: &Management, most: usize) -> Vec<String> {
        decided_by(nics, management, most, false)
    }

    fn decided_by(nics: &[Nic], management: &Management, most: usize, locked_down: bool) -> Vec<String> {
        let (pmds, usage) = (installed(), Usage::default());
        let plan = plan(nics, Rules { management, usage: &usage, pmds: &pmds, most, locked_down });
        plan.iter()
            .map(|(_, decision)| match decision {
                Decision::Linux(why) => format!("Linux: {why}"),
                Decision::Take { module, pmd } => format!("{module} {pmd}"),
                Decision::Socket(why) => format!("socket: {why}"),
            })
            .collect()
    }

    #[test]
    fn each_card_gets_what_its_driver_works_with() {
        let no_iommu = None;
        let alone: Option<&[u8]> = Some(&[]);
        for (card, ids, group, expected) in [
            ("e1000", id(0x8086, 0x100e), no_iommu, "uio_pci_generic net_e1000_em"),
            ("e1000", id(0x8086, 0x100e), alone, "vfio-pci net_e1000_em"),
            ("e1000e", id(0x8086, 0x10d3), no_iommu, "uio_pci_generic net_e1000_em"),
            ("igb", id(0x8086, 0x10c9), no_iommu, "uio_pci_generic net_e1000_igb"),
            ("ixgbe", id(0x8086, 0x10fb), alone, "vfio-pci net_ixgbe"),
            ("i40e", id(0x8086, 0x1572), alone, "vfio-pci net_i40e"),
            ("ice", id(0x8086, 0x1592), alone, "vfio-pci net_ice"),
            ("virtio", id(0x1af4, 0x1041), alone, "vfio-pci net_virtio"),
            ("vmxnet3", id(0x15ad, 0x07b0), no_iommu, "uio_pci_generic net_vmxnet3"),
            ("ena", id(0x1d0f, 0xec20), no_iommu, "uio_pci_generic net_ena"),
            ("VF", id(0x8086, 0x10ed), alone, "vfio-pci net_ixgbe_vf"),
            ("VF", id(0x8086, 0x10ed), no_iommu, "socket: net_ixgbe_vf needs vfio-pci, and so an IOMMU"),
            (
                "mlx5",
                id(0x15b3, 0x1017),
                alone,
                "socket: mlx5_eth works beside Linux's driver only, which vrouterd does not do",
            ),
            ("rtl8139", id(0x10ec, 0x8139), no_iommu, "socket: DPDK has no driver for 10ec:8139"),
        ] {
            let decided = decided(&[of(5, ids, group)], &Management::Nothing, 16);
            assert_eq!(decided, [expected], "{card}");
        }
    }

    #[test]
    fn a_group_goes_as_a_whole_or_by_packet_sockets() {
        let virtio = id(0x1af4, 0x1041);
        let pair = |other: PciId| [of(0, virtio, None), of(1, virtio, Some(&[2])), of(2, other, Some(&[1]))];
        assert_eq!(
            decided(&pair(virtio), &Management::First, 16)[1..],
            ["vfio-pci net_virtio", "vfio-pci net_virtio"]
        );
        let with_odd = decided(&pair(id(0x10ec, 0x8139)), &Management::First, 16);
        assert!(with_odd[1].starts_with("socket: it shares IOMMU group 1 with 0000:00:02.0"), "{with_odd:?}");
        // The management's own card keeps its group from being given away.
        let kept = decided(&pair(virtio)[1..], &Management::First, 16);
        assert!(kept[0].starts_with("Linux") && kept[1].starts_with("socket: it shares"), "{kept:?}");
    }

    #[test]
    fn what_is_beyond_the_ports_stays_with_linux() {
        let nics: Vec<Nic> = (0..18).map(nic).collect();
        let decided = decided(&nics, &Management::First, 16);
        assert!(decided[0].starts_with("Linux: it is the first"), "{decided:?}");
        assert!(decided[1..17].iter().all(|text| text == "uio_pci_generic net_virtio"), "{decided:?}");
        assert_eq!(decided[17], "Linux: there are 16 ports already, which is the most");
    }

    #[test]
    fn one_odd_card_leaves_the_others_alone() {
        let nics = [nic(0), of(1, id(0x10ec, 0x8139), None), Nic { driver: None, interface: None, ..nic(2) }];
        let decided = decided(&nics, &Management::First, 16);
        assert!(
            decided[1].starts_with("socket:") && decided[2] == "uio_pci_generic net_virtio",
            "{decided:?}"
        );
    }

    #[test]
    fn under_lockdown_only_vfio_takes_devices_and_the_others_say_why() {
        let nics = [nic(0), nic(1), of(2, id(0x1af4, 0x1041), Some(&[]))];
        let decided = decided_by(&nics, &Management::First, 16, true);
        assert!(decided[0].starts_with("Linux"), "{decided:?}");
        assert!(decided[1].contains("Secure Boot") && decided[1].contains("IOMMU"), "{decided:?}");
        assert_eq!(decided[2], "vfio-pci net_virtio");
    }
}
