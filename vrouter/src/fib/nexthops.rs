//! Next hops, numbered and shared by routes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;

use thiserror::Error;

use super::trie::MAX_VALUE;

/// Number of a next hop; it fits in the entries of a [`super::Fib`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NextHopId(NonZeroU32);

impl NextHopId {
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

/// No number is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("all {limit} next hops are in use; the route was not added")]
pub struct NextHopsFull {
    /// How many there may be.
    pub limit: u32,
}

/// Next hops by number, each counted by the routes that use it. Equal ones share a number.
#[derive(Debug)]
pub struct NextHops {
    /// Number n is at place n; place 0 stays empty.
    slots: Vec<Option<(NextHop, u32)>>,
    numbers: HashMap<NextHop, NextHopId>,
    free: Vec<NextHopId>,
    limit: u32,
}

impl NextHops {
    /// Room for `limit` next hops, at most 2^23 - 1.
    pub fn new(limit: u32) -> Self {
        Self { slots: vec![None], numbers: HashMap::new(), free: Vec::new(), limit: limit.min(MAX_VALUE) }
    }

    /// The number of a next hop, for one more user.
    ///
    /// # Errors
    /// When it is new and no number is free.
    pub fn acquire(&mut self, next_hop: NextHop) -> Result<NextHopId, NextHopsFull> {
        if let Some(id) = self.numbers.get(&next_hop).copied() {
            if let Some((_, users)) = self.slots[id.get() as usize].as_mut() {
                *users += 1;
            }
            return Ok(id);
        }
        let id = if let Some(id) = self.free.pop() {
            id
        } else {
            let number = u32::try_from(self.slots.len()).ok().filter(|number| *number <= self.limit);
            let id = number.and_then(NextHopId::new).ok_or(NextHopsFull { limit: self.limit })?;
            self.slots.push(None);
            id
        };
        self.slots[id.get() as usize] = Some((next_hop.clone(), 1));
        self.numbers.insert(next_hop, id);
        Ok(id)
    }

    /// One user less; the last one frees the number.
    pub fn release(&mut self, id: NextHopId) {
        let Some(slot) = self.slots.get_mut(id.get() as usize) else { return };
        if let Some((_, users)) = slot
            && *users > 1
        {
            *users -= 1;
        } else if let Some((next_hop, _)) = slot.take() {
            self.numbers.remove(&next_hop);
            self.free.push(id);
        }
    }

    /// The next hop with a number.
    #[inline]
    pub fn get(&self, id: NextHopId) -> Option<&NextHop> {
        self.slots.get(id.get() as usize)?.as_ref().map(|(next_hop, _)| next_hop)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(last: u8) -> NextHop {
        NextHop::Path(NextHopPath { port: PortId(0), gateway: Some([10, 0, 0, last].into()) })
    }

    #[test]
    fn equal_next_hops_share_a_number_until_the_last_user_goes() {
        let mut hops = NextHops::new(10);
        let first = hops.acquire(via(1)).unwrap();
        assert_eq!(hops.acquire(via(1)).unwrap(), first);
        let second = hops.acquire(via(2)).unwrap();
        assert_ne!(first, second);
        hops.release(first);
        assert_eq!(hops.get(first), Some(&via(1)));
        hops.release(first);
        assert_eq!((hops.get(first), hops.len()), (None, 1));
        hops.release(first);
        assert_eq!(hops.acquire(via(3)).unwrap(), first, "a free number is used again, and once");
        assert_ne!(hops.acquire(via(4)).unwrap(), first);
    }

    #[test]
    fn the_limit_is_said_and_kept() {
        let mut hops = NextHops::new(2);
        let first = hops.acquire(NextHop::Local).unwrap();
        hops.acquire(NextHop::Blackhole).unwrap();
        assert_eq!(hops.acquire(via(1)), Err(NextHopsFull { limit: 2 }));
        assert_eq!(hops.acquire(NextHop::Local), Ok(first), "no new number is needed");
        assert_eq!((NextHopId::new(0), NextHopId::new(MAX_VALUE + 1)), (None, None));
    }
}
