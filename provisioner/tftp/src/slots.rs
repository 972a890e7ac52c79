//! Sessions by number, where a number that was given up is not mistaken for its successor.

/// Number of a session: where it is, and how many had that place before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    /// As the 64 bits that epoll carries; never below 2^32.
    pub(crate) fn to_bits(self) -> u64 {
        (u64::from(self.generation) << 32) | u64::from(self.index)
    }

    /// Back from [`Key::to_bits`]; `None` below 2^32.
    pub(crate) fn from_bits(bits: u64) -> Option<Self> {
        let generation = u32::try_from(bits >> 32).ok().filter(|&generation| generation > 0)?;
        let index = u32::try_from(bits & u64::from(u32::MAX)).ok()?;
        Some(Self { index, generation })
    }
}

/// Values by [`Key`].
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slots: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    pub(crate) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn insert(&mut self, value: T) -> Key {
        if let Some(index) = self.free.pop()
            && let Some((generation, slot)) = self.slots.get_mut(index as usize)
        {
            // Zero is kept for numbers that are no session's.
            *generation = generation.checked_add(1).unwrap_or(1);
            *slot = Some(value);
            return Key { index, generation: *generation };
        }
        // The sessions are bounded far below 2^32 by the limit of open files.
        let index = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.slots.push((1, Some(value)));
        Key { index, generation: 1 }
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.slots.get_mut(key.index as usize) {
            Some((generation, slot)) if *generation == key.generation => slot.as_mut(),
            _ => None,
        }
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        let (generation, slot) = self.slots.get_mut(key.index as usize)?;
        let value = slot.take_if(|_| *generation == key.generation)?;
        self.free.push(key.index);
        Some(value)
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = T> {
        self.free.clear();
        std::mem::take(&mut self.slots).into_iter().filter_map(|(_, slot)| slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_find_its_successor() {
        let mut slots = Slots::new();
        let first = slots.insert('a');
        assert_eq!(slots.remove(first), Some('a'));
        assert_eq!(slots.remove(first), None);
        let second = slots.insert('b');
        assert_eq!(slots.get_mut(first), None);
        assert_eq!((slots.len(), slots.remove(first)), (1, None));
        assert_eq!(slots.get_mut(second), Some(&mut 'b'));
        slots.insert('c');
        assert_eq!(slots.drain().collect::<String>(), "bc");
        assert_eq!(slots.len(), 0);
    }

    #[test]
    fn keys_travel_as_bits() {
        let mut slots = Slots::new();
        let key = slots.insert(());
        assert_eq!(Key::from_bits(key.to_bits()), Some(key));
        assert_eq!(Key::from_bits(7), None);
        assert_eq!(Key::from_bits(u64::from(u32::MAX)), None);
    }
}
