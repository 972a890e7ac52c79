//! Devices that no driver of DPDK's takes: their interfaces go to a namespace of their own, where Linux has no addresses
//! and so does not answer beside the data plane.

use std::path::Path;
use std::process::Command;

use super::NAMESPACE;
use super::state::Bound;
use crate::daemon::pci::{Nic, SYSFS};

/// How deep below a device `find` goes: an interface is in `net`, or in `virtio*/net`.
const DEPTH: [&str; 2] = ["-maxdepth", "3"];

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
    // One that was moved before the state was written is looked for where it is now, and made ready once more.
    let found;
    let interface = if let Some(interface) = nic.interface.as_deref() {
        if ip(&["netns", "exec", NAMESPACE, "true"]).is_err() {
            ip(&["netns", "add", NAMESPACE])?;
        }
        ip(&["link", "set", interface, "netns", NAMESPACE])?;
        interface
    } else {
        // `ip netns exec` shows the namespace's own /sys.
        let device = format!("{SYSFS}/bus/pci/devices/{pci}/");
        let find = ["netns", "exec", NAMESPACE, "find", &device];
        let tree = ip(&[&find[..], &DEPTH[..]].concat());
        found = tree.ok().and_then(|tree| interface_in(&tree)).ok_or("it has no interface in Linux")?;
        &found
    };
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

/// The interface among the paths below a device: a part of a folder `net`.
fn interface_in(tree: &str) -> Option<String> {
    let mut paths: Vec<_> = tree.lines().map(Path::new).collect();
    paths.sort();
    let interface =
        paths.into_iter().find(|path| path.parent().is_some_and(|folder| folder.ends_with("net")))?;
    Some(interface.file_name()?.to_str()?.to_owned())
}

fn ip(arguments: &[&str]) -> Result<String, String> {
    let shown = || format!("ip {}", arguments.join(" "));
    let output =
        Command::new("ip").args(arguments).output().map_err(|error| format!("{}: {error}", shown()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{} failed: {}", shown(), String::from_utf8_lossy(&output.stderr).trim()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A device's folder with these folders, as `find` lists it.
    fn listed(folders: &[&str]) -> String {
        let device = tempfile::tempdir().unwrap();
        for folder in folders {
            fs::create_dir_all(device.path().join(folder)).unwrap();
        }
        let output = Command::new("find").arg(device.path()).args(DEPTH).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn finds_the_interface_of_a_device_that_was_moved() {
        for (folders, expected) in [
            (&["net/ens4/queues", "power", "virtio"][..], Some("ens4")),
            (&["virtio2/net/eth1/statistics", "virtio2/power"], Some("eth1")),
            (&["net/net/queues"], Some("net")),
            // It is in no namespace of ours.
            (&["net", "power", "msi_irqs/24"], None),
        ] {
            assert_eq!(interface_in(&listed(folders)).as_deref(), expected, "{folders:?}");
        }
    }
}
