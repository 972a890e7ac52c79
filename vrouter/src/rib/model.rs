//! The RIB as one would write it without a thought for cost: remember what was said, and work everything out anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::fib::{NextHop, NextHopPath, PortId};
use crate::fpm::{self, FpmMessage, NextHopKind, Path};
use crate::netlink::{Address, Event, Link, NeighbourKey, RouteKey};
use crate::packet::MacAddr;

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) ports: BTreeMap<PortId, u32>,
    links: HashMap<u32, Link>,
    addresses: BTreeSet<Address>,
    neighbours: BTreeMap<NeighbourKey, MacAddr>,
    linux: BTreeMap<RouteKey, fpm::Target>,
    connection: u32,
    fpm: BTreeMap<IpNet, (u32, fpm::Target)>,
    groups: HashMap<(u32, u32), NextHopKind>,
    /// What was said since the begin of a round.
    round: Option<Vec<Event>>,
}

impl Model {
    pub(super) fn fpm_connected(&mut self) {
        self.connection += 1;
    }

    pub(super) fn sweep(&mut self) {
        self.fpm.retain(|_, (connection, _)| *connection == self.connection);
        self.groups.retain(|(connection, _), _| *connection == self.connection);
    }

    pub(super) fn fpm(&mut self, message: FpmMessage) {
        match message {
            FpmMessage::RouteAdd(route) if route.key.table == 254 => {
                drop(self.fpm.insert(route.key.prefix, (self.connection, route.target)));
            }
            FpmMessage::RouteDelete(key) if key.table == 254 => drop(self.fpm.remove(&key.prefix)),
            FpmMessage::NextHopAdd(group) => {
                drop(self.groups.insert((self.connection, group.id), group.kind));
            }
            FpmMessage::NextHopDelete(id) => drop(self.groups.remove(&(self.connection, id))),
            _ => {}
        }
    }

    pub(super) fn linux(&mut self, event: &Event) {
        if let Some(round) = &mut self.round {
            round.push(event.clone());
        }
        match event.clone() {
            Event::Begin => self.round = Some(Vec::new()),
            Event::Complete => self.complete(),
            Event::Link(link) => {
                if !link.up {
                    self.down(link.index);
                }
                self.links.insert(link.index, link);
            }
            Event::LinkGone(index) => {
                self.down(index);
                self.links.remove(&index);
                self.addresses.retain(|address| address.index != index);
                self.neighbours.retain(|key, _| key.index != index);
            }
            Event::Address(address) => drop(self.addresses.insert(address)),
            Event::AddressGone(address) => drop(self.addresses.remove(&address)),
            Event::Neighbour(neighbour) => match neighbour.mac {
                Some(mac) => drop(self.neighbours.insert(neighbour.key, mac)),
                None => drop(self.neighbours.remove(&neighbour.key)),
            },
            Event::NeighbourGone(key) => drop(self.neighbours.remove(&key)),
            Event::Route(key, target) => drop(self.linux.insert(key, target)),
            Event::RouteGone(key) => drop(self.linux.remove(&key)),
        }
    }

    /// Linux takes the routes over an interface that goes down away.
    fn down(&mut self, index: u32) {
        self.linux.retain(|_, target| match target {
            fpm::Target::Paths(paths) => paths.iter().any(|path| path.interface != Some(index)),
            _ => true,
        });
    }

    /// Only what was said in the round is left.
    fn complete(&mut self) {
        let Some(round) = self.round.take() else { return };
        let mut said = Self::default();
        for event in &round {
            said.linux(event);
        }
        let gone: Vec<u32> =
            self.links.keys().filter(|index| !said.links.contains_key(index)).copied().collect();
        for index in gone {
            self.linux(&Event::LinkGone(index));
        }
        self.addresses.retain(|address| said.addresses.contains(address));
        self.neighbours.retain(|key, _| said.neighbours.contains_key(key));
        self.linux.retain(|key, _| said.linux.contains_key(key));
    }

    fn port(&self, index: u32) -> Option<PortId> {
        self.ports.iter().find(|(_, of)| **of == index).map(|(port, _)| *port)
    }

    fn up(&self, index: u32) -> bool {
        self.links.get(&index).is_some_and(|link| link.up)
    }

    fn paths(&self, paths: &[Path]) -> Option<NextHop> {
        let mut paths = paths.to_vec();
        paths.sort_by_key(|path| (path.interface, path.gateway));
        let ways: Vec<_> = paths
            .iter()
            .filter(|path| {
                path.interface.is_some_and(|index| self.up(index) || !self.links.contains_key(&index))
            })
            .filter_map(|path| Some(NextHopPath { port: self.port(path.interface?)?, gateway: path.gateway }))
            .collect();
        match ways.as_slice() {
            [] => None,
            [way] => Some(NextHop::Path(*way)),
            _ => Some(NextHop::Paths(ways.into())),
        }
    }

    fn target(&self, connection: u32, target: &fpm::Target) -> Option<NextHop> {
        match target {
            fpm::Target::Blackhole => Some(NextHop::Blackhole),
            fpm::Target::Unreachable => Some(NextHop::Unreachable),
            fpm::Target::Prohibit => Some(NextHop::Prohibit),
            fpm::Target::Paths(paths) => self.paths(paths),
            fpm::Target::NextHop(id) => match self.groups.get(&(connection, *id))? {
                NextHopKind::Blackhole => Some(NextHop::Blackhole),
                NextHopKind::Path(path) => self.paths(&[*path]),
                NextHopKind::Group(members) => {
                    let path = |(id, _): &(u32, u16)| match self.groups.get(&(connection, *id)) {
                        Some(NextHopKind::Path(path)) => Some(*path),
                        _ => None,
                    };
                    let paths: Vec<_> = members.iter().filter_map(path).collect();
                    let ways: Vec<_> = paths.iter().filter_map(|path| self.paths(&[*path])).collect();
                    let ways: Vec<_> = ways
                        .into_iter()
                        .filter_map(|way| if let NextHop::Path(way) = way { Some(way) } else { None })
                        .collect();
                    match ways.as_slice() {
                        [] => None,
                        [way] => Some(NextHop::Path(*way)),
                        _ => Some(NextHop::Paths(ways.into())),
                    }
                }
            },
        }
    }

    /// What the tables are to hold.
    pub(super) fn routes(&self) -> BTreeMap<IpNet, NextHop> {
        let mut routes = BTreeMap::new();
        for (RouteKey { prefix, .. }, target) in self.linux.iter().rev() {
            // The lowest metric comes last and counts, also if it leads nowhere.
            routes.remove(prefix);
            routes.extend(self.target(0, target).map(|to| (*prefix, to)));
        }
        for (prefix, (connection, target)) in &self.fpm {
            routes.extend(self.target(*connection, target).map(|to| (*prefix, to)));
        }
        for address in self.addresses.iter().rev().filter(|address| self.up(address.index)) {
            let port = self.port(address.index);
            routes.extend(
                port.map(|port| (address.subnet, NextHop::Path(NextHopPath { port, gateway: None }))),
            );
        }
        for address in self.addresses.iter().filter(|address| self.up(address.index)) {
            if self.port(address.index).is_some() || self.links[&address.index].internal {
                routes.insert(address.local.addr().into(), NextHop::Local);
                let other = match address.subnet {
                    IpNet::V4(net) => IpAddr::from(net.broadcast()),
                    IpNet::V6(net) => net.network().into(),
                };
                routes.insert(other.into(), NextHop::Local);
            }
        }
        routes
    }

    /// Neighbours that the tables are to hold.
    pub(super) fn reachable(&self) -> BTreeMap<(PortId, IpAddr), MacAddr> {
        let ours = self
            .neighbours
            .iter()
            .filter_map(|(key, mac)| Some(((self.port(key.index)?, key.address), *mac)));
        ours.collect()
    }
}
