//! Reading the tables, between two bursts.

use ipnet::IpNet;

use super::PAGE;
use crate::fib::{Fib, Key, NextHop, NextHopId};
use crate::forward::Tables;

/// Next hops of the tables.
#[derive(Debug, PartialEq, Eq)]
pub struct NextHopPage {
    /// What is under each number.
    pub next_hops: Vec<(NextHopId, Option<NextHop>)>,
    /// Where to go on, `None` at the end.
    pub next: Option<u32>,
}

/// Routes of the tables, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct RoutePage {
    /// Each with its next hop, `None` when a look-up finds another.
    pub routes: Vec<(IpNet, Option<NextHopId>)>,
    /// Whether there are no more.
    pub end: bool,
}

/// Reads the next hops from `first` on, up to `highest`.
pub fn next_hop_page(tables: &Tables, first: u32, highest: u32) -> NextHopPage {
    let last = highest.min(first.saturating_add(u32::try_from(PAGE).unwrap_or(u32::MAX) - 1));
    let ids = (first..=last).filter_map(NextHopId::new);
    NextHopPage {
        next_hops: ids.map(|id| (id, tables.next_hops.get(id).cloned())).collect(),
        next: (last < highest).then(|| last + 1),
    }
}

/// Reads the routes after a prefix, those of IPv4 first.
pub fn route_page(tables: &Tables, after: Option<IpNet>) -> RoutePage {
    let mut routes = Vec::with_capacity(PAGE);
    let after6 = match after {
        None => read(&tables.ipv4, None, &mut routes),
        Some(IpNet::V4(prefix)) => read(&tables.ipv4, Some(prefix), &mut routes),
        Some(IpNet::V6(prefix)) => {
            read(&tables.ipv6, Some(prefix), &mut routes);
            return RoutePage { end: routes.len() < PAGE, routes };
        }
    };
    if after6 {
        read(&tables.ipv6, None, &mut routes);
    }
    RoutePage { end: routes.len() < PAGE, routes }
}

/// Reads routes until the page is full or there are no more; says whether there is room left.
fn read<K: Key>(fib: &Fib<K>, after: Option<K::Prefix>, page: &mut Vec<(IpNet, Option<NextHopId>)>) -> bool
where
    IpNet: From<K::Prefix>,
{
    let mut routes = fib.routes_after(after).peekable();
    while page.len() < PAGE {
        let Some((prefix, id)) = routes.next() else { return true };
        let (address, _) = K::split(prefix);
        // Of several routes that begin with the same address the last is the longest, and the one that it finds.
        let hidden = routes.peek().is_some_and(|(next, _)| K::split(*next).0 == address);
        let found = hidden || fib.lookup(address) == Some(id);
        page.push((prefix.into(), found.then_some(id)));
    }
    false
}
