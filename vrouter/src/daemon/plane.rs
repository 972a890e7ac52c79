//! DPDK, the pool and the packet thread, on a processor of their own.

use std::path::Path;
use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::config::{Config, buffers};
use crate::dpdk::{Eal, EalConfig, LogLevel, MbufPool, Memory, Pci, PciAddress};
use crate::fib::{Fib, Neighbours, NextHops, Root};
use crate::forward::{Limits, Pipeline, Tables};
use crate::worker::{Worker, WorkerConfig, spawn_worker};

/// What runs.
pub(super) struct Plane {
    pub(super) eal: &'static Eal,
    pub(super) pool: MbufPool,
    pub(super) worker: Worker,
    pub(super) huge_pages: bool,
}

/// Free buffers that the packet thread keeps to itself.
const CACHE: u32 = 256;

/// Starts DPDK, bound to `core`, for `devices` and those that come later; of `ports` there are so many at start.
pub(super) fn start(
    config: &Config,
    core: u16,
    memory: Memory,
    devices: Vec<PciAddress>,
    ports: usize,
) -> Result<Plane> {
    let (huge_pages, mib) = match memory {
        Memory::Huge { mib, .. } => (true, mib),
        Memory::Ordinary { mib } => (false, mib),
    };
    let buffers = buffers(&config.buffers, ports, mib);
    // Without huge pages no device reaches the buffers; without a bus there is nothing to look at.
    let has_bus = Path::new("/sys/bus/pci/devices").exists();
    let pci = if huge_pages && has_bus { Pci::Only(devices) } else { Pci::None };
    let eal = EalConfig { memory, pci, cpu: core, log: LogLevel::Warning };
    let config = config.clone();
    // DPDK binds the thread that starts it, and the packet thread inherits that.
    let starter = thread::Builder::new().name("dpdk".into()).spawn(move || -> Result<Plane> {
        let eal = Eal::start(&eal)?;
        let pool = MbufPool::new(eal, "packets", buffers, CACHE, config.buffers.size)
            .context("buffers.count and hugepages.memory do not go together")?;
        let limits = config.limits;
        let limits =
            Limits { errors: limits.icmp_errors, resolutions: limits.resolutions, punt: limits.punt };
        let worker_config = WorkerConfig { rest: config.polling.rest() };
        let worker = spawn_worker(eal, pool, tables(&config), Pipeline::new(limits), worker_config)?;
        Ok(Plane { eal, pool, worker, huge_pages })
    })?;
    starter.join().map_err(|_| anyhow!("starting DPDK broke"))?
}

/// Empty tables of the sizes of the configuration.
fn tables(config: &Config) -> Tables {
    let limit = |size: crate::config::Size| usize::try_from(size.to_kib()).unwrap_or(usize::MAX);
    Tables::new(
        Fib::new(Root::Full, limit(config.tables.ipv4)),
        Fib::new(Root::Small, limit(config.tables.ipv6)),
        NextHops::new(config.tables.next_hops),
        Neighbours::new(config.tables.neighbours),
    )
}
