//! `vrouterd bind`: gives network devices to DPDK before the daemon starts. It may be run as often as one likes.

mod devices;
mod fallback;
mod lockdown;
mod pages;
mod plan;
mod state;

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};

use crate::config::{Config, Usage};
use crate::daemon::pci::{SYSFS, scan};
use devices::bind;
use plan::{Decision, plan};
pub use state::{Bound, BoundPort, STATE};

/// Namespace of the interfaces that no driver of DPDK's takes. Linux must not answer on them itself.
pub const NAMESPACE: &str = "vrouterd-ports";

/// Reserves huge pages, binds devices, and says in [`STATE`] what became of each.
///
/// # Errors
/// When the state cannot be written. A device that cannot be bound is no error: Linux keeps its driver, and the daemon
/// reaches it by a packet socket.
pub fn run(config: &Config) -> Result<()> {
    let sysfs = Path::new(SYSFS);
    let before = Bound::load(Path::new(STATE)).unwrap_or_default();
    let nics = scan(sysfs);
    let busy = busy_interfaces().context("cannot tell which interfaces are in use")?;
    let have_pages = match config.hugepages.usage {
        Usage::Never => Err("hugepages.use is `never`".to_owned()),
        Usage::Auto | Usage::Always => pages::reserve(&config.hugepages),
    };
    let mut bound = Bound::default();
    let locked_down = lockdown::is_on(sysfs);
    for (nic, decision) in plan(&nics, &config.management, &busy, locked_down) {
        let pci = nic.address.to_string();
        let driver = match decision {
            Decision::Linux(why) => {
                tracing::info!(device = pci, why, "stays with Linux");
                continue;
            }
            Decision::Take(driver) => Ok(driver),
            Decision::PacketSocket(reason) => Err(reason.to_owned()),
        };
        let outcome = driver.and_then(|driver| {
            have_pages.as_ref().map_err(Clone::clone)?;
            bind(sysfs, &nic, driver).map(|()| driver)
        });
        let port = match outcome {
            Ok(driver) => {
                tracing::info!(device = pci, driver, "bound");
                BoundPort { device: pci.clone(), pci, driver: driver.to_owned(), reason: None }
            }
            Err(reason) => {
                tracing::warn!(device = pci, reason, "no driver of DPDK's: a packet socket, which is slow");
                match fallback::take(&nic, &before) {
                    Ok(device) => BoundPort { pci, device, driver: "af_packet".into(), reason: Some(reason) },
                    Err(error) => {
                        tracing::error!(device = pci, error, "left out");
                        continue;
                    }
                }
            }
        };
        bound.ports.push(port);
    }
    bound.write(Path::new(STATE)).with_context(|| format!("cannot write {STATE}"))
}

/// Interfaces that have an address or the default route: taking one would cut somebody off.
fn busy_interfaces() -> Result<HashSet<String>> {
    let with_address = nix::ifaddrs::getifaddrs()?.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().is_some_and(|address| !address.ip().is_link_local());
        let v6 = address.as_sockaddr_in6().is_some_and(|address| !address.ip().is_unicast_link_local());
        (v4 || v6).then_some(interface.interface_name)
    });
    let mut busy: HashSet<String> = with_address.collect();
    let routes = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
    busy.extend(routes.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (interface, destination) = (words.next()?, words.next()?);
        (destination == "00000000").then(|| interface.to_owned())
    }));
    Ok(busy)
}
