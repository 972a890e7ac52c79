//! Settings for the data plane, and what they mean to the kernel.

use serde::{Deserialize, Serialize};

use super::CoreList;

/// What the image prepares for DPDK.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dpdk {
    /// Processors kept free of everything but the data plane.
    #[serde(default)]
    pub cores: Option<CoreList>,
    /// Huge pages taken at boot, before memory is in pieces.
    #[serde(default)]
    pub hugepages: Option<Hugepages>,
    /// Kernel driver that ports are bound to.
    #[serde(default)]
    pub driver: Option<DpdkDriver>,
}

/// Huge pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hugepages {
    /// Size of one page.
    pub size: HugepageSize,
    /// How many.
    pub count: u32,
}

/// Sizes of huge pages on x86-64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HugepageSize {
    /// 2 MiB.
    #[serde(rename = "2M")]
    M2,
    /// 1 GiB.
    #[serde(rename = "1G")]
    G1,
}

/// In-tree drivers: others do not load under Secure Boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DpdkDriver {
    /// `vfio-pci`, with the IOMMU.
    VfioPci,
    /// `uio_pci_generic`, for machines without an IOMMU.
    #[serde(rename = "uio_pci_generic")]
    UioPciGeneric,
}

impl Dpdk {
    /// Kernel arguments that the settings need.
    pub fn kernel_args(&self) -> Vec<String> {
        let mut args = Vec::new();
        if let Some(cores) = &self.cores {
            args.push(format!("isolcpus={cores}"));
            args.push(format!("nohz_full={cores}"));
            args.push(format!("rcu_nocbs={cores}"));
        }
        if let Some(Hugepages { size, count }) = self.hugepages {
            let size = match size {
                HugepageSize::M2 => "2M",
                HugepageSize::G1 => "1G",
            };
            args.push(format!("default_hugepagesz={size}"));
            args.push(format!("hugepagesz={size}"));
            args.push(format!("hugepages={count}"));
        }
        if self.driver == Some(DpdkDriver::VfioPci) {
            args.extend(["intel_iommu=on", "iommu=pt"].map(str::to_owned));
        }
        args
    }

    /// Content of `/etc/modules-load.d/daybreak-dpdk.conf`, when there is something to load.
    pub fn modules_load(&self) -> Option<String> {
        let module = match self.driver? {
            DpdkDriver::VfioPci => "vfio-pci",
            DpdkDriver::UioPciGeneric => "uio_pci_generic",
        };
        Some(format!("# Written by the image builder from dpdk.driver.\n{module}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dpdk(yaml: &str) -> Dpdk {
        serde_saphyr::from_str(yaml).unwrap()
    }

    #[test]
    fn every_setting_reaches_the_kernel_line() {
        let all = dpdk("{cores: '1-3,5', hugepages: {size: 2M, count: 256}, driver: vfio-pci}");
        assert_eq!(
            all.kernel_args().join(" "),
            "isolcpus=1-3,5 nohz_full=1-3,5 rcu_nocbs=1-3,5 default_hugepagesz=2M hugepagesz=2M hugepages=256 \
             intel_iommu=on iommu=pt"
        );
        assert!(all.modules_load().unwrap().ends_with("\nvfio-pci\n"));
    }

    #[test]
    fn nothing_set_means_nothing_done() {
        let none = dpdk("{}");
        assert_eq!((none.kernel_args(), none.modules_load()), (vec![], None));
    }

    #[test]
    fn uio_needs_no_iommu() {
        let uio = dpdk("{driver: uio_pci_generic}");
        assert_eq!(uio.kernel_args(), Vec::<String>::new());
        assert!(uio.modules_load().unwrap().ends_with("\nuio_pci_generic\n"));
    }
}
