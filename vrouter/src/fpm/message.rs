//! What FRR tells.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// Linux's number of the table that packets are forwarded by.
pub const MAIN_TABLE: u32 = 254;

/// What one netlink message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FpmMessage {
    /// There is this route; it takes the place of another with the same key.
    RouteAdd(Route),
    /// There is no such route any more.
    RouteDelete(RouteKey),
    /// There is this next hop; it takes the place of another with the same number.
    NextHopAdd(NextHop),
    /// There is no such next hop any more.
    NextHopDelete(u32),
    /// A message of another type, which says nothing about routes.
    Other(u16),
}

/// What makes a route distinct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteKey {
    /// Linux's number of the table; 254 is the main one.
    pub table: u32,
    /// The destination, with host bits cleared.
    pub prefix: IpNet,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Table and destination.
    pub key: RouteKey,
    /// Linux's number of the protocol that it comes from, such as 186 for BGP.
    pub protocol: u8,
    /// Lower is better.
    pub metric: u32,
    /// Where it leads.
    pub target: Target,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Drop silently.
    Blackhole,
    /// Drop, and tell the source that there is no way.
    Unreachable,
    /// Drop, and tell the source that it is forbidden.
    Prohibit,
    /// To one of these. Never empty.
    Paths(Vec<Path>),
    /// To the next hop with this number.
    NextHop(u32),
}

/// One way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    /// The next router, which may be of the other family (RFC 8950); `None` when the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// Linux's index of the interface.
    pub interface: Option<u32>,
    /// Share of the traffic, 1 to 256.
    pub weight: u16,
}

/// A next hop, which routes refer to by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextHop {
    /// Its number, never 0.
    pub id: u32,
    /// What it is.
    pub kind: NextHopKind,
}

/// Kinds of next hops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextHopKind {
    /// Drop.
    Blackhole,
    /// One way out.
    Path(Path),
    /// Several next hops, by number and weight (1 to 256). Never empty.
    Group(Vec<(u32, u16)>),
}

impl fmt::Display for FpmMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RouteAdd(Route { key, protocol, metric, target }) => {
                write!(f, "route {key} protocol {protocol} metric {metric} {target}")
            }
            Self::RouteDelete(key) => write!(f, "no route {key}"),
            Self::NextHopAdd(NextHop { id, kind }) => write!(f, "next hop {id} {kind}"),
            Self::NextHopDelete(id) => write!(f, "no next hop {id}"),
            Self::Other(kind) => write!(f, "message of type {kind}"),
        }
    }
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} table {}", self.prefix, self.table)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blackhole => f.write_str("blackhole"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Prohibit => f.write_str("prohibit"),
            Self::Paths(paths) => list(f, paths),
            Self::NextHop(id) => write!(f, "next hop {id}"),
        }
    }
}

impl fmt::Display for NextHopKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blackhole => f.write_str("blackhole"),
            Self::Path(path) => path.fmt(f),
            Self::Group(members) => {
                f.write_str("group")?;
                members.iter().try_for_each(|(id, weight)| write!(f, " {id}*{weight}"))
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.gateway {
            Some(gateway) => write!(f, "via {gateway}")?,
            None => f.write_str("on link")?,
        }
        if let Some(interface) = self.interface {
            write!(f, " interface {interface}")?;
        }
        write!(f, " weight {}", self.weight)
    }
}

/// Items with a comma between them.
fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            f.write_str(", ")?;
        }
        item.fmt(f)?;
    }
    Ok(())
}
