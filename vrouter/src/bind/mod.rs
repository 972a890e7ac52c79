//! `vrouterd bind`: gives network devices to DPDK before the daemon starts. It may be run as often as one likes.

mod devices;
mod fallback;
mod lockdown;
mod management;
mod pages;
mod plan;
mod pmd;
mod state;
mod usage;

use std::path::Path;

use anyhow::{Context, Result};

use crate::config::{self, Config, Ports};
use crate::daemon::MAX_PORTS;
use crate::daemon::pci::{Nic, SYSFS, scan};
use crate::dpdk::driver_folder;
use devices::bind;
use plan::{Decision, Rules, plan};
pub use state::{Bound, BoundPort, Kept, STATE};

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
    let folder = driver_folder();
    let pmds = pmd::scan(&folder);
    if pmds.is_empty() {
        tracing::error!(folder = %folder.display(), "no drivers of DPDK's are there: every port will be a packet socket");
    }
    // A list says which of the devices are ports.
    let most = if config.ports == Ports::Auto { MAX_PORTS } else { usize::MAX };
    let usage = usage::read(sysfs, &nics)?;
    let rules = Rules {
        management: &config.management,
        usage: &usage,
        pmds: &pmds,
        most,
        locked_down: lockdown::is_on(sysfs),
    };
    let plan = plan(&nics, rules);
    let have_pages = pages_for(config, &plan);
    let mut bound = Bound::default();
    for (nic, decision) in plan {
        let pci = nic.address.to_string();
        let (outcome, dpdk) = match decision {
            Decision::Linux(why) => {
                let interface = nic.interface.as_deref();
                tracing::info!(device = pci, interface, why, "stays with Linux");
                bound.linux.push(Kept { pci, interface: nic.interface, reason: why });
                continue;
            }
            Decision::Socket(why) => (Err(why), None),
            Decision::Take { module, pmd } => {
                let outcome = have_pages.clone().and_then(|()| bind(sysfs, &nic, module));
                (outcome.map(|()| module), Some(pmd))
            }
        };
        let port = match outcome {
            Ok(module) => {
                tracing::info!(device = pci, driver = module, dpdk, "bound");
                BoundPort { device: pci.clone(), pci, driver: module.to_owned(), dpdk, reason: None }
            }
            Err(reason) => match by_socket(&nic, &before, reason) {
                Some(port) => port,
                None => continue,
            },
        };
        bound.ports.push(port);
    }
    bound.write(Path::new(STATE)).with_context(|| format!("cannot write {STATE}"))
}

/// Reserves huge pages for the devices that are to be taken; an error is why none can be.
fn pages_for(config: &Config, plan: &[(Nic, Decision)]) -> Result<(), String> {
    if config.hugepages.usage == config::Usage::Never {
        return Err("hugepages.use is `never`".to_owned());
    }
    let taken = plan.iter().filter(|(_, decision)| !matches!(decision, Decision::Linux(_))).count();
    let ports = match &config.ports {
        Ports::Auto => taken,
        Ports::List(ports) => ports.len(),
    };
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    pages::reserve(&config::memory(&config.hugepages, &config.buffers, ports, config::total_kib(&meminfo)))
}

/// A port by a packet socket, if there can be one.
fn by_socket(nic: &Nic, before: &Bound, reason: String) -> Option<BoundPort> {
    let pci = nic.address.to_string();
    tracing::warn!(device = pci, reason, "no driver of DPDK's: a packet socket, which is slow");
    match fallback::take(nic, before) {
        Ok(device) => {
            Some(BoundPort { pci, device, driver: "af_packet".into(), dpdk: None, reason: Some(reason) })
        }
        Err(error) => {
            tracing::error!(device = pci, error, "left out");
            None
        }
    }
}
