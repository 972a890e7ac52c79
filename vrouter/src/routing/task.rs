//! The one task that owns the RIB: takes what happens, and sends what follows to the packet thread.

use ipnet::IpNet;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Config;
use super::answers::{self, Names};
use super::batches::Batches;
use super::handle::{Command, Page, State};
use super::keep_alive::{self, KeepAlive};
use super::stale::Stale;
use crate::audit::{Audit, Step, next_hop_page, route_page};
use crate::fpm::FpmEvent;
use crate::netlink::{Event, Prober};
use crate::rib::{Limits, Rib};
use crate::worker::{RequestError, WorkerHandle};

/// Between two steps of an audit: a million routes take two minutes.
const AUDIT_STEP: Duration = Duration::from_millis(50);
/// Between two passes of the audit.
const AUDIT_PASS: Duration = Duration::from_secs(10);

/// Where things come from.
pub(super) struct Inputs {
    pub(super) commands: mpsc::Receiver<Command>,
    /// FRR, unless routes come from Linux.
    pub(super) frr: Option<mpsc::Receiver<FpmEvent>>,
    pub(super) linux: mpsc::Receiver<Vec<Event>>,
}

/// What the task has.
pub(super) struct Task {
    rib: Rib,
    names: Names,
    batches: Batches,
    worker: WorkerHandle,
    prober: Prober,
    keep_alive: KeepAlive,
    keep_alive_due: Instant,
    stale: Stale,
    /// Where the sweep under way goes on.
    sweep: Option<IpNet>,
    audit: Audit,
    audit_due: Instant,
}

/// What happened.
enum News {
    Command(Command),
    Frr(FpmEvent),
    Linux(Vec<Event>),
    Sweep,
    Audit,
    KeepAlive,
    Stop,
}

impl Task {
    pub(super) fn new(config: Config, worker: WorkerHandle, prober: Prober) -> Self {
        let now = Instant::now();
        Self {
            rib: Rib::new(Limits { next_hops: config.next_hops, neighbours: config.neighbours }),
            names: Names::new(),
            batches: Batches::new(worker.clone()),
            worker,
            prober,
            keep_alive: KeepAlive::default(),
            keep_alive_due: now + keep_alive::INTERVAL,
            stale: Stale::new(config.stale_time, now),
            sweep: None,
            audit: Audit::default(),
            audit_due: now + AUDIT_PASS,
        }
    }

    /// Works until it is told to stop.
    pub(super) async fn run(mut self, mut inputs: Inputs, stop: CancellationToken) {
        if let Err(error) = self.work(&mut inputs, &stop).await {
            tracing::error!(%error, "the control side ends");
        }
    }

    async fn work(&mut self, inputs: &mut Inputs, stop: &CancellationToken) -> Result<(), RequestError> {
        loop {
            match self.next(inputs, stop).await {
                News::Stop => return Ok(()),
                News::Command(command) => self.command(command).await?,
                News::Frr(event) => self.frr(event),
                News::Linux(events) => events.into_iter().for_each(|event| self.rib.linux(event)),
                News::Sweep => self.sweep(),
                News::Audit => self.audit().await?,
                News::KeepAlive => {
                    self.keep_alive.round(&self.rib, &self.worker, &mut self.prober).await?;
                    self.keep_alive_due = Instant::now() + keep_alive::INTERVAL;
                }
            }
            self.flush().await?;
        }
    }

    async fn next(&mut self, inputs: &mut Inputs, stop: &CancellationToken) -> News {
        let sweep_due = self.stale.due();
        let frr = async {
            match &mut inputs.frr {
                Some(frr) => frr.recv().await,
                None => std::future::pending().await,
            }
        };
        let sweep = async {
            match sweep_due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => News::Stop,
            command = inputs.commands.recv() => command.map_or(News::Stop, News::Command),
            event = frr => event.map_or(News::Stop, News::Frr),
            events = inputs.linux.recv() => events.map_or(News::Stop, News::Linux),
            () = sweep => News::Sweep,
            () = sleep_until(self.audit_due) => News::Audit,
            () = sleep_until(self.keep_alive_due) => News::KeepAlive,
        }
    }

    async fn flush(&mut self) -> Result<(), RequestError> {
        self.batches.send(self.rib.take_changes()).await
    }

    async fn command(&mut self, command: Command) -> Result<(), RequestError> {
        // Who asked may have gone meanwhile; the answer is lost then.
        match command {
            Command::PortAdded(port, name, index, done) => {
                self.names.insert(port, name);
                self.rib.port_added(port, index);
                self.flush().await?;
                self.batches.all_done().await?;
                let _ = done.send(());
            }
            Command::PortRemoved(port, done) => {
                self.rib.port_removed(port);
                self.flush().await?;
                self.batches.all_done().await?;
                self.names.remove(&port);
                let _ = done.send(());
            }
            Command::Routes(after, count, answer) => {
                let active = self.rib.active(after).take(count);
                let items = active.map(|route| (route.prefix, answers::route(&route, &self.names))).collect();
                let _ = answer.send(page(items, count));
            }
            Command::Neighbours(after, count, answer) => {
                let known = self.rib.neighbours(after, count).into_iter();
                let items = known.map(|known| (known.1, answers::neighbour(&known, &self.names))).collect();
                let _ = answer.send(page(items, count));
            }
            Command::Lookup(address, answer) => {
                let found = self.rib.lookup(address);
                let _ = answer.send(found.map(|route| answers::route(&route, &self.names)));
            }
            Command::State(answer) => drop(answer.send(self.state())),
        }
        Ok(())
    }

    fn state(&self) -> State {
        State {
            prefixes: self.rib.len(),
            stale: self.rib.stale(),
            left_out: self.rib.left_out(),
            findings: self.audit.findings(),
            passes: self.audit.passes(),
        }
    }

    fn frr(&mut self, event: FpmEvent) {
        match event {
            FpmEvent::Connected => {
                self.rib.fpm_connected();
                self.sweep = None;
                self.stale.connected(Instant::now());
                if self.rib.stale() > 0 {
                    tracing::info!(
                        routes = self.rib.stale(),
                        "routes are kept until FRR has sent them again"
                    );
                }
            }
            FpmEvent::Messages(messages) => {
                self.stale.heard(Instant::now());
                for message in messages {
                    self.rib.fpm(message);
                }
            }
            FpmEvent::Lost => self.stale.lost(),
        }
    }

    /// One step of the sweep, which is due again at once until it is done.
    fn sweep(&mut self) {
        if self.sweep.is_none() && self.rib.stale() > 0 {
            tracing::info!(
                routes = self.rib.stale(),
                "FRR has not sent these routes again; they are taken away"
            );
        }
        self.sweep = self.rib.sweep(self.sweep);
        if self.sweep.is_none() {
            self.stale.done();
        }
    }

    /// One step of the audit. What was sent before is made first, and nothing is decided until the page has come: so the
    /// two sides are of one moment.
    async fn audit(&mut self) -> Result<(), RequestError> {
        let (changes, over) = match self.audit.step() {
            Step::NextHops(first) => {
                let highest = self.rib.highest_next_hop();
                let page = self.worker.ask(move |tables, _| next_hop_page(tables, first, highest)).await?;
                (self.audit.next_hops(&self.rib, page), false)
            }
            Step::Routes(after) => {
                let page = self.worker.ask(move |tables, _| route_page(tables, after)).await?;
                self.audit.routes(&self.rib, after, &page)
            }
        };
        self.audit_due = Instant::now() + if over { AUDIT_PASS } else { AUDIT_STEP };
        self.batches.send(changes).await
    }
}

/// A page of what was asked for; one that is full may not be the last.
fn page<K: Copy, T>(items: Vec<(K, T)>, count: usize) -> Page<K, T> {
    let next = items.last().filter(|_| items.len() == count).map(|(key, _)| *key);
    Page { items, next }
}
