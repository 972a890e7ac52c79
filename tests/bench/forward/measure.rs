//! One measurement of ours: the daemon's packet thread with two ports of DPDK's `null` driver.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use daybreak_vrouter::dpdk::{
    Burst, Eal, EalConfig, LogLevel, MbufPool, Memory, Pci, Port, PortConfig, PortSpec, RxQueue, TxQueue,
    stamp,
};
use daybreak_vrouter::fib::{Fib, Neighbours, NextHop, NextHopPath, NextHops, PortId, Root};
use daybreak_vrouter::forward::{Limits, Node, Pipeline, PortInfo, PuntLimits, Tables};
use daybreak_vrouter::packet::MacAddr;
use daybreak_vrouter::worker::{Counts, DataPort, WorkerConfig, WorkerHandle, spawn_worker};

use super::routes::{Numbers, headers, prefixes};

/// The processor of the packet thread, as testpmd's forwarding core.
pub(crate) const CORE: u16 = 1;
/// MiB of huge pages, as for testpmd.
pub(crate) const MEMORY: u32 = 256;
const NEXT_HOPS: u8 = 16;

/// Packets per second, or for `idle` percent of a core.
pub(crate) fn run(what: &str, seconds: u64) -> Result<f64> {
    let memory = Memory::Huge { mib: MEMORY, mount: None };
    let eal = Eal::start(&EalConfig { memory, pci: Pci::None, cpu: CORE, log: LogLevel::Error })?;
    let pool = MbufPool::new(eal, "packets", 16_383, 256, 2048)?;
    let duration = Duration::from_secs(seconds);
    match what {
        "generator" => generator(eal, pool, duration),
        "idle" => idle(eal, pool, duration),
        routes => forward(eal, pool, routes.parse().context("--measure needs a number of routes")?, duration),
    }
}

fn open(eal: &'static Eal, pool: MbufPool, spec: &PortSpec) -> Result<(Port, RxQueue, TxQueue)> {
    Ok(Port::open(eal, spec, pool, PortConfig::default())?)
}

/// Receiving, stamping and sending without looking at anything: the share of the bench in the other figures.
fn generator(eal: &'static Eal, pool: MbufPool, duration: Duration) -> Result<f64> {
    eal.register_thread()?;
    let (port, mut rx, _tx) = open(eal, pool, &PortSpec::Null)?;
    let (_, _, mut tx) = open(eal, pool, &PortSpec::Null)?;
    let mut numbers = Numbers::new();
    let list = prefixes(10, &mut numbers);
    stamp(&port, headers(&list, port.mac()?, &mut numbers))?;
    let mut burst = Burst::new();
    let (mut sent, start) = (0_usize, Instant::now());
    while start.elapsed() < duration {
        for _ in 0..1000 {
            rx.receive(&mut burst);
            sent += tx.send(&mut burst);
        }
    }
    Ok(per_second(sent as u64, start.elapsed()))
}

/// The whole way, with every counter on. Each port's packets go out on either port.
fn forward(eal: &'static Eal, pool: MbufPool, routes: usize, duration: Duration) -> Result<f64> {
    let mut numbers = Numbers::new();
    let list = prefixes(routes, &mut numbers);
    let mut tables = Tables::new(
        Fib::new(Root::Full, 1 << 20),
        Fib::new(Root::Small, 1),
        NextHops::new(1000),
        Neighbours::new(1000),
    );
    let mut hops = Vec::new();
    for number in 0..NEXT_HOPS {
        let port = PortId(u16::from(number % 2));
        let gateway = Ipv4Addr::new(192, 0, 2, number).into();
        tables.neighbours.set(port, gateway, MacAddr([2, 0, 0, 0, 1, number]))?;
        hops.push(tables.next_hops.push(NextHop::Path(NextHopPath { port, gateway: Some(gateway) }))?);
    }
    for (place, prefix) in list.iter().enumerate() {
        tables.ipv4.insert(*prefix, hops[place % hops.len()])?;
    }
    let limits = Limits { errors: 0, resolutions: 0, punt: PuntLimits::NONE };
    let worker = spawn_worker(eal, pool, tables, Pipeline::new(limits), WorkerConfig::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut ports = Vec::new();
    for number in 0..2 {
        let (port, rx, tx) = open(eal, pool, &PortSpec::Null)?;
        let mac = port.mac()?;
        stamp(&port, headers(&list, mac, &mut numbers))?;
        let info = PortInfo { mac, mtu: 1500, ipv4: None, ipv6: None };
        let data = DataPort { rx, tx, twin: None };
        runtime.block_on(worker.handle().add_port(PortId(number), data, true, info))?;
        ports.push(port);
    }
    let handle = worker.handle();
    let counts = || runtime.block_on(handle.counts());
    let sent = |ports: &[Port]| {
        ports.iter().try_fold(0, |sum, port| Ok::<_, anyhow::Error>(sum + port.stats()?.tx_packets))
    };
    // Caches and pools fill first.
    wait(Duration::from_millis(300), &handle, &runtime)?;
    let (before, packets, start) = (counts()?, sent(&ports)?, Instant::now());
    wait(duration, &handle, &runtime)?;
    let (after, packets, elapsed) = (counts()?, sent(&ports)? - packets, start.elapsed());
    // Before both ports were there, packets from the one to the other had nowhere to go.
    if after.drops != before.drops {
        bail!("packets were dropped: {:?}", after.drops.seen().collect::<Vec<_>>());
    }
    tell_nodes(&before, &after);
    Ok(per_second(packets, elapsed))
}

/// A worker with two ports on which nothing comes.
fn idle(eal: &'static Eal, pool: MbufPool, duration: Duration) -> Result<f64> {
    let tables =
        Tables::new(Fib::new(Root::Small, 1), Fib::new(Root::Small, 1), NextHops::new(1), Neighbours::new(1));
    let pipeline = Pipeline::new(Limits { errors: 0, resolutions: 0, punt: PuntLimits::NONE });
    let worker = spawn_worker(eal, pool, tables, pipeline, WorkerConfig::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for number in 0..2 {
        let (_, rx, tx) = open(eal, pool, &PortSpec::Ring)?;
        let info = PortInfo { mac: MacAddr([2; 6]), mtu: 1500, ipv4: None, ipv6: None };
        let data = DataPort { rx, tx, twin: None };
        runtime.block_on(worker.handle().add_port(PortId(number), data, true, info))?;
    }
    let (before, start) = (processor_time()?, Instant::now());
    wait(duration, &worker.handle(), &runtime)?;
    Ok(processor_time()?.saturating_sub(before).as_secs_f64() / start.elapsed().as_secs_f64() * 100.0)
}

/// Waits for a time, which is what is measured, and says if the worker ends before.
fn wait(duration: Duration, handle: &WorkerHandle, runtime: &tokio::runtime::Runtime) -> Result<()> {
    let (done, time) = std::sync::mpsc::channel::<()>();
    let _keep = done;
    let _ = time.recv_timeout(duration);
    runtime.block_on(handle.counts())?;
    Ok(())
}

/// Processor time of the process, packet thread and all.
fn processor_time() -> Result<Duration> {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF)?;
    let time = |value: nix::sys::time::TimeVal| {
        Duration::from_secs(value.tv_sec().unsigned_abs())
            + Duration::from_micros(value.tv_usec().unsigned_abs())
    };
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

/// Cycles per packet of each node, on stderr.
fn tell_nodes(before: &Counts, after: &Counts) {
    let mut text = String::from("cycles/packet:");
    for node in Node::ALL {
        let (before, after) = (before.nodes.get(node), after.nodes.get(node));
        let frames = after.frames - before.frames;
        if let Some(each) = (after.cycles - before.cycles).checked_div(frames) {
            text.extend([" ", node.name(), " ", &each.to_string()]);
        }
    }
    eprintln!("{text}");
}

fn per_second(packets: u64, elapsed: Duration) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a rate of six digits")]
    let packets = packets as f64;
    packets / elapsed.as_secs_f64()
}
