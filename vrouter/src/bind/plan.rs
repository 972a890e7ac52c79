//! Which devices are ports, and which driver each gets.

use std::collections::HashSet;

use crate::config::Management;
use crate::daemon::pci::Nic;

/// `uio_pci_generic` would bind, and the daemon fail to map the device's registers.
const LOCKED_DOWN: &str = "the kernel is locked down, as Secure Boot makes it, and the device is not behind an IOMMU, \
                           which vfio-pci needs: turn the IOMMU on in the firmware (in a virtual machine: give it one), or \
                           Secure Boot off";

/// What becomes of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It stays with Linux, for this reason.
    Linux(&'static str),
    /// It becomes a port, by this driver.
    Take(&'static str),
    /// It becomes a port by a packet socket, because no driver can take it.
    PacketSocket(&'static str),
}

/// Decides about every device. A rule that fits none keeps the first one for Linux: a machine that cannot be reached is
/// worse than a port too few.
pub(super) fn plan(
    nics: &[Nic],
    rule: &Management,
    busy: &HashSet<String>,
    locked_down: bool,
) -> Vec<(Nic, Decision)> {
    let by_rule = |nic: &Nic| match rule {
        Management::First | Management::Nothing => false,
        Management::Mac(mac) => nic.mac == Some(*mac),
        Management::Name(name) => nic.interface.as_ref() == Some(name),
    };
    let kept = match rule {
        Management::Nothing => None,
        Management::First => Some(0),
        Management::Mac(_) | Management::Name(_) => Some(nics.iter().position(by_rule).unwrap_or(0)),
    };
    let decide = |(place, nic): (usize, &Nic)| {
        let in_use = nic.interface.as_ref().is_some_and(|interface| busy.contains(interface));
        let decision = if kept == Some(place) {
            Decision::Linux("it is for management")
        } else if in_use {
            Decision::Linux("it has an address or the default route")
        } else if nic.iommu {
            Decision::Take("vfio-pci")
        } else if locked_down {
            Decision::PacketSocket(LOCKED_DOWN)
        } else {
            // Proved with virtio in a guest without an IOMMU; needs no interrupts of its own.
            Decision::Take("uio_pci_generic")
        };
        (nic.clone(), decision)
    };
    nics.iter().enumerate().map(decide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::MacAddr;

    fn nic(number: u8, iommu: bool) -> Nic {
        Nic {
            address: format!("0000:00:0{number}.0").parse().unwrap(),
            driver: Some("virtio-pci".into()),
            interface: Some(format!("eth{number}")),
            mac: Some(MacAddr([2, 0, 0, 0, 0, number])),
            iommu,
        }
    }

    #[test]
    fn keeps_one_for_management_by_every_rule() {
        let nics = [nic(0, false), nic(1, false), nic(2, false)];
        for (rule, kept) in [
            (Management::First, &[0][..]),
            (Management::Mac(MacAddr([2, 0, 0, 0, 0, 1])), &[1]),
            (Management::Name("eth2".into()), &[2]),
            (Management::Mac(MacAddr([9; 6])), &[0]),
            (Management::Name("ens3".into()), &[0]),
            (Management::Nothing, &[]),
        ] {
            let plan = plan(&nics, &rule, &HashSet::new(), false);
            let linux: Vec<usize> =
                (0..3).filter(|place| matches!(plan[*place].1, Decision::Linux(_))).collect();
            assert_eq!(linux, kept, "{rule:?}");
        }
    }

    #[test]
    fn leaves_what_is_in_use_and_chooses_the_driver_by_the_iommu() {
        let nics = [nic(0, false), nic(1, false), nic(2, true), nic(3, false)];
        let plan = plan(&nics, &Management::First, &["eth1".into()].into(), false);
        let decisions: Vec<_> = plan.iter().map(|(_, decision)| *decision).collect();
        assert!(matches!(decisions[1], Decision::Linux(_)));
        assert_eq!(decisions[2..], [Decision::Take("vfio-pci"), Decision::Take("uio_pci_generic")]);
    }

    #[test]
    fn under_lockdown_only_vfio_takes_devices_and_the_others_say_why() {
        let nics = [nic(0, false), nic(1, false), nic(2, true)];
        let plan = plan(&nics, &Management::First, &HashSet::new(), true);
        let decisions: Vec<_> = plan.iter().map(|(_, decision)| *decision).collect();
        assert!(matches!(decisions[0], Decision::Linux(_)));
        let Decision::PacketSocket(why) = decisions[1] else { panic!("{decisions:?}") };
        assert!(why.contains("Secure Boot") && why.contains("IOMMU"), "{why}");
        assert_eq!(decisions[2], Decision::Take("vfio-pci"));
    }
}
