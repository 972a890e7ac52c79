//! The machine that an OVA describes.

use serde::{Deserialize, Serialize};

use super::{ByteSize, NetworkName};

/// Adapters of one machine: VMware has room for ten.
const MAX_NETWORKS: usize = 10;

/// What the one who imports the OVA gets, unless he changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ova {
    /// Processors.
    pub cpus: u32,
    /// Memory.
    pub memory: ByteSize,
    /// Firmware; the disk starts by both.
    pub firmware: Firmware,
    /// Disk controller.
    pub controller: Controller,
    /// Networks, an adapter in each; the first is the management's.
    pub networks: Vec<NetworkName>,
}

/// Firmware of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// BIOS.
    Bios,
    /// UEFI.
    Efi,
}

/// Disk controller of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Controller {
    /// VMware's paravirtual one.
    Pvscsi,
    /// LSI Logic's.
    Lsilogic,
}

impl Default for Ova {
    fn default() -> Self {
        let network = |name: &str| name.parse().unwrap_or_else(|e| unreachable!("{e}"));
        Self {
            cpus: 2,
            memory: ByteSize::gib(4),
            firmware: Firmware::Efi,
            controller: Controller::Pvscsi,
            networks: ["Management", "Data 1", "Data 2"].map(network).to_vec(),
        }
    }
}

impl Ova {
    /// Memory in MiB.
    pub fn memory_mib(&self) -> u32 {
        u32::try_from(self.memory.bytes() >> 20).unwrap_or(u32::MAX)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !(1..=128).contains(&self.cpus) {
            return Err(format!("ova.cpus: {} is not between 1 and 128", self.cpus));
        }
        if !self.memory.bytes().is_multiple_of(4 << 20) || self.memory > ByteSize::gib(4096) {
            return Err(format!("ova.memory: {} is not a multiple of 4MiB up to 4096GiB", self.memory));
        }
        if self.networks.is_empty() || self.networks.len() > MAX_NETWORKS {
            return Err(format!(
                "ova.networks: {} of them, 1 to {MAX_NETWORKS} are needed",
                self.networks.len()
            ));
        }
        super::no_duplicates("ova.networks", &self.networks)
    }
}
