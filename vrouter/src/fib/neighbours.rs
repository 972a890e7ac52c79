//! Who has which hardware address, as Linux learnt it on the twins.

use std::cell::Cell;
use std::collections::HashMap;
use std::net::IpAddr;

use thiserror::Error;

use super::nexthops::PortId;
use crate::packet::MacAddr;

/// There are as many neighbours as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("all {limit} neighbours are in use; {address} was not added, packets to it go through Linux")]
pub struct NeighboursFull {
    /// How many there may be.
    pub limit: usize,
    /// Whom there was no room for.
    pub address: IpAddr,
}

/// Neighbours by port and address.
#[derive(Debug)]
pub struct Neighbours {
    table: HashMap<(PortId, IpAddr), Neighbour>,
    limit: usize,
}

#[derive(Debug)]
struct Neighbour {
    mac: MacAddr,
    /// Whether it was asked for since [`Neighbours::take_used`]. Only the packet thread has the table.
    used: Cell<bool>,
}

impl Neighbours {
    /// Room for `limit` neighbours.
    pub fn new(limit: usize) -> Self {
        Self { table: HashMap::new(), limit }
    }

    /// Adds a neighbour or changes its hardware address.
    ///
    /// # Errors
    /// When it is new and there is no room.
    pub fn set(&mut self, port: PortId, address: IpAddr, mac: MacAddr) -> Result<(), NeighboursFull> {
        if let Some(neighbour) = self.table.get_mut(&(port, address)) {
            neighbour.mac = mac;
            return Ok(());
        }
        if self.table.len() >= self.limit {
            return Err(NeighboursFull { limit: self.limit, address });
        }
        self.table.insert((port, address), Neighbour { mac, used: Cell::new(false) });
        Ok(())
    }

    /// Forgets a neighbour; false when it was not known.
    pub fn remove(&mut self, port: PortId, address: IpAddr) -> bool {
        self.table.remove(&(port, address)).is_some()
    }

    /// The hardware address of a neighbour, to send to it.
    #[inline]
    pub fn get(&self, port: PortId, address: IpAddr) -> Option<MacAddr> {
        let neighbour = self.table.get(&(port, address))?;
        neighbour.used.set(true);
        Some(neighbour.mac)
    }

    /// Whether a neighbour was sent to since this was last asked. Linux does not see what is forwarded and would let
    /// the entry grow old.
    pub fn take_used(&self, port: PortId, address: IpAddr) -> bool {
        self.table.get(&(port, address)).is_some_and(|neighbour| neighbour.used.take())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_address_on_two_ports_is_two_neighbours() {
        let mut neighbours = Neighbours::new(2);
        let (address, a, b) = (IpAddr::from([10, 0, 0, 1]), MacAddr([2; 6]), MacAddr([4; 6]));
        neighbours.set(PortId(0), address, a).unwrap();
        neighbours.set(PortId(1), address, b).unwrap();
        assert_eq!(
            (neighbours.get(PortId(0), address), neighbours.get(PortId(1), address)),
            (Some(a), Some(b))
        );
        let full = neighbours.set(PortId(2), address, a);
        assert_eq!(full, Err(NeighboursFull { limit: 2, address }));
        neighbours.set(PortId(0), address, b).expect("a change needs no room");
        assert!(neighbours.remove(PortId(0), address) && !neighbours.remove(PortId(0), address));
        neighbours.set(PortId(2), address, a).expect("there is room again");
        assert_eq!(neighbours.len(), 2);
    }

    #[test]
    fn use_is_seen_once() {
        let mut neighbours = Neighbours::new(2);
        let address = IpAddr::from([10, 0, 0, 1]);
        neighbours.set(PortId(0), address, MacAddr([2; 6])).unwrap();
        assert!(!neighbours.take_used(PortId(0), address));
        neighbours.get(PortId(0), address);
        neighbours.set(PortId(0), address, MacAddr([4; 6])).unwrap();
        assert!(neighbours.take_used(PortId(0), address), "a change of the address keeps it");
        assert!(!neighbours.take_used(PortId(0), address));
        assert!(!neighbours.take_used(PortId(1), address));
    }
}
