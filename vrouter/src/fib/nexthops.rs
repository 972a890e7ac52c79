//! Next hops by number. Who numbers them is the RIB; the packet thread only looks them up.

use std::net::IpAddr;
use std::num::NonZeroU32;

use thiserror::Error;

use super::trie::MAX_VALUE;

/// Number of a next hop; it fits in the entries of a [`super::Fib`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NextHopId(NonZeroU32);

impl NextHopId {
    /// The highest number.
    pub const MAX: u32 = MAX_VALUE;

    /// The number, if it is one: 0 means "none", and the highest is 2^23 - 1.
    #[inline]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) if number.get() <= MAX_VALUE => Some(Self(number)),
            _ => None,
        }
    }

    /// The number.
    #[inline]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

/// Number of a port, counted from 0 in the order of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortId(pub u16);

/// One way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NextHopPath {
    /// The port to send on.
    pub port: PortId,
    /// The next router; `None` when the destination itself is on the link.
    pub gateway: Option<IpAddr>,
}

/// What to do with a packet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NextHop {
    /// It is for us: give it to Linux through the twin of the port that it came in on.
    Local,
    /// Drop silently.
    Blackhole,
    /// Drop, and tell the source that there is no way.
    Unreachable,
    /// Drop, and tell the source that it is forbidden.
    Prohibit,
    /// Send.
    Path(NextHopPath),
    /// Send on one of these, chosen by the packet's flow; a path stands there as often as its weight.
    Paths(Box<[NextHopPath]>),
}

/// A number beyond the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("next hop {number} is beyond the {limit} that the table has room for; raise tables.next_hops")]
pub struct NextHopsFull {
    /// The number.
    pub number: u32,
    /// How many there may be.
    pub limit: u32,
}

/// Next hops by number. Routes hold the numbers, so that a next hop can change without touching its routes.
#[derive(Debug)]
pub struct NextHops {
    /// Number n is at place n; place 0 stays empty.
    slots: Vec<Option<NextHop>>,
    used: usize,
    limit: u32,
}

impl NextHops {
    /// Room for the numbers 1 to `limit`, at most 2^23 - 1.
    pub fn new(limit: u32) -> Self {
        Self { slots: vec![None], used: 0, limit: limit.min(MAX_VALUE) }
    }

    /// Puts a next hop under a number, in the place of what is there.
    ///
    /// # Errors
    /// When the number is beyond the table.
    pub fn set(&mut self, id: NextHopId, next_hop: NextHop) -> Result<(), NextHopsFull> {
        if id.get() > self.limit {
            return Err(NextHopsFull { number: id.get(), limit: self.limit });
        }
        let place = id.get() as usize;
        if place >= self.slots.len() {
            self.slots.resize_with(place + 1, || None);
        }
        self.used += usize::from(self.slots[place].replace(next_hop).is_none());
        Ok(())
    }

    /// Puts a next hop under the number after the highest that was ever in use: for tables that are filled once.
    ///
    /// # Errors
    /// When that is beyond the table.
    pub fn push(&mut self, next_hop: NextHop) -> Result<NextHopId, NextHopsFull> {
        let number = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let id = NextHopId::new(number).ok_or(NextHopsFull { number, limit: self.limit })?;
        self.set(id, next_hop).map(|()| id)
    }

    /// Empties a number. No route may hold it any more.
    pub fn clear(&mut self, id: NextHopId) {
        let slot = self.slots.get_mut(id.get() as usize);
        self.used -= usize::from(slot.and_then(Option::take).is_some());
    }

    /// The next hop with a number.
    #[inline]
    pub fn get(&self, id: NextHopId) -> Option<&NextHop> {
        self.slots.get(id.get() as usize)?.as_ref()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(last: u8) -> NextHop {
        NextHop::Path(NextHopPath { port: PortId(0), gateway: Some([10, 0, 0, last].into()) })
    }

    fn id(number: u32) -> NextHopId {
        NextHopId::new(number).unwrap()
    }

    #[test]
    fn a_number_holds_what_was_last_put_there() {
        let mut hops = NextHops::new(10);
        hops.set(id(7), via(1)).unwrap();
        hops.set(id(2), NextHop::Local).unwrap();
        hops.set(id(7), via(2)).unwrap();
        assert_eq!((hops.get(id(7)), hops.get(id(2)), hops.len()), (Some(&via(2)), Some(&NextHop::Local), 2));
        assert_eq!((hops.get(id(1)), hops.get(id(9))), (None, None));
        hops.clear(id(7));
        hops.clear(id(7));
        hops.clear(id(9));
        assert_eq!((hops.get(id(7)), hops.len()), (None, 1));
    }

    #[test]
    fn the_limit_is_said_and_kept() {
        let mut hops = NextHops::new(2);
        assert_eq!(hops.set(id(3), NextHop::Local), Err(NextHopsFull { number: 3, limit: 2 }));
        assert!(hops.is_empty());
        assert_eq!(hops.push(NextHop::Local), Ok(id(1)));
        assert_eq!(hops.push(NextHop::Local), Ok(id(2)));
        assert_eq!(hops.push(NextHop::Local), Err(NextHopsFull { number: 3, limit: 2 }));
        assert_eq!((NextHopId::new(0), NextHopId::new(MAX_VALUE + 1)), (None, None));
    }
}
