//! The way to the control side: ports that come and go, and questions.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use daybreak_control::v1;
use futures_util::future::BoxFuture;
use ipnet::{IpNet, Ipv4Net};
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use crate::audit::Findings;
use crate::control::Routing;
use crate::daemon::ports::{Opened, PortListener};
use crate::fib::PortId;
use crate::fpm::FpmStatistics;
use crate::netlink::NeighbourKey;
use crate::rib::LeftOut;
use crate::worker::WorkerHandle;

/// Entries of a list that are asked for at once; nothing else is done meanwhile.
const PAGE: usize = 512;

/// A question with the way back, or news of a port.
pub(super) enum Command {
    PortAdded(PortId, String, u32, oneshot::Sender<()>),
    PortRemoved(PortId, oneshot::Sender<()>),
    Routes(Option<IpNet>, usize, oneshot::Sender<Page<IpNet, v1::Route>>),
    Neighbours(Option<NeighbourKey>, usize, oneshot::Sender<Page<NeighbourKey, v1::Neighbour>>),
    Lookup(IpAddr, oneshot::Sender<Option<v1::Route>>),
    State(oneshot::Sender<State>),
}

/// A part of a list, and where it goes on; `None` at the end.
pub(super) struct Page<K, T> {
    pub(super) items: Vec<(K, T)>,
    pub(super) next: Option<K>,
}

/// What the control side knows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// Prefixes that any source knows, also those that wait for a port.
    pub prefixes: usize,
    /// Routes that FRR has not sent again since it connected.
    pub stale: usize,
    /// What was left out.
    pub left_out: LeftOut,
    /// What the audit found.
    pub findings: Findings,
    /// Whole passes of the audit.
    pub passes: u64,
}

/// The way to the control side, for as many as want it.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) worker: WorkerHandle,
    pub(super) fpm: Arc<FpmStatistics>,
}

impl Handle {
    /// There is a port: its number, its name, and the index of its twin in Linux. Done when all routes that lead there are
    /// in the tables.
    pub async fn port_added(&self, port: PortId, name: &str, index: u32) {
        let name = name.to_owned();
        let _ = self.ask(|done| Command::PortAdded(port, name, index, done)).await;
    }

    /// A port goes. Done when nothing in the tables leads there any more.
    pub async fn port_removed(&self, port: PortId) {
        let _ = self.ask(|done| Command::PortRemoved(port, done)).await;
    }

    /// What the control side knows of itself; `None` when it has ended.
    pub async fn state(&self) -> Option<State> {
        self.ask(Command::State).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).await.ok()?;
        answered.await.ok()
    }

    async fn send_routes(self, family: v1::Family, to: mpsc::Sender<v1::Route>) {
        // The last prefix of IPv4, after which those of IPv6 come.
        let last = || Ipv4Net::from(Ipv4Addr::BROADCAST).into();
        let mut after = (family == v1::Family::Ipv6).then(last);
        loop {
            let Some(page) = self.ask(|answer| Command::Routes(after, PAGE, answer)).await else { return };
            for (prefix, route) in page.items {
                if family == v1::Family::Ipv4 && matches!(prefix, IpNet::V6(_)) {
                    return;
                }
                if to.send(route).await.is_err() {
                    return;
                }
            }
            if page.next.is_none() {
                return;
            }
            after = page.next;
        }
    }

    async fn send_neighbours(self, to: mpsc::Sender<v1::Neighbour>) {
        let mut after = None;
        loop {
            let Some(page) = self.ask(|answer| Command::Neighbours(after, PAGE, answer)).await else {
                return;
            };
            for (_, neighbour) in page.items {
                if to.send(neighbour).await.is_err() {
                    return;
                }
            }
            if page.next.is_none() {
                return;
            }
            after = page.next;
        }
    }

    async fn table_statistics(self) -> Result<v1::TableStatistics, Status> {
        let state = self.state().await.ok_or_else(ended)?;
        let counts = self.worker.ask(|tables, _| {
            [tables.ipv4.len(), tables.ipv6.len(), tables.next_hops.len(), tables.neighbours.len()]
                .map(|count| count as u64)
        });
        let [ipv4_routes, ipv6_routes, next_hops, neighbours] =
            counts.await.map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(v1::TableStatistics {
            ipv4_routes,
            ipv6_routes,
            next_hops,
            neighbours,
            audit_missing: state.findings.missing + state.findings.next_hops,
            audit_stale: state.findings.stale,
            ..v1::TableStatistics::default()
        })
    }
}

fn ended() -> Status {
    Status::unavailable("the control side has ended; restart vrouterd")
}

impl PortListener for Handle {
    fn added(&self, id: PortId, port: &Opened) -> BoxFuture<'static, ()> {
        let (handle, name, index) = (self.clone(), port.wanted.name.to_string(), port.ifindex);
        Box::pin(async move { handle.port_added(id, &name, index).await })
    }

    fn removed(&self, id: PortId) -> BoxFuture<'static, ()> {
        let handle = self.clone();
        Box::pin(async move { handle.port_removed(id).await })
    }
}

impl Routing for Handle {
    fn routes(&self, family: v1::Family, to: mpsc::Sender<v1::Route>) -> BoxFuture<'static, ()> {
        Box::pin(self.clone().send_routes(family, to))
    }

    fn lookup(&self, address: IpAddr) -> BoxFuture<'static, Result<Option<v1::Route>, Status>> {
        let handle = self.clone();
        Box::pin(async move { handle.ask(|answer| Command::Lookup(address, answer)).await.ok_or_else(ended) })
    }

    fn neighbours(&self, to: mpsc::Sender<v1::Neighbour>) -> BoxFuture<'static, ()> {
        Box::pin(self.clone().send_neighbours(to))
    }

    fn tables(&self) -> BoxFuture<'static, Result<v1::TableStatistics, Status>> {
        Box::pin(self.clone().table_statistics())
    }

    fn fpm(&self) -> v1::FpmStatistics {
        v1::FpmStatistics {
            connected: self.fpm.connected(),
            connections: self.fpm.connections(),
            messages: self.fpm.messages(),
            errors: self.fpm.errors(),
        }
    }
}
