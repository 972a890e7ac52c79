//! What is in use: read from Linux before anything is taken.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::management::{Match, Usage, booted};
use crate::daemon::pci::Nic;

/// Where systemd-networkd's files are that say what this machine's interfaces are: those of the administrator and of
/// cloud-init, and those that were made at boot.
const NETWORKD: [&str; 2] = ["/etc/systemd/network", "/run/systemd/network"];
/// VLAN over bond over card, and one more.
const DEPTH: usize = 3;

/// Reads it.
///
/// # Errors
/// When Linux does not list its addresses.
pub(super) fn read(sysfs: &Path, nics: &[Nic]) -> Result<Usage> {
    let with_address = addressed().context("cannot tell which interfaces are in use")?;
    let in_use = |interface: &&String| {
        let mut above = vec![(*interface).clone()];
        for _ in 0..=DEPTH {
            if above.iter().any(|name| with_address.contains(name)) {
                return true;
            }
            above = above.iter().flat_map(|name| uppers(sysfs, name)).collect();
        }
        false
    };
    let busy = nics.iter().filter_map(|nic| nic.interface.as_ref()).filter(in_use).cloned().collect();
    let kernel_line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    Ok(Usage { busy, booted: booted(&kernel_line), configured: configured() })
}

/// Interfaces that have an address or the default route.
fn addressed() -> Result<HashSet<String>> {
    let with_address = nix::ifaddrs::getifaddrs()?.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().is_some_and(|address| !address.ip().is_link_local());
        let v6 = address.as_sockaddr_in6().is_some_and(|address| !address.ip().is_unicast_link_local());
        (v4 || v6).then_some(interface.interface_name)
    });
    let mut interfaces: HashSet<String> = with_address.collect();
    let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
    interfaces.extend(routes.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (interface, destination) = (words.next()?, words.next()?);
        (destination == "00000000").then(|| interface.to_owned())
    }));
    Ok(interfaces)
}

/// VLANs, bonds and bridges that an interface is part of.
fn uppers(sysfs: &Path, interface: &str) -> Vec<String> {
    let entries = fs::read_dir(sysfs.join("class/net").join(interface)).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("upper_").map(str::to_owned))
        .collect()
}

fn configured() -> Vec<Match> {
    let files = NETWORKD.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    files
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "network"))
        .filter_map(|path| Some(Match::read(&fs::read_to_string(path).ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_an_interface_is_part_of() {
        let sysfs = tempfile::tempdir().unwrap();
        let interface = sysfs.path().join("class/net/eth0");
        for entry in ["upper_mgmt", "lower_x", "queues"] {
            fs::create_dir_all(interface.join(entry)).unwrap();
        }
        assert_eq!(uppers(sysfs.path(), "eth0"), ["mgmt"]);
        assert!(uppers(sysfs.path(), "eth1").is_empty());
    }
}
