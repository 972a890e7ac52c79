//! Ports as a configuration wants them.

use std::fmt;

use daybreak_control::v1;

use crate::dpdk::{PortSpec, plain_interface_name};

/// Ports at most: each takes two of the 32 devices that Debian's DPDK is built for.
pub const MAX_PORTS: usize = 16;

/// Name of a port and of its twin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortName(String);

impl PortName {
    /// The name, if Linux takes it for an interface and it means nothing else there.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(name: &str) -> Result<Self, String> {
        if matches!(name, "lo" | "all" | "default") {
            return Err(format!("{name} means something else in Linux; take another name"));
        }
        plain_interface_name(name).map(|name| Self(name.to_owned())).map_err(|error| error.to_string())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A port of a configuration that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: PortName,
    /// What it is.
    pub device: PortSpec,
    /// Whether it receives and sends.
    pub enabled: bool,
    /// Largest IP packet in bytes.
    pub mtu: u16,
}

impl Wanted {
    /// Whether two ports cannot be at the same time.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        self.name == other.name || (is_exclusive(&self.device) && self.device == other.device)
    }
}

impl From<&Wanted> for v1::PortConfig {
    fn from(port: &Wanted) -> Self {
        Self {
            name: port.name.to_string(),
            device: port.device.to_string(),
            enabled: port.enabled,
            mtu: port.mtu.into(),
        }
    }
}

/// Whether a device can be one port only.
pub(super) fn is_exclusive(device: &PortSpec) -> bool {
    !matches!(device, PortSpec::Ring | PortSpec::Null)
}

/// Checks name and device of a port by themselves; the error has the field.
///
/// # Errors
/// Which field is wrong, and why.
pub fn check_port(name: &str, device: &str) -> Result<(PortName, PortSpec), (&'static str, String)> {
    let name = PortName::new(name).map_err(|why| ("name", why))?;
    let device = device.parse().map_err(|error: crate::dpdk::DpdkError| ("device", error.to_string()))?;
    Ok((name, device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_field_is_wrong() {
        assert!(check_port("p0", "0000:00:05.0").is_ok());
        for (name, device, field) in [
            ("", "ring", "name"),
            ("lo", "ring", "name"),
            ("all", "ring", "name"),
            ("a/b", "ring", "name"),
            ("p0", "eth0", "device"),
            ("p0", "tap:", "device"),
        ] {
            assert_eq!(check_port(name, device).unwrap_err().0, field, "{name} {device}");
        }
    }

    #[test]
    fn the_same_name_or_device_excludes() {
        let port = |name: &str, device: &str| {
            let (name, device) = check_port(name, device).unwrap();
            Wanted { name, device, enabled: true, mtu: 1500 }
        };
        assert!(port("p0", "ring").excludes(&port("p0", "null")));
        assert!(port("p0", "tap:a").excludes(&port("p1", "tap:a")));
        assert!(!port("p0", "ring").excludes(&port("p1", "ring")), "each ring is a device of its own");
    }
}
