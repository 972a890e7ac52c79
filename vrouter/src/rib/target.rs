//! Where routes lead, as their sources say it, numbered and shared.

use std::collections::HashMap;

use crate::fib::{NextHop, NextHopId};
use crate::fpm::Path;

/// Where a route leads. Interfaces are Linux's indexes: which port that is, and whether there is one, changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// To us, if one of these interfaces can receive. Sorted.
    Local(Box<[u32]>),
    /// To the link of the first of these interfaces that can send. Sorted.
    Connected(Box<[u32]>),
    /// Drop silently.
    Blackhole,
    /// Drop, and tell the source that there is no way.
    Unreachable,
    /// Drop, and tell the source that it is forbidden.
    Prohibit,
    /// To these.
    Paths(Box<[Path]>),
    /// To a next hop that FRR keeps under a number, in the numbering of one connection.
    Group {
        /// Which connection.
        connection: u32,
        /// Its number there.
        id: u32,
    },
}

/// A target in use.
#[derive(Debug)]
struct Slot {
    target: Target,
    users: u32,
    /// What it comes to; `None` when no port of ours leads there. The FIB has it under the same number.
    resolved: Option<NextHop>,
}

/// Targets by number, each counted by the routes that use it. Their numbers are those of next hops in the FIB.
#[derive(Debug)]
pub(super) struct Targets {
    /// Number n is at place n - 1.
    slots: Vec<Option<Slot>>,
    numbers: HashMap<Target, NextHopId>,
    free: Vec<NextHopId>,
    limit: u32,
}

/// All numbers are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Targets {
    pub(super) fn new(limit: u32) -> Self {
        let limit = limit.min(NextHopId::MAX);
        Self { slots: Vec::new(), numbers: HashMap::new(), free: Vec::new(), limit }
    }

    /// The number of a target for one more user, and whether it is new; then its resolution is to be set.
    pub(super) fn acquire(&mut self, target: Target) -> Result<(NextHopId, bool), Full> {
        if let Some(id) = self.numbers.get(&target).copied() {
            if let Some(slot) = self.slot_mut(id) {
                slot.users += 1;
            }
            return Ok((id, false));
        }
        let id = if let Some(id) = self.free.pop() {
            id
        } else {
            let number = u32::try_from(self.slots.len() + 1).ok().filter(|number| *number <= self.limit);
            let id = number.and_then(NextHopId::new).ok_or(Full)?;
            self.slots.push(None);
            id
        };
        self.slots[id.get() as usize - 1] = Some(Slot { target: target.clone(), users: 1, resolved: None });
        self.numbers.insert(target, id);
        Ok((id, true))
    }

    /// One user less. The last one frees the number; then what it came to is handed back, if anything.
    pub(super) fn release(&mut self, id: NextHopId) -> Option<NextHop> {
        let slot = self.slot_mut(id)?;
        slot.users -= 1;
        if slot.users > 0 {
            return None;
        }
        let slot = self.slots[id.get() as usize - 1].take()?;
        self.numbers.remove(&slot.target);
        self.free.push(id);
        slot.resolved
    }

    /// The number of a target that is in use.
    pub(super) fn find(&self, target: &Target) -> Option<NextHopId> {
        self.numbers.get(target).copied()
    }

    /// What a target comes to.
    pub(super) fn resolved(&self, id: NextHopId) -> Option<&NextHop> {
        self.slot(id)?.resolved.as_ref()
    }

    /// Says what a target comes to; hands back what it came to before.
    pub(super) fn resolve(&mut self, id: NextHopId, to: Option<NextHop>) -> Option<NextHop> {
        std::mem::replace(&mut self.slot_mut(id)?.resolved, to)
    }

    /// The target with a number.
    pub(super) fn get(&self, id: NextHopId) -> Option<&Target> {
        self.slot(id).map(|slot| &slot.target)
    }

    /// Every number in use with its target.
    pub(super) fn all(&self) -> impl Iterator<Item = (NextHopId, &Target)> {
        self.slots
            .iter()
            .zip(1..)
            .filter_map(|(slot, number)| Some((NextHopId::new(number)?, &slot.as_ref()?.target)))
    }

    /// The highest number that was ever in use.
    pub(super) fn highest(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    fn slot(&self, id: NextHopId) -> Option<&Slot> {
        self.slots.get(id.get() as usize - 1)?.as_ref()
    }

    fn slot_mut(&mut self, id: NextHopId) -> Option<&mut Slot> {
        self.slots.get_mut(id.get() as usize - 1)?.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_link(interface: u32) -> Target {
        Target::Paths([Path { gateway: None, interface: Some(interface), weight: 1 }].into())
    }

    #[test]
    fn equal_targets_share_a_number_until_the_last_user_goes() {
        let mut targets = Targets::new(2);
        let (first, new) = targets.acquire(on_link(1)).unwrap();
        assert!(new);
        assert_eq!(targets.acquire(on_link(1)), Ok((first, false)));
        let (second, _) = targets.acquire(on_link(2)).unwrap();
        assert_eq!(targets.acquire(on_link(3)), Err(Full));
        targets.resolve(first, Some(NextHop::Blackhole));
        assert_eq!(targets.release(first), None);
        assert_eq!(targets.find(&on_link(1)), Some(first));
        assert_eq!(targets.release(first), Some(NextHop::Blackhole));
        assert_eq!((targets.find(&on_link(1)), targets.resolved(first)), (None, None));
        assert_eq!(targets.acquire(on_link(3)), Ok((first, true)), "a free number is used again");
        assert_ne!(first, second);
        assert_eq!((targets.all().count(), targets.highest()), (2, 2));
    }
}
