//! From what a source says to what the packet thread does.

use std::collections::HashMap;
use std::net::IpAddr;

use super::groups::Groups;
use super::target::Target;
use crate::fib::{NextHop, NextHopPath, PortId};
use crate::fpm::{NextHopKind, Path};
use crate::netlink::Link;

/// Entries of [`NextHop::Paths`] at most; weights are made smaller in proportion to fit.
const SPREAD: usize = 256;

/// What targets are resolved by.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Ports by the index of their twin.
    pub(super) ports: HashMap<u32, PortId>,
    /// Interfaces of Linux by index.
    pub(super) links: HashMap<u32, Link>,
    /// FRR's next hops.
    pub(super) groups: Groups,
}

impl Surroundings {
    /// What a target comes to; `None` when no port of ours leads there.
    pub(super) fn resolve(&self, target: &Target) -> Option<NextHop> {
        match target {
            Target::Local(interfaces) => {
                interfaces.iter().any(|index| self.receives(*index)).then_some(NextHop::Local)
            }
            Target::Connected(interfaces) => {
                let port = interfaces
                    .iter()
                    .filter(|index| self.is_up(**index))
                    .find_map(|index| self.ports.get(index));
                port.map(|port| NextHop::Path(NextHopPath { port: *port, gateway: None }))
            }
            Target::Blackhole => Some(NextHop::Blackhole),
            Target::Unreachable => Some(NextHop::Unreachable),
            Target::Prohibit => Some(NextHop::Prohibit),
            Target::Paths(paths) => self.paths(paths),
            Target::Group { connection, id } => match self.groups.get(*connection, *id)? {
                NextHopKind::Blackhole => Some(NextHop::Blackhole),
                _ => self.paths(&self.groups.paths(*connection, *id)),
            },
        }
    }

    /// Whether packets for an address of this interface are for us: it is a port or inside of the router, and up.
    fn receives(&self, index: u32) -> bool {
        let link = self.links.get(&index).filter(|link| link.up);
        link.is_some_and(|link| link.internal || self.ports.contains_key(&index))
    }

    fn is_up(&self, index: u32) -> bool {
        self.links.get(&index).is_some_and(|link| link.up)
    }

    /// The way over a path, if its interface is a port that is not known to be down.
    fn way(&self, path: &Path) -> Option<NextHopPath> {
        let interface = path.interface?;
        let port = *self.ports.get(&interface)?;
        let down = self.links.get(&interface).is_some_and(|link| !link.up);
        (!down).then_some(NextHopPath { port, gateway: path.gateway })
    }

    fn paths(&self, paths: &[Path]) -> Option<NextHop> {
        let ways: Vec<(NextHopPath, u16)> =
            paths.iter().filter_map(|path| Some((self.way(path)?, path.weight))).take(SPREAD).collect();
        match ways.as_slice() {
            [] => None,
            [(way, _)] => Some(NextHop::Path(*way)),
            _ => Some(NextHop::Paths(spread(&ways))),
        }
    }
}

/// Every neighbour that a next hop is sent to by.
pub(super) fn gateways(next_hop: &NextHop) -> impl Iterator<Item = (PortId, IpAddr)> {
    let paths = match next_hop {
        NextHop::Path(path) => std::slice::from_ref(path),
        NextHop::Paths(paths) => paths,
        _ => &[],
    };
    paths.iter().filter_map(|path| Some((path.port, path.gateway?)))
}

/// Each way as often as its weight says, in all at most [`SPREAD`] entries.
fn spread(ways: &[(NextHopPath, u16)]) -> Box<[NextHopPath]> {
    let divisor =
        ways.iter().fold(0, |divisor, (_, weight)| common_divisor(divisor, usize::from(*weight))).max(1);
    let sum: usize = ways.iter().map(|(_, weight)| usize::from(*weight) / divisor).sum();
    let times = |weight: u16| {
        let weight = usize::from(weight) / divisor;
        let room = SPREAD - ways.len();
        if sum <= SPREAD { weight } else { 1 + weight * room / sum }
    };
    ways.iter().flat_map(|(way, weight)| std::iter::repeat_n(*way, times(*weight))).collect()
}

fn common_divisor(mut a: usize, mut b: usize) -> usize {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(weights: &[u16]) -> Vec<usize> {
        let way = |port| NextHopPath { port: PortId(port), gateway: None };
        let ways: Vec<_> = weights.iter().zip(0..).map(|(weight, port)| (way(port), *weight)).collect();
        let spread = spread(&ways);
        assert!(spread.len() <= SPREAD, "{} entries", spread.len());
        (0..)
            .take(weights.len())
            .map(|port| spread.iter().filter(|way| way.port == PortId(port)).count())
            .collect()
    }

    #[test]
    fn weights_become_entries() {
        for (weights, expected) in [
            (&[1, 1][..], &[1, 1][..]),
            (&[100, 50], &[2, 1]),
            (&[255, 1], &[255, 1]),
            (&[256, 1], &[254, 1]),
            (&[255, 254, 253], &[85, 85, 85]),
        ] {
            assert_eq!(times(weights), expected, "{weights:?}");
        }
        assert!(times(&[256; 256]).iter().all(|times| *times == 1), "equal weights are ones");
        assert!(times(&(1..=256).collect::<Vec<_>>()).iter().all(|times| *times >= 1), "none is left out");
    }
}
