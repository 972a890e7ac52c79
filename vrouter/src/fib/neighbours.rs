//! Who has which hardware address, as Linux learnt it on the twins.

use std::collections::HashMap;
use std::net::IpAddr;

use thiserror::Error;

use super::nexthops::PortId;
use crate::packet::MacAddr;

/// There are as many neighbours as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("all {limit} neighbours are in use; {address} was not added, packets to it are dropped")]
pub struct NeighboursFull {
    /// How many there may be.
    pub limit: usize,
    /// Whom there was no room for.
    pub address: IpAddr,
}

/// Neighbours by port and address.
#[derive(Debug)]
pub struct Neighbours {
    table: HashMap<(PortId, IpAddr), MacAddr>,
    limit: usize,
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
        if self.table.len() >= self.limit && !self.table.contains_key(&(port, address)) {
            return Err(NeighboursFull { limit: self.limit, address });
        }
        self.table.insert((port, address), mac);
        Ok(())
    }

    /// Forgets a neighbour; false when it was not known.
    pub fn remove(&mut self, port: PortId, address: IpAddr) -> bool {
        self.table.remove(&(port, address)).is_some()
    }

    /// The hardware address of a neighbour.
    #[inline]
    pub fn get(&self, port: PortId, address: IpAddr) -> Option<MacAddr> {
        self.table.get(&(port, address)).copied()
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
    }
}
