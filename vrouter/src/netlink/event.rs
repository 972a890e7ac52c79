//! What Linux tells of its interfaces, as events.

use std::net::IpAddr;

use ipnet::IpNet;

use super::error::MessageError;
use super::wire::{Message, next_message};
use super::{address, link, neighbour, route};
use crate::fpm::Target;
use crate::packet::MacAddr;

/// One thing that Linux tells. Each says how it is, not what changed, so that it does no harm to hear it twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// What there is follows, up to [`Self::Complete`]. What is not in it is gone.
    Begin,
    /// All that there is has been said.
    Complete,
    /// There is this interface.
    Link(Link),
    /// There is no such interface any more.
    LinkGone(u32),
    /// There is this address.
    Address(Address),
    /// There is no such address any more.
    AddressGone(Address),
    /// There is this neighbour.
    Neighbour(Neighbour),
    /// There is no such neighbour any more.
    NeighbourGone(NeighbourKey),
    /// There is this route in the main table.
    Route(RouteKey, Target),
    /// There is no such route any more.
    RouteGone(RouteKey),
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its index.
    pub index: u32,
    /// Its hardware address, when it is one of Ethernet.
    pub mac: Option<MacAddr>,
    /// Largest IP packet in bytes.
    pub mtu: u32,
    /// Whether it is set up. It may be without a carrier.
    pub up: bool,
    /// Whether it only holds addresses of the router itself: the loopback interface and dummies.
    pub internal: bool,
}

/// An address of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Index of the interface.
    pub index: u32,
    /// The address with the length of its subnet.
    pub local: IpNet,
    /// The subnet that is on the link: that of the address, or the other end of a point-to-point link.
    pub subnet: IpNet,
    /// Whether it is of the link only.
    pub link_scope: bool,
}

/// Who a neighbour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NeighbourKey {
    /// Index of the interface.
    pub index: u32,
    /// The neighbour's address.
    pub address: IpAddr,
}

/// What Linux knows of a neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Who it is.
    pub key: NeighbourKey,
    /// Where to send to; `None` when nobody answered (yet).
    pub mac: Option<MacAddr>,
    /// Whether nobody has confirmed it for a while.
    pub stale: bool,
}

/// What makes a route of Linux distinct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteKey {
    /// The destination.
    pub prefix: IpNet,
    /// Lower is better.
    pub metric: u32,
}

/// Reads a datagram of netlink and hands over what it says that is of use here. What is not understood is handed over as
/// an error, and what follows is read.
pub fn read_events(mut datagram: &[u8], mut take: impl FnMut(Result<Event, MessageError>)) {
    while let Some(message) = next_message(&mut datagram) {
        if let Some(event) = message.and_then(|message| read(&message)).transpose() {
            take(event);
        }
    }
}

/// Reads one message; `None` when it says nothing of use.
pub(super) fn read(message: &Message<'_>) -> Result<Option<Event>, MessageError> {
    match message.kind {
        link::RTM_NEWLINK | link::RTM_DELLINK => link::read(message),
        address::RTM_NEWADDR | address::RTM_DELADDR => address::read(message),
        neighbour::RTM_NEWNEIGH | neighbour::RTM_DELNEIGH => neighbour::read(message),
        route::RTM_NEWROUTE | route::RTM_DELROUTE => route::read(*message),
        _ => Ok(None),
    }
}
