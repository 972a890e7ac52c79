//! What `vrouterd bind` did, for the daemon to read.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Where it is.
pub const STATE: &str = "/run/daybreak/vrouterd-ports.json";

/// Every device, by PCI address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bound {
    /// The devices that were taken.
    pub ports: Vec<BoundPort>,
    /// The devices that stay with Linux.
    #[serde(default)]
    pub linux: Vec<Kept>,
}

/// A device that stays with Linux.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its PCI address.
    pub pci: String,
    /// Its interface.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interface: Option<String>,
    /// Why.
    pub reason: String,
}

/// A device that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundPort {
    /// Its PCI address.
    pub pci: String,
    /// What a port is to be made of: the PCI address, or a packet socket.
    pub device: String,
    /// The kernel driver that gives it to DPDK, or `af_packet`.
    pub driver: String,
    /// DPDK's driver.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dpdk: Option<String>,
    /// Why it is a packet socket.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

impl Bound {
    /// Reads what was written; `None` when nothing was.
    pub fn load(path: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Writes it, whole or not at all.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let new = path.with_extension("new");
        fs::write(&new, serde_json::to_string_pretty(self)? + "\n")?;
        fs::rename(new, path)
    }

    /// Whether a device is reached by a packet socket.
    pub fn has_packet_sockets(&self) -> bool {
        self.ports.iter().any(|port| port.device.starts_with("af_packet:"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/ports.json");
        assert_eq!(Bound::load(&path), None);
        let port = |device: &str, reason: Option<&str>| BoundPort {
            pci: "0000:00:05.0".into(),
            device: device.into(),
            driver: "d".into(),
            dpdk: None,
            reason: reason.map(str::to_owned),
        };
        let kept =
            Kept { pci: "0000:00:03.0".into(), interface: Some("eth0".into()), reason: "management".into() };
        let ports = vec![port("0000:00:05.0", None), port("af_packet:eth2", Some("no driver"))];
        let bound = Bound { ports, linux: vec![kept] };
        bound.write(&path).unwrap();
        assert_eq!(Bound::load(&path), Some(bound.clone()));
        assert!(bound.has_packet_sockets());
    }
}
