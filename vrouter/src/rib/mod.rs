//! The decision core of the control side: from what FRR and Linux say to what the forwarding tables hold. No I/O.
//!
//! A [`Rib`] takes what happens: ports that come and go, FRR's messages, Linux's events. Per prefix it keeps what each
//! source says and has the first that leads somewhere count: our own addresses, then connected subnets, then FRR or the
//! main table of Linux. What follows for the tables comes out as [`Change`]s, and no more than what differs.
//!
//! Next hops are numbered here. The tables hold the same numbers, so that a next hop that changes is one change, however
//! many routes lead there. A route whose port is not there (yet) is kept and waits.

mod change;
mod groups;
mod linux;
mod resolve;
mod routes;
mod target;

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::fib::{NextHop, NextHopId, PortId};
use crate::fpm::{self, FpmMessage, MAIN_TABLE, NextHopKind};
use crate::netlink::NeighbourKey;
use linux::Linux;
use resolve::Surroundings;
use routes::Routes;
use target::Target;

pub use change::{Change, Refused, apply};
pub use routes::{ActiveRoute, Source};

/// How much a RIB holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Next hops, as the forwarding table has room for; also those that FRR numbers.
    pub next_hops: u32,
    /// Neighbours.
    pub neighbours: usize,
}

/// What was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// Messages about other tables than the main one.
    pub other_tables: u64,
    /// Routes and next hops that there was no number for.
    pub no_room: u64,
}

/// Routes by what each source says.
#[derive(Debug)]
pub struct Rib {
    routes: Routes,
    surroundings: Surroundings,
    linux: Linux,
    limits: Limits,
    /// Counts FRR's connections.
    connection: u32,
    left_out: LeftOut,
}

impl Rib {
    /// A RIB without routes.
    pub fn new(limits: Limits) -> Self {
        Self {
            routes: Routes::new(limits.next_hops),
            surroundings: Surroundings::default(),
            linux: Linux::default(),
            limits,
            connection: 0,
            left_out: LeftOut::default(),
        }
    }

    /// There is a port, whose twin in Linux has this index: what leads there becomes active.
    pub fn port_added(&mut self, port: PortId, index: u32) {
        self.surroundings.ports.insert(index, port);
        self.refresh();
        self.introduce(port, index);
    }

    /// A port goes: nothing leads there any more.
    pub fn port_removed(&mut self, port: PortId) {
        let index = self.surroundings.ports.iter().find(|(_, of)| **of == port).map(|(index, _)| *index);
        let Some(index) = index else { return };
        self.take_back(port, index);
        self.surroundings.ports.remove(&index);
        self.refresh();
    }

    /// FRR has connected: what it said before stays until it says otherwise or [`Self::sweep`] takes it.
    pub fn fpm_connected(&mut self) {
        self.connection = self.connection.wrapping_add(1);
        self.routes.age();
    }

    /// Takes a message of FRR.
    pub fn fpm(&mut self, message: FpmMessage) {
        match message {
            FpmMessage::RouteAdd(route) if is_wanted(&route.key) => {
                let target = of_fpm(route.target, self.connection);
                self.put(route.key.prefix, Source::Fpm, Some(target));
            }
            FpmMessage::RouteDelete(key) if is_wanted(&key) => {
                self.put(key.prefix, Source::Fpm, None);
            }
            FpmMessage::RouteAdd(fpm::Route { key, .. }) | FpmMessage::RouteDelete(key) => {
                self.left_out.other_tables += u64::from(key.table != MAIN_TABLE);
            }
            FpmMessage::NextHopAdd(next_hop) => self.group(next_hop.id, Some(next_hop.kind)),
            FpmMessage::NextHopDelete(id) => self.group(id, None),
            FpmMessage::Other(_) => {}
        }
    }

    fn group(&mut self, id: u32, kind: Option<NextHopKind>) {
        let connection = self.connection;
        let groups = &mut self.surroundings.groups;
        let new = kind.is_some() && groups.get(connection, id).is_none();
        if new && groups.len() >= self.limits.next_hops as usize {
            self.left_out.no_room += 1;
            return;
        }
        groups.set(connection, id, kind);
        let concerned = groups.with_parents(connection, id);
        let number = |id| self.routes.targets().find(&Target::Group { connection, id });
        let ids: Vec<NextHopId> = concerned.into_iter().filter_map(number).collect();
        self.routes.refresh(&self.surroundings, Some(&ids));
    }

    /// Takes away routes that FRR has not said again since it connected, as far as one step goes, from after a prefix
    /// on. Says where to go on; `None` when it is done.
    pub fn sweep(&mut self, after: Option<IpNet>) -> Option<IpNet> {
        let next = self.routes.sweep(&self.surroundings, self.connection, after);
        if next.is_none() {
            self.surroundings.groups.keep_only(self.connection);
        }
        next
    }

    /// Routes that FRR has not said again since it connected.
    pub fn stale(&self) -> usize {
        self.routes.stale()
    }

    /// What is to be done in the tables, in order, since this was last asked.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.routes.take_changes()
    }

    /// How many changes wait to be taken.
    pub fn pending(&self) -> usize {
        self.routes.pending()
    }

    /// Prefixes that any source knows, active or not.
    pub fn len(&self) -> usize {
        self.routes.len()
    }

    /// Whether no source knows any prefix.
    pub fn is_empty(&self) -> bool {
        self.routes.len() == 0
    }

    /// What was left out so far.
    pub fn left_out(&self) -> LeftOut {
        let no_room = self.left_out.no_room + self.routes.refused();
        LeftOut { no_room, ..self.left_out }
    }

    /// What the tables are to hold after a prefix, in order.
    pub fn installed(&self, after: Option<IpNet>) -> impl Iterator<Item = (IpNet, NextHopId)> {
        self.routes.installed(after)
    }

    /// What the tables are to hold for exactly this prefix.
    pub fn installed_exactly(&self, prefix: IpNet) -> Option<NextHopId> {
        self.routes.installed_exactly(prefix)
    }

    /// What the tables are to hold under a number.
    pub fn next_hop(&self, id: NextHopId) -> Option<&NextHop> {
        self.routes.targets().resolved(id)
    }

    /// The highest number of a next hop that was ever in use.
    pub fn highest_next_hop(&self) -> u32 {
        self.routes.targets().highest()
    }

    /// Active routes after a prefix, in order.
    pub fn active(&self, after: Option<IpNet>) -> impl Iterator<Item = ActiveRoute> {
        self.routes.active(after)
    }

    /// The active route that an address is in.
    pub fn lookup(&self, address: IpAddr) -> Option<ActiveRoute> {
        let whole = if address.is_ipv4() { 32 } else { 128 };
        (0..=whole).rev().find_map(|length| self.routes.exact(IpNet::new(address, length).ok()?.trunc()))
    }

    /// Gateways that next hops name and that nobody has found yet.
    pub fn unknown_gateways(&self) -> BTreeSet<NeighbourKey> {
        let index_of =
            |port| self.surroundings.ports.iter().find(|(_, of)| **of == port).map(|(index, _)| *index);
        let next_hops = self.routes.targets().all().filter_map(|(id, _)| self.next_hop(id));
        let gateways = next_hops.flat_map(resolve::gateways);
        let keys =
            gateways.filter_map(|(port, address)| Some(NeighbourKey { index: index_of(port)?, address }));
        keys.filter(|key| !self.knows_neighbour(key)).collect()
    }

    fn put(&mut self, prefix: IpNet, source: Source, target: Option<Target>) {
        self.routes.put(&self.surroundings, prefix, source, target, self.connection);
    }

    fn refresh(&mut self) {
        self.routes.refresh(&self.surroundings, None);
    }
}

/// Whether a route of FRR concerns forwarding here.
fn is_wanted(key: &fpm::RouteKey) -> bool {
    key.table == MAIN_TABLE && !stays_on_link(key.prefix)
}

/// Whether packets to a prefix are never looked up, because they do not leave the link.
fn stays_on_link(prefix: IpNet) -> bool {
    match prefix.addr() {
        IpAddr::V4(address) => address.is_multicast(),
        IpAddr::V6(address) => address.is_multicast() || address.is_unicast_link_local(),
    }
}

/// A target of FRR's, or one in its form, as of a connection.
fn of_fpm(target: fpm::Target, connection: u32) -> Target {
    match target {
        fpm::Target::Blackhole => Target::Blackhole,
        fpm::Target::Unreachable => Target::Unreachable,
        fpm::Target::Prohibit => Target::Prohibit,
        fpm::Target::NextHop(id) => Target::Group { connection, id },
        fpm::Target::Paths(mut paths) => {
            // The same ways in another order are the same.
            paths.sort_unstable_by_key(|path| (path.interface, path.gateway));
            Target::Paths(paths.into())
        }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
