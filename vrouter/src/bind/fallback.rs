//! Devices that no driver of DPDK's takes: their interfaces go to a namespace of their own, where Linux has no addresses
//! and so does not answer beside the data plane.

use std::process::Command;

use super::NAMESPACE;
use super::state::Bound;
use crate::daemon::pci::Nic;

/// Takes a device's interface and gives the port's device string.
pub(super) fn take(nic: &Nic, before: &Bound) -> Result<String, String> {
    let pci = nic.address.to_string();
    let known = before.ports.iter().find(|port| port.pci == pci);
    let moved = known.and_then(|port| port.device.strip_prefix("af_packet:"));
    if let Some(interface) = moved
        && ip(&["-n", NAMESPACE, "link", "show", interface]).is_ok()
    {
        return Ok(format!("af_packet:{interface}"));
    }
    let interface = nic.interface.as_deref().ok_or("it has no interface in Linux")?;
    if ip(&["netns", "exec", NAMESPACE, "true"]).is_err() {
        ip(&["netns", "add", NAMESPACE])?;
    }
    ip(&["link", "set", interface, "netns", NAMESPACE])?;
    // Else Linux would speak for itself on the link.
    let setting = format!("net.ipv6.conf.{interface}.disable_ipv6=1");
    ip(&["netns", "exec", NAMESPACE, "sysctl", "-qw", &setting])?;
    // Packets that Linux joined are longer than the link's, and those without a checksum are no packets.
    let offloads = ["gro", "off", "lro", "off", "rx", "off"];
    let ethtool = ["netns", "exec", NAMESPACE, "ethtool", "-K", interface];
    if let Err(error) = ip(&[&ethtool[..], &offloads[..]].concat()) {
        tracing::warn!(interface, error, "offloads stay on: long packets will be dropped");
    }
    Ok(format!("af_packet:{interface}"))
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let shown = || format!("ip {}", arguments.join(" "));
    let output =
        Command::new("ip").args(arguments).output().map_err(|error| format!("{}: {error}", shown()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{} failed: {}", shown(), String::from_utf8_lossy(&output.stderr).trim()))
}
