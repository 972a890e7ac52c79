//! Whether a configuration can be: all that can be known without trying it.

use std::collections::{HashMap, HashSet};
use std::mem::{Discriminant, discriminant};
use std::ops::RangeInclusive;

use daybreak_control::v1;

use super::wanted::{MAX_PORTS, Wanted, check_port, is_exclusive};
use crate::dpdk::{PciAddress, PortSpec};

/// Why a configuration cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the port; empty when it is about the whole.
    pub port: String,
    /// Field of the port: name, device, enabled, mtu; empty when it is about the whole.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub reason: String,
}

/// A network device on the PCI bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PciDevice {
    /// The driver that it is bound to.
    pub driver: Option<String>,
    /// Whether DPDK can use it with that driver.
    pub usable: bool,
}

/// What the machine is like.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The largest MTU that a buffer holds.
    pub largest_mtu: u16,
    /// Whether buffers are in huge pages, which devices reach.
    pub huge_pages: bool,
    /// Interfaces beside the twins that are not ours.
    pub interfaces: HashSet<String>,
    /// Interfaces that ports can be made of, ours included.
    pub port_interfaces: HashSet<String>,
    /// Network devices.
    pub pci: HashMap<PciAddress, PciDevice>,
    /// What the drivers of open devices take as MTU.
    pub ranges: HashMap<PortSpec, RangeInclusive<u16>>,
    /// What the drivers of virtual devices take, by kind, as far as one was open.
    pub kinds: HashMap<Discriminant<PortSpec>, RangeInclusive<u16>>,
}

impl Facts {
    /// What the driver of a device takes as MTU, as far as it is known.
    fn range(&self, device: &PortSpec) -> Option<&RangeInclusive<u16>> {
        self.ranges.get(device).or_else(|| self.kinds.get(&discriminant(device)))
    }
}

/// Reads a configuration.
///
/// # Errors
/// Every reason why it cannot be.
pub fn check(config: &v1::Config, facts: &Facts) -> Result<Vec<Wanted>, Vec<Refusal>> {
    let (mut wanted, mut refusals): (Vec<Wanted>, Vec<Refusal>) = (Vec::new(), Vec::new());
    if config.ports.len() > MAX_PORTS {
        let reason = format!("{} ports, where {MAX_PORTS} may be at most", config.ports.len());
        return Err(vec![Refusal { port: String::new(), field: "", reason }]);
    }
    let mut names = HashSet::new();
    let mut devices = HashMap::new();
    for port in &config.ports {
        let mut refuse = |field, reason| refusals.push(Refusal { port: port.name.clone(), field, reason });
        let (name, device) = match check_port(&port.name, &port.device) {
            Ok(both) => both,
            Err((field, reason)) => {
                refuse(field, reason);
                continue;
            }
        };
        if !names.insert(port.name.clone()) {
            refuse("name", format!("there are two ports {name}"));
        } else if facts.interfaces.contains(name.as_str()) {
            refuse("name", format!("Linux has an interface {name} already, which is no twin of a port"));
        }
        if is_exclusive(&device)
            && let Some(other) = devices.insert(device.clone(), port.name.clone())
        {
            refuse("device", format!("{device} is port {other} already"));
        } else if let Some(reason) = unusable(&device, facts) {
            refuse("device", reason);
        }
        let mtu = u16::try_from(if port.mtu == 0 { 1500 } else { port.mtu }).unwrap_or(u16::MAX);
        let (least, most) =
            facts.range(&device).map_or((68, u16::MAX), |range| (*range.start(), *range.end()));
        let (least, most) = (least.max(68), most.min(facts.largest_mtu));
        if !(least..=most).contains(&mtu) {
            refuse("mtu", format!("{} is out of range; {least} to {most}", port.mtu));
        }
        wanted.push(Wanted { name, device, enabled: port.enabled, mtu });
    }
    if refusals.is_empty() { Ok(wanted) } else { Err(refusals) }
}

/// Why a device cannot be a port.
fn unusable(device: &PortSpec, facts: &Facts) -> Option<String> {
    match device {
        PortSpec::Pci(_) if !facts.huge_pages => Some(format!(
            "{device} needs packet buffers in huge pages, and there are none (hugepages.use, grep Huge /proc/meminfo)"
        )),
        PortSpec::Pci(address) => match facts.pci.get(address) {
            None => Some(format!("there is no network device {device} (lspci -D)")),
            Some(PciDevice { usable: true, .. }) => None,
            Some(PciDevice { driver, .. }) => Some(format!(
                "{device} is bound to {}; bind it to vfio-pci or uio_pci_generic (vrouterd bind)",
                driver.as_deref().unwrap_or("no driver")
            )),
        },
        PortSpec::AfPacket { interface } if !facts.port_interfaces.contains(interface) => {
            Some(format!("there is no interface {interface}"))
        }
        PortSpec::Tap { interface, .. }
            if facts.port_interfaces.contains(interface) && !facts.ranges.contains_key(device) =>
        {
            Some(format!("Linux has an interface {interface} already"))
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
