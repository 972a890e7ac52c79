//! Names of ports: PCI addresses and virtual devices.

use std::fmt;
use std::str::FromStr;

use super::error::DpdkError;
use crate::packet::MacAddr;

/// Address of a PCI function, `domain:bus:device.function` in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PciAddress {
    domain: u16,
    bus: u8,
    device: u8,
    function: u8,
}

impl fmt::Display for PciAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:02x}:{:02x}.{:x}", self.domain, self.bus, self.device, self.function)
    }
}

impl FromStr for PciAddress {
    type Err = DpdkError;

    /// Reads `0000:00:05.0`, and `00:05.0` as domain 0.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let mut parts = text.rsplitn(3, ':');
            let (device, function) = parts.next()?.split_once('.')?;
            let bus = parts.next()?;
            let domain = parts.next().unwrap_or("0000");
            let hex = |part: &str, digits: usize| {
                let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit());
                plain.then(|| u16::from_str_radix(part, 16).ok()).flatten()
            };
            let address = Self {
                domain: hex(domain, 4)?,
                bus: u8::try_from(hex(bus, 2)?).ok()?,
                device: u8::try_from(hex(device, 2)?).ok()?,
                function: u8::try_from(hex(function, 1)?).ok()?,
            };
            (address.device < 32 && address.function < 8).then_some(address)
        };
        parse().ok_or_else(|| DpdkError::Argument {
            what: "PCI address",
            value: text.to_owned(),
            why: "it must look like 0000:00:05.0 (domain:bus:device.function, as lspci -D prints it)",
        })
    }
}

/// Which device a port is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PortSpec {
    /// A PCI device, bound to a driver that DPDK can use.
    Pci(PciAddress),
    /// A TAP interface that appears in Linux under the given name.
    Tap {
        /// Name of the interface, which is made.
        interface: String,
        /// Hardware address of the interface; `None` takes a random one.
        mac: Option<MacAddr>,
    },
    /// An interface of Linux, attached to by a packet socket.
    AfPacket {
        /// Name of the interface, which exists.
        interface: String,
    },
    /// Rings in memory: what is sent is received again on the same port.
    Ring,
    /// Receives endless zeroed packets and forgets what is sent.
    Null,
}

impl fmt::Display for PortSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pci(address) => address.fmt(f),
            Self::Tap { interface, .. } => write!(f, "tap:{interface}"),
            Self::AfPacket { interface } => write!(f, "af_packet:{interface}"),
            Self::Ring => f.write_str("ring"),
            Self::Null => f.write_str("null"),
        }
    }
}

impl FromStr for PortSpec {
    type Err = DpdkError;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let interface = |name: &str| plain(name).map(str::to_owned);
        Ok(match (text, text.split_once(':')) {
            ("ring", _) => Self::Ring,
            ("null", _) => Self::Null,
            (_, Some(("tap", name))) => Self::Tap { interface: interface(name)?, mac: None },
            (_, Some(("af_packet", name))) => Self::AfPacket { interface: interface(name)? },
            _ => Self::Pci(text.parse().map_err(|_| DpdkError::Argument {
                what: "device",
                value: text.to_owned(),
                why: "it must be a PCI address as 0000:00:05.0, af_packet:INTERFACE, tap:INTERFACE, ring or null",
            })?),
        })
    }
}

impl PortSpec {
    /// DPDK's name and arguments of the device. `index` makes virtual devices of one kind distinct.
    pub(super) fn device(&self, index: u16) -> Result<(String, String), DpdkError> {
        Ok(match self {
            Self::Pci(address) => (address.to_string(), String::new()),
            Self::Tap { interface, mac: None } => {
                (format!("net_tap{index}"), format!("iface={}", plain(interface)?))
            }
            Self::Tap { interface, mac: Some(mac) } => {
                (format!("net_tap{index}"), format!("iface={},mac={mac}", plain(interface)?))
            }
            Self::AfPacket { interface } => {
                (format!("net_af_packet{index}"), format!("iface={}", plain(interface)?))
            }
            Self::Ring => (format!("net_ring{index}"), String::new()),
            Self::Null => (format!("net_null{index}"), String::new()),
        })
    }

    /// The bus that the device is plugged into.
    pub(super) fn bus(&self) -> &'static str {
        if matches!(self, Self::Pci(_)) { "pci" } else { "vdev" }
    }
}

/// An interface name that Linux takes and that cannot end DPDK's argument early.
pub(crate) fn plain(interface: &str) -> Result<&str, DpdkError> {
    let fits = (1..=15).contains(&interface.len()) && interface != "." && interface != "..";
    let clean = interface.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte));
    if fits && clean {
        return Ok(interface);
    }
    Err(DpdkError::Argument {
        what: "interface name",
        value: interface.to_owned(),
        why: "it must be 1 to 15 letters, digits, or any of - _ . @",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pci_addresses() {
        for (text, shown) in
            [("0000:00:05.0", "0000:00:05.0"), ("3b:1f.7", "0000:3b:1f.7"), ("00Ab:cd:00.1", "00ab:cd:00.1")]
        {
            assert_eq!(text.parse::<PciAddress>().unwrap().to_string(), shown);
        }
        for text in [
            "",
            "5",
            "00:05",
            "00:20.0",
            "00:05.8",
            "0:05.0",
            "0000:00:05.0,x=1",
            "+0:05.0",
            "0:0000:00:05.0",
        ] {
            assert!(text.parse::<PciAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_virtual_devices() {
        let twin = PortSpec::Tap { interface: "lan0".into(), mac: Some(MacAddr([2, 0, 0, 0, 0, 0x1f])) };
        assert_eq!(twin.device(4), Ok(("net_tap4".into(), "iface=lan0,mac=02:00:00:00:00:1f".into())));
        let tap = PortSpec::Tap { interface: "lan0".into(), mac: None };
        assert_eq!(tap.device(3), Ok(("net_tap3".into(), "iface=lan0".into())));
        assert_eq!(PortSpec::Ring.device(0), Ok(("net_ring0".into(), String::new())));
    }

    #[test]
    fn reads_the_devices_that_it_prints() {
        for text in ["0000:00:05.0", "af_packet:eth1", "tap:t0", "ring", "null"] {
            assert_eq!(text.parse::<PortSpec>().unwrap().to_string(), text);
        }
        for text in ["", "eth0", "af_packet:", "tap:a,mac=x", "ring0", "pci:0000:00:05.0", "af_packet"] {
            assert!(text.parse::<PortSpec>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_interface_name_cannot_add_device_arguments() {
        for name in ["a,mac=fixed", "a b", "", "sixteen-letters-", "a=b", "a\0b"] {
            let refused = PortSpec::Tap { interface: name.into(), mac: None }.device(0);
            assert!(matches!(refused, Err(DpdkError::Argument { .. })), "{name:?} {refused:?}");
        }
    }
}
