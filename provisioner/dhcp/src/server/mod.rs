//! The edge to the system: sockets, threads, start and stop.

mod commit;
mod interface;
mod packets;
mod receive;
mod send;
mod socket;

use crate::{
    config::{self, ConfigError, Mode, Subnet},
    counters::Counters,
    decide::{Engine, Port, SubnetPlan},
    directory::Directory,
    event::Sink,
    lease::{Journal, JournalError, LeaseTable, Leases, LoadReport, UnixSeconds},
};
use interface::Interface;
use send::Link;
use std::{
    io::{self, Write as _},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Arc, mpsc::sync_channel},
    thread::{self, JoinHandle},
    time::{SystemTime, UNIX_EPOCH},
};

/// Batches between the packet thread and the commit thread; when the disk is slower than the network the packet
/// thread waits, and then the kernel drops packets, which clients send again.
const COMMIT_QUEUE: usize = 64;

/// What a server needs.
pub struct Settings {
    /// Subnets as configured.
    pub subnets: Vec<Subnet>,
    /// Lease journal; `.lock` and `.new` are put beside it with the same stem.
    pub journal: PathBuf,
    /// What is known of machines.
    pub directory: Arc<dyn Directory>,
    /// Where events go.
    pub events: Sink,
    /// The clock, `SystemTime::now` outside of tests.
    pub clock: fn() -> SystemTime,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting cannot work.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An interface cannot be used.
    #[error("interface {name}: {problem}")]
    Interface {
        /// Its name.
        name: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A socket cannot be opened.
    #[error("cannot listen on {interface} port {port}: {source}{}", socket::hint(source))]
    Socket {
        /// The interface.
        interface: String,
        /// The UDP port; 0 is the packet socket.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A thread or its wake-up cannot be made.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// A running server. Dropping it stops it and waits, as [`Server::shutdown`] does.
pub struct Server {
    leases: Leases,
    counters: Arc<Counters>,
    loaded: LoadReport,
    wake: UnixStream,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// A cheap handle for lease queries, valid also after the server has stopped.
    pub fn leases(&self) -> Leases {
        self.leases.clone()
    }

    /// The counters.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// What the journal held at start.
    pub fn loaded(&self) -> LoadReport {
        self.loaded
    }

    /// False when a thread has ended although nobody asked it to.
    pub fn is_running(&self) -> bool {
        self.threads.iter().all(|thread| !thread.is_finished())
    }

    /// Stops receiving, stores and answers what is under way, and waits for the threads.
    pub fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        // The packet thread ends at the byte, or at the end of the stream when it is gone already.
        let _ = self.wake.write_all(&[1]);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a DHCP thread panicked");
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Reads the journal, opens the sockets and starts the threads.
///
/// # Errors
/// [`StartError`]; nothing is left running.
pub fn spawn(settings: Settings) -> Result<Server, StartError> {
    config::validate(&settings.subnets)?;
    let interfaces = interfaces(&settings.subnets)?;
    let links = Arc::new(open_links(&settings.subnets, &interfaces)?);
    let plans = plans(&settings.subnets, &interfaces)?;
    let now = unix(settings.clock);
    let mut table = LeaseTable::new(settings.subnets.iter().map(|s| (s.subnet, s.pools.as_slice())));
    let (mut journal, stored, loaded) = Journal::open(&settings.journal)?;
    table.load(stored, now);
    let leases = Leases::new(table);
    if journal.wants_compaction() {
        journal.compact(&leases.table, now)?;
    }
    tracing::info!(
        journal = %settings.journal.display(),
        records = loaded.records,
        torn_bytes = loaded.torn_bytes,
        damaged_bytes = loaded.damaged_bytes,
        "leases read"
    );
    let counters = Arc::new(Counters::default());
    let (wake, woken) = UnixStream::pair().map_err(StartError::Thread)?;
    let (to_commit, batches) = sync_channel(COMMIT_QUEUE);
    let committer = commit::Committer {
        journal,
        batches,
        links: Arc::clone(&links),
        leases: leases.clone(),
        counters: Arc::clone(&counters),
        events: Arc::clone(&settings.events),
        clock: settings.clock,
    };
    let packets = packets::PacketLoop {
        engine: Engine::new(plans, settings.directory),
        links,
        leases: leases.clone(),
        counters: Arc::clone(&counters),
        events: settings.events,
        clock: settings.clock,
        to_commit,
        woken,
    };
    let mut server = Server { leases, counters, loaded, wake, threads: Vec::new() };
    let start = |name: &str, run: Box<dyn FnOnce() + Send>| {
        thread::Builder::new().name(name.into()).spawn(run).map_err(StartError::Thread)
    };
    server.threads.push(start("dhcp-commit", Box::new(move || committer.run()))?);
    server.threads.push(start("dhcp-packets", Box::new(move || packets.run()))?);
    Ok(server)
}

fn unix(clock: fn() -> SystemTime) -> UnixSeconds {
    clock().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The named interfaces, each once, in the order of the configuration.
fn interfaces(subnets: &[Subnet]) -> Result<Vec<Interface>, StartError> {
    let mut all: Vec<Interface> = Vec::new();
    for subnet in subnets {
        if !all.iter().any(|i| i.name == subnet.interface) {
            all.push(Interface::find(&subnet.interface)?);
        }
    }
    Ok(all)
}

fn open_links(subnets: &[Subnet], interfaces: &[Interface]) -> Result<Vec<Link>, StartError> {
    let mut links = Vec::new();
    for (i, interface) in interfaces.iter().enumerate() {
        links.push(Link::open(i, interface, Port::Dhcp)?);
        if subnets.iter().any(|s| s.interface == interface.name && s.mode == Mode::Proxy) {
            links.push(Link::open(i, interface, Port::Pxe)?);
        }
    }
    Ok(links)
}

fn plans(subnets: &[Subnet], interfaces: &[Interface]) -> Result<Vec<SubnetPlan>, StartError> {
    let mut plans = Vec::new();
    for (index, subnet) in subnets.iter().enumerate() {
        for (i, interface) in interfaces.iter().enumerate().filter(|(_, i)| i.name == subnet.interface) {
            let server =
                subnet.server_address.or_else(|| interface.address_in(subnet.subnet)).ok_or_else(|| {
                    StartError::Interface {
                        name: interface.name.clone(),
                        problem: format!(
                            "it has no IPv4 address to serve {} from; give it one or set server_address",
                            subnet.subnet
                        ),
                    }
                })?;
            plans.push(SubnetPlan::new(index, i, server, subnet.clone()));
        }
    }
    Ok(plans)
}
