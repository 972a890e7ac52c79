//! Starting everything, and stopping it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::linux::Linux;
use super::namespace::Namespace;
use super::notify::notify;
use super::plane::{self, Plane};
use super::ports::{Opener, Ports};
use super::{auto, cpu, memory, pci};
use crate::bind::{Bound, NAMESPACE, STATE};
use crate::config::Config;
use crate::control::{self, Service};
use crate::routing::{self, ControlPlane};

/// How often links are looked at.
const LINKS: Duration = Duration::from_millis(500);
/// Threads beside the packet thread: control is little work.
const THREADS: usize = 2;

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When it cannot start, or the packet thread ends.
pub fn run(config: &Config) -> Result<()> {
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let core = cpu::divide(config.core)?;
    let bound = Bound::load(Path::new(STATE));
    let nics = pci::scan(Path::new(pci::SYSFS));
    let initial = auto::ports(config, bound.as_ref(), &nics);
    let ports = initial.ports.len();
    let memory = memory::choose(config, ports)?;
    let devices = initial.ports.iter().filter_map(|port| port.device.parse().ok()).collect();
    let plane = plane::start(config, core, memory, devices, ports)?;
    let buffers = plane.pool.available();
    tracing::info!(core, huge_pages = plane.huge_pages, ports, buffers, "data plane started");
    let runtime = runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let namespace = config
        .port_namespace
        .clone()
        .or_else(|| bound.filter(Bound::has_packet_sockets).map(|_| NAMESPACE.to_owned()));
    runtime.block_on(serve(config, plane, &initial, Namespace::named(namespace.as_deref()), started))
}

async fn serve(
    config: &Config,
    plane: Plane,
    initial: &daybreak_control::v1::Config,
    namespace: Namespace,
    started: u64,
) -> Result<()> {
    let listener = control::listen(&config.control.socket, &config.control.group)?;
    let worker = plane.worker.handle();
    let stop = CancellationToken::new();
    let twins = Linux::connect(&Namespace::default()).context("cannot open netlink")?;
    let interfaces = Linux::connect(&namespace).context("cannot open netlink for the ports' interfaces")?;
    let control_plane = ControlPlane::spawn(routing_config(config), worker.clone())?;
    let routes = Arc::new(control_plane.handle());
    let opener = Opener { eal: plane.eal, pool: plane.pool, twins, interfaces, namespace };
    let ports = Arc::new(Ports::new(
        opener,
        worker.clone(),
        Arc::clone(&routes) as _,
        config.buffers.largest_mtu(),
        plane.huge_pages,
    ));
    open_initial(&ports, initial).await;
    let links = tokio::spawn(follow_links(Arc::clone(&ports), stop.clone()));
    let service = Service {
        ports: Arc::clone(&ports),
        worker: worker.clone(),
        routing: routes,
        pool: plane.pool,
        started,
    };
    let stopped = stop.clone();
    let server = tokio::spawn(control::serve(listener, service, async move { stopped.cancelled().await }));
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    notify("READY=1").context("cannot tell the service manager")?;
    let outcome = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        () = worker.ended() => Err("the packet thread has ended"),
    };
    tracing::info!("stopping");
    stop.cancel();
    let _ = links.await;
    // Calls under way may take their deadline; nobody waits for that at the end.
    server.abort();
    ports.close().await;
    control_plane.stop().await;
    let _ = std::fs::remove_file(&config.control.socket);
    drop(plane);
    match outcome {
        Ok(()) => Ok(()),
        Err(why) => bail!(why),
    }
}

fn routing_config(config: &Config) -> routing::Config {
    routing::Config {
        source: config.fpm.source,
        fpm_listen: config.fpm.listen,
        stale_time: Duration::from_secs(config.fpm.stale_time.into()),
        next_hops: config.tables.next_hops,
        neighbours: config.tables.neighbours,
    }
}

/// Opens the ports at start, each by itself: one that cannot be must not keep the others from their work.
async fn open_initial(ports: &Ports, initial: &daybreak_control::v1::Config) {
    let mut good = daybreak_control::v1::Config::default();
    for port in &initial.ports {
        let mut with = good.clone();
        with.ports.push(port.clone());
        let name = &port.name;
        if let Err(refusals) = ports.prepare("start".into(), &with).await {
            for refusal in refusals {
                tracing::error!(port = %name, field = refusal.field, reason = refusal.reason, "port refused");
            }
            continue;
        }
        match ports.commit("start").await {
            Ok(_) => good = with,
            Err(error) => tracing::error!(port = %name, %error, "port left out"),
        }
    }
}

async fn follow_links(ports: Arc<Ports>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(LINKS);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => ports.follow_links().await,
        }
    }
}
