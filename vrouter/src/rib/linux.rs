//! What Linux says: interfaces, addresses, neighbours, and its routes when they are wanted.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::change::Change;
use super::routes::Source;
use super::target::Target;
use super::{Rib, of_fpm, stays_on_link};
use crate::fib::PortId;
use crate::fpm;
use crate::netlink::{Address, Event, Link, Neighbour, NeighbourKey, RouteKey};
use crate::packet::MacAddr;

/// What Linux said, each with the number of the round in which it said so last.
#[derive(Debug, Default)]
pub(super) struct Linux {
    round: u32,
    links: HashMap<u32, u32>,
    addresses: BTreeMap<Address, u32>,
    /// Prefixes that follow from addresses, with the interfaces and for how many addresses of each.
    own: BTreeMap<(IpNet, Source), BTreeMap<u32, u32>>,
    /// Neighbours that can be sent to.
    neighbours: BTreeMap<NeighbourKey, Known>,
    routes: BTreeMap<RouteKey, (fpm::Target, u32)>,
    /// What each port was last told of its sources.
    sources: HashMap<PortId, Sources>,
}

/// A neighbour.
#[derive(Debug, Clone, Copy)]
struct Known {
    mac: MacAddr,
    stale: bool,
    round: u32,
}

type Sources = (Option<std::net::Ipv4Addr>, Option<std::net::Ipv6Addr>);

impl Linux {
    /// Neighbours of an interface that can be sent to.
    fn of(&self, index: u32) -> impl Iterator<Item = (&NeighbourKey, &Known)> {
        let all = NeighbourKey { index, address: IpAddr::from([0, 0, 0, 0]) };
        self.neighbours.range(all..).take_while(move |(key, _)| key.index == index)
    }

    /// Whom errors of a port come from: an address of its own, or one that the router has inside.
    fn sources(&self, index: u32, links: &HashMap<u32, Link>) -> Sources {
        let inside = |address: &&Address| links.get(&address.index).is_some_and(|link| link.internal);
        let usable = |address: &&Address| !address.link_scope && !address.local.addr().is_loopback();
        let own = self.addresses.keys().filter(|address| address.index == index);
        let all = || own.clone().chain(self.addresses.keys().filter(inside)).filter(usable);
        let ipv4 = all()
            .find_map(|address| if let IpNet::V4(net) = address.local { Some(net.addr()) } else { None });
        let ipv6 = all()
            .find_map(|address| if let IpNet::V6(net) = address.local { Some(net.addr()) } else { None });
        (ipv4, ipv6)
    }
}

impl Rib {
    /// Takes what Linux says.
    pub fn linux(&mut self, event: Event) {
        match event {
            Event::Begin => self.linux.round = self.linux.round.wrapping_add(1),
            Event::Complete => self.forget_unsaid(),
            Event::Link(link) => self.link(&link),
            Event::LinkGone(index) => self.link_gone(index),
            Event::Address(address) => self.address(address),
            Event::AddressGone(address) => self.address_gone(&address),
            Event::Neighbour(neighbour) => self.neighbour(neighbour),
            Event::NeighbourGone(key) => self.neighbour_gone(key),
            Event::Route(key, _) if stays_on_link(key.prefix) => {}
            Event::Route(key, target) => self.linux_route(key, target),
            Event::RouteGone(key) => self.linux_route_gone(key),
        }
    }

    /// Everything was said again: what was not is gone.
    fn forget_unsaid(&mut self) {
        let round = self.linux.round;
        let links: Vec<_> = unsaid(&self.linux.links, round);
        for index in links {
            self.link_gone(index);
        }
        let addresses: Vec<_> = unsaid(&self.linux.addresses, round);
        for address in &addresses {
            self.address_gone(address);
        }
        let neighbours = self.linux.neighbours.iter().filter(|(_, known)| known.round != round);
        let neighbours: Vec<_> = neighbours.map(|(key, _)| *key).collect();
        for key in neighbours {
            self.neighbour_gone(key);
        }
        let routes = self.linux.routes.iter().filter(|(_, (_, said))| *said != round);
        let routes: Vec<_> = routes.map(|(key, _)| *key).collect();
        for key in routes {
            self.linux_route_gone(key);
        }
    }

    fn link(&mut self, link: &Link) {
        let index = link.index;
        self.linux.links.insert(index, self.linux.round);
        let before = self.surroundings.links.insert(index, link.clone());
        let same = |before: &Link| (before.up, before.internal) == (link.up, link.internal);
        if !before.as_ref().is_some_and(same) {
            self.refresh();
        }
        // Also of one that was down before: a route over it may have been heard of in between.
        if !link.up {
            self.drop_routes_over(index);
        }
        let properties = |link: &Link| (link.mac, link.mtu);
        if before.as_ref().map(properties) != Some(properties(link)) {
            self.tell_port(index);
        }
        if before.is_none_or(|before| before.internal != link.internal) {
            self.tell_sources();
        }
    }

    fn link_gone(&mut self, index: u32) {
        self.linux.links.remove(&index);
        let addresses: Vec<_> =
            self.linux.addresses.keys().filter(|address| address.index == index).copied().collect();
        for address in &addresses {
            self.address_gone(address);
        }
        let neighbours: Vec<_> = self.linux.of(index).map(|(key, _)| *key).collect();
        for key in neighbours {
            self.neighbour_gone(key);
        }
        if self.surroundings.links.remove(&index).is_some() {
            self.refresh();
        }
        self.drop_routes_over(index);
    }

    /// Tells a port what its twin is like.
    fn tell_port(&mut self, index: u32) {
        let (Some(port), Some(link)) =
            (self.surroundings.ports.get(&index), self.surroundings.links.get(&index))
        else {
            return;
        };
        if let Some(mac) = link.mac {
            let mtu = u16::try_from(link.mtu).unwrap_or(u16::MAX);
            self.routes.push(Change::Link { port: *port, mac, mtu });
        }
    }

    /// Tells every port whom its errors come from, if that is another than before.
    fn tell_sources(&mut self) {
        for (index, port) in &self.surroundings.ports {
            let sources = self.linux.sources(*index, &self.surroundings.links);
            if self.linux.sources.insert(*port, sources).unwrap_or_default() != sources {
                let (ipv4, ipv6) = sources;
                self.routes.push(Change::Sources { port: *port, ipv4, ipv6 });
            }
        }
    }

    fn address(&mut self, address: Address) {
        if self.linux.addresses.insert(address, self.linux.round).is_some() {
            return;
        }
        for (prefix, source) in implied(&address) {
            *self.linux.own.entry((prefix, source)).or_default().entry(address.index).or_default() += 1;
            self.put_own(prefix, source);
        }
        self.tell_sources();
    }

    fn address_gone(&mut self, address: &Address) {
        // Linux tells of an address that it takes back with other flags than those that it came with.
        let same = |known: &&Address| known.index == address.index && known.local == address.local;
        let Some(known) = self.linux.addresses.keys().find(same).copied() else { return };
        self.linux.addresses.remove(&known);
        for (prefix, source) in implied(&known) {
            if let Entry::Occupied(mut own) = self.linux.own.entry((prefix, source)) {
                if let Some(count) = own.get_mut().get_mut(&known.index) {
                    *count -= 1;
                    if *count == 0 {
                        own.get_mut().remove(&known.index);
                    }
                }
                if own.get().is_empty() {
                    own.remove();
                }
            }
            self.put_own(prefix, source);
        }
        self.tell_sources();
    }

    fn put_own(&mut self, prefix: IpNet, source: Source) {
        let interfaces =
            self.linux.own.get(&(prefix, source)).map(|interfaces| interfaces.keys().copied().collect());
        let target = interfaces.map(if source == Source::Local { Target::Local } else { Target::Connected });
        self.put(prefix, source, target);
    }

    fn neighbour(&mut self, neighbour: Neighbour) {
        let Neighbour { key, mac, stale } = neighbour;
        let Some(mac) = mac else { return self.neighbour_gone(key) };
        let known = Known { mac, stale, round: self.linux.round };
        let room = self.linux.neighbours.len() < self.limits.neighbours;
        let before = match self.linux.neighbours.entry(key) {
            Entry::Occupied(mut entry) => Some(entry.insert(known).mac),
            Entry::Vacant(entry) if room => {
                entry.insert(known);
                None
            }
            Entry::Vacant(_) => return,
        };
        if let Some(port) = self.surroundings.ports.get(&key.index).filter(|_| before != Some(mac)) {
            self.routes.push(Change::Neighbour { port: *port, address: key.address, mac: Some(mac) });
        }
    }

    fn neighbour_gone(&mut self, key: NeighbourKey) {
        if self.linux.neighbours.remove(&key).is_some()
            && let Some(port) = self.surroundings.ports.get(&key.index)
        {
            self.routes.push(Change::Neighbour { port: *port, address: key.address, mac: None });
        }
    }

    /// Tells a new port all that is known of its twin.
    pub(super) fn introduce(&mut self, port: PortId, index: u32) {
        self.tell_port(index);
        let neighbours = self.linux.of(index).map(|(key, known)| (key.address, known.mac));
        for (address, mac) in neighbours {
            self.routes.push(Change::Neighbour { port, address, mac: Some(mac) });
        }
        self.tell_sources();
    }

    /// Takes back what a port was told that goes.
    pub(super) fn take_back(&mut self, port: PortId, index: u32) {
        self.linux.sources.remove(&port);
        for (key, _) in self.linux.of(index) {
            self.routes.push(Change::Neighbour { port, address: key.address, mac: None });
        }
    }

    fn linux_route(&mut self, key: RouteKey, target: fpm::Target) {
        self.linux.routes.insert(key, (target, self.linux.round));
        self.put_linux(key.prefix);
    }

    fn linux_route_gone(&mut self, key: RouteKey) {
        if self.linux.routes.remove(&key).is_some() {
            self.put_linux(key.prefix);
        }
    }

    /// Has the route with the lowest metric count.
    fn put_linux(&mut self, prefix: IpNet) {
        let all = RouteKey { prefix, metric: 0 }..=RouteKey { prefix, metric: u32::MAX };
        let best = self.linux.routes.range(all).next();
        let target = best.map(|(_, (target, _))| of_fpm(target.clone(), self.connection));
        self.put(prefix, Source::Linux, target);
    }

    /// Linux takes its routes over an interface that goes down away, those of IPv4 without a word.
    fn drop_routes_over(&mut self, index: u32) {
        let over = |target: &fpm::Target| match target {
            fpm::Target::Paths(paths) => paths.iter().all(|path| path.interface == Some(index)),
            _ => false,
        };
        let gone = self.linux.routes.iter().filter(|(_, (target, _))| over(target));
        let gone: Vec<_> = gone.map(|(key, _)| *key).collect();
        for key in gone {
            self.linux_route_gone(key);
        }
    }

    /// The interface and address of neighbours that nobody has confirmed for a while and that a port sends to, from after
    /// one on, at most `count`.
    pub fn stale_neighbours(&self, after: Option<NeighbourKey>, count: usize) -> Vec<(PortId, NeighbourKey)> {
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let stale =
            self.linux.neighbours.range((from, std::ops::Bound::Unbounded)).filter(|(_, known)| known.stale);
        let ours = stale.filter_map(|(key, _)| Some((*self.surroundings.ports.get(&key.index)?, *key)));
        ours.take(count).collect()
    }

    /// Whether a neighbour can be sent to.
    pub(super) fn knows_neighbour(&self, key: &NeighbourKey) -> bool {
        self.linux.neighbours.contains_key(key)
    }

    /// Neighbours that packets can be sent to, from after one on, at most `count`.
    pub fn neighbours(
        &self,
        after: Option<NeighbourKey>,
        count: usize,
    ) -> Vec<(PortId, NeighbourKey, MacAddr)> {
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let all = self.linux.neighbours.range((from, std::ops::Bound::Unbounded));
        let ours =
            all.filter_map(|(key, known)| Some((*self.surroundings.ports.get(&key.index)?, *key, known.mac)));
        ours.take(count).collect()
    }
}

/// What was not said in a round.
fn unsaid<'a, K: Copy + 'a>(said: impl IntoIterator<Item = (&'a K, &'a u32)>, round: u32) -> Vec<K> {
    said.into_iter().filter(|(_, said)| **said != round).map(|(key, _)| *key).collect()
}

/// The prefixes that follow from an address.
fn implied(address: &Address) -> Vec<(IpNet, Source)> {
    let (own, subnet) = (address.local.addr(), address.subnet);
    // Neither ever reaches the tables: the first does not leave the router, and the second is for Linux on any port.
    let on_link_only = matches!(own, IpAddr::V6(own) if own.is_unicast_link_local());
    if own.is_loopback() || on_link_only {
        return Vec::new();
    }
    let mut prefixes = vec![(IpNet::from(own), Source::Local)];
    if subnet.prefix_len() < subnet.max_prefix_len() || subnet.addr() != own {
        prefixes.push((subnet, Source::Connected));
    }
    match subnet {
        // "A router MUST NOT forward" a directed broadcast unless told to (RFC 2644): Linux says what becomes of it.
        IpNet::V4(net) if net.prefix_len() <= 30 => {
            prefixes.push((Ipv4Net::from(net.broadcast()).into(), Source::Local));
        }
        // The Subnet-Router anycast address (RFC 4291 section 2.6.1).
        IpNet::V6(net) if net.prefix_len() <= 126 && net.network() != own => {
            prefixes.push((Ipv6Net::from(net.network()).into(), Source::Local));
        }
        _ => {}
    }
    prefixes
}
