//! Entries of a list or values of a leaf-list, shared between trees.

use super::Key;
use crate::schema::Order;
use imbl::{OrdMap, Vector, ordmap};
use std::sync::Arc;

/// Entries by key: sorted where the system orders them, else in the order that the user gave.
///
/// A clone shares everything; a change copies `O(log n)`. Only placing and removing an entry of a user-ordered list looks
/// through the order, which is `O(n)` of that one list.
#[derive(Debug, Clone)]
pub enum Entries<V: Clone> {
    /// Sorted by key.
    Sorted(OrdMap<Key, V>),
    /// In an order of its own.
    Placed(Arc<Placed<V>>),
}

/// Entries that have an order beside the key.
#[derive(Debug, Clone)]
pub struct Placed<V: Clone> {
    entries: OrdMap<Key, V>,
    order: Vector<Key>,
}

impl<V: Clone + PartialEq> Entries<V> {
    /// No entries, to be ordered by `order`.
    pub fn new(order: Order) -> Self {
        match order {
            Order::System => Self::Sorted(OrdMap::new()),
            Order::User => Self::Placed(Arc::new(Placed { entries: OrdMap::new(), order: Vector::new() })),
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.map().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.map().is_empty()
    }

    /// The entry with that key.
    pub fn get(&self, key: &Key) -> Option<&V> {
        self.map().get(key)
    }

    /// The entry with that key and the tree's own copy of the key.
    pub fn get_key_value(&self, key: &Key) -> Option<(&Key, &V)> {
        self.map().get_key_value(key)
    }

    /// Whether there is an entry with that key.
    pub fn contains(&self, key: &Key) -> bool {
        self.map().contains_key(key)
    }

    /// The entries in their order.
    pub fn iter(&self) -> Iter<'_, V> {
        match self {
            Self::Sorted(map) => Iter::Sorted(map.iter()),
            Self::Placed(placed) => Iter::Placed(placed, placed.order.iter()),
        }
    }

    /// Place of the entry in the user's order, from 0; `None` for sorted entries and for keys that are not there.
    pub fn position(&self, key: &Key) -> Option<usize> {
        match self {
            Self::Sorted(_) => None,
            Self::Placed(placed) if !placed.entries.contains_key(key) => None,
            Self::Placed(placed) => placed.order.index_of(key),
        }
    }

    /// The user's order; `None` for sorted entries.
    pub(crate) fn order(&self) -> Option<&Vector<Key>> {
        match self {
            Self::Sorted(_) => None,
            Self::Placed(placed) => Some(&placed.order),
        }
    }

    /// The entries by key, whatever their order.
    pub(crate) fn map(&self) -> &OrdMap<Key, V> {
        match self {
            Self::Sorted(map) => map,
            Self::Placed(placed) => &placed.entries,
        }
    }

    /// Whether both are the same memory, which means equal; different memory means nothing.
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sorted(a), Self::Sorted(b)) => a.ptr_eq(b),
            (Self::Placed(a), Self::Placed(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// The entry with that key, to be changed.
    pub(crate) fn get_mut(&mut self, key: &Key) -> Option<&mut V> {
        match self {
            Self::Sorted(map) => map.get_mut(key),
            Self::Placed(placed) if placed.entries.contains_key(key) => {
                Arc::make_mut(placed).entries.get_mut(key)
            }
            Self::Placed(_) => None,
        }
    }

    /// Puts an entry in; one with the key is replaced where it stands, a new one comes last.
    pub(crate) fn insert(&mut self, key: Key, value: V) {
        match self {
            Self::Sorted(map) => {
                map.insert(key, value);
            }
            Self::Placed(placed) => {
                let placed = Arc::make_mut(placed);
                if placed.entries.insert(key.clone(), value).is_none() {
                    placed.order.push_back(key);
                }
            }
        }
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<V> {
        match self {
            Self::Sorted(map) => map.remove(key),
            Self::Placed(placed) if placed.entries.contains_key(key) => {
                let placed = Arc::make_mut(placed);
                if let Some(at) = placed.order.index_of(key) {
                    placed.order.remove(at);
                }
                placed.entries.remove(key)
            }
            Self::Placed(_) => None,
        }
    }

    /// Moves an entry that is there so that it stands at `position` among the others; sorted entries stay.
    pub(crate) fn place(&mut self, key: &Key, position: usize) {
        let Self::Placed(placed) = self else { return };
        let Some(from) = placed.order.index_of(key) else { return };
        if from != position {
            let order = &mut Arc::make_mut(placed).order;
            let key = order.remove(from);
            order.insert(position.min(order.len()), key);
        }
    }
}

impl<'t, V: Clone + PartialEq> IntoIterator for &'t Entries<V> {
    type Item = (&'t Key, &'t V);
    type IntoIter = Iter<'t, V>;

    fn into_iter(self) -> Iter<'t, V> {
        self.iter()
    }
}

impl<V: Clone + PartialEq> PartialEq for Entries<V> {
    fn eq(&self, other: &Self) -> bool {
        self.ptr_eq(other)
            // A difference is looked for past all that is shared, so equal trees cost what is not.
            || (self.len() == other.len()
                && self.map().diff(other.map()).next().is_none()
                && match (self.order(), other.order()) {
                    (Some(a), Some(b)) => a.ptr_eq(b) || a == b,
                    (a, b) => a.is_none() && b.is_none(),
                })
    }
}

impl<V: Clone + Eq> Eq for Entries<V> {}

/// Entries in their order.
pub enum Iter<'t, V: Clone> {
    /// See [`Entries::Sorted`].
    Sorted(ordmap::Iter<'t, Key, V, imbl::shared_ptr::DefaultSharedPtr>),
    /// See [`Entries::Placed`].
    Placed(&'t Placed<V>, imbl::vector::Iter<'t, Key, imbl::shared_ptr::DefaultSharedPtr>),
}

impl<'t, V: Clone> Iterator for Iter<'t, V> {
    type Item = (&'t Key, &'t V);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Sorted(iter) => iter.next(),
            Self::Placed(placed, iter) => placed.entries.get_key_value(iter.next()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entries, Key, Order};

    fn keys(entries: &Entries<u8>) -> Vec<String> {
        entries.iter().map(|(key, _)| key.text().to_string()).collect()
    }

    fn filled(order: Order) -> Entries<u8> {
        let mut entries = Entries::new(order);
        for (key, value) in [("c", 1), ("a", 2), ("b", 3), ("a", 4)] {
            entries.insert(Key::new([key]), value);
        }
        entries
    }

    #[test]
    fn the_system_sorts_and_the_user_places() {
        assert_eq!(keys(&filled(Order::System)), ["a", "b", "c"]);
        let mut placed = filled(Order::User);
        assert_eq!(keys(&placed), ["c", "a", "b"]);
        assert_eq!(placed.get(&Key::new(["a"])), Some(&4));
        let before = placed.clone();
        placed.place(&Key::new(["b"]), 0);
        assert_eq!(keys(&placed), ["b", "c", "a"]);
        assert!(placed != before && placed.map() == before.map());
        placed.place(&Key::new(["b"]), 2);
        assert_eq!(keys(&placed), ["c", "a", "b"]);
        assert!(placed == before);
        placed.remove(&Key::new(["a"]));
        assert_eq!(keys(&placed), ["c", "b"]);
        assert_eq!((placed.position(&Key::new(["b"])), placed.position(&Key::new(["a"]))), (Some(1), None));
    }
}
