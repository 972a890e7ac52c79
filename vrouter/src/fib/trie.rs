//! Longest prefix match by expanded tables.
//!
//! The first table is indexed by the first 16 or 24 bits of an address, each further one by the next 8. An entry either
//! leads to a further table or is the answer, with the length of the prefix that it comes from: so an update knows
//! which entries it may overwrite, and a lookup is one load for most of IPv4 and never touches a shorter prefix.
//!
//! Prefixes of less than 8 bits have a small table of their own, asked when the others have no answer. In the first
//! table a default route would fill 16 million entries: packets would wait for that for milliseconds, and every page of
//! the table would be in memory.

use super::key::Key;

/// Bits of the index of every table but the first.
const STRIDE: u8 = 8;
const CHUNK: usize = 1 << STRIDE;
/// Shorter prefixes than this are in the table of their own.
const SHORT: u8 = 8;

/// Highest value that an entry can hold.
pub(super) const MAX_VALUE: u32 = (1 << 23) - 1;

/// Empty (0), an answer (length in bits 23 to 30, value in the lower 23), or bit 31 and the number of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry(u32);

impl Entry {
    const EMPTY: Self = Self(0);
    const TABLE: u32 = 1 << 31;

    const fn answer(length: u8, value: u32) -> Self {
        Self(((length as u32) << 23) | value)
    }

    const fn table(number: u32) -> Self {
        Self(Self::TABLE | number)
    }

    /// The number of the table that it leads to.
    #[inline]
    const fn next(self) -> Option<usize> {
        if self.0 & Self::TABLE == 0 { None } else { Some((self.0 & !Self::TABLE) as usize) }
    }

    /// Length of the prefix that an answer comes from; 0 when empty.
    const fn length(self) -> u8 {
        ((self.0 >> 23) & 0xff) as u8
    }

    /// The value of an answer; 0 when empty.
    #[inline]
    const fn value(self) -> u32 {
        self.0 & MAX_VALUE
    }
}

/// What an update writes over.
#[derive(Clone, Copy)]
enum Over {
    /// Answers of this or a shorter prefix, and nothing.
    UpTo(u8),
    /// Answers of exactly this length. Inside a prefix there is only one such: itself.
    Exactly(u8),
}

impl Over {
    fn covers(self, entry: Entry) -> bool {
        match self {
            Self::UpTo(length) => entry.length() <= length,
            Self::Exactly(length) => entry != Entry::EMPTY && entry.length() == length,
        }
    }
}

/// Where an update is: in which table, and how many bits lead there.
#[derive(Clone, Copy)]
enum Place {
    Short,
    Root,
    Chunk(usize),
}

/// The tables.
#[derive(Debug)]
pub(super) struct Trie<K> {
    short: [Entry; 1 << SHORT],
    root: Vec<Entry>,
    root_bits: u8,
    chunks: Vec<[Entry; CHUNK]>,
    /// Numbers of tables that are not used.
    free: Vec<u32>,
    _key: std::marker::PhantomData<K>,
}

impl<K: Key> Trie<K> {
    /// Empty tables, the first with `root_bits` (at most 24) bits.
    pub(super) fn new(root_bits: u8) -> Self {
        Self {
            short: [Entry::EMPTY; 1 << SHORT],
            root: vec![Entry::EMPTY; 1 << root_bits],
            root_bits,
            chunks: Vec::new(),
            free: Vec::new(),
            _key: std::marker::PhantomData,
        }
    }

    /// The value of the longest prefix that the address is in; 0 when there is none.
    #[inline]
    pub(super) fn lookup(&self, key: K) -> u32 {
        self.follow(self.root[key.bits(0, self.root_bits)], key)
    }

    /// As [`Self::lookup`] for many. All first loads are under way before the first is needed: the processor waits for
    /// memory once per batch and not once per address.
    #[inline]
    pub(super) fn lookup_batch(&self, keys: &[K], values: &mut [u32]) {
        for (value, key) in values.iter_mut().zip(keys) {
            *value = self.root[key.bits(0, self.root_bits)].0;
        }
        for (value, key) in values.iter_mut().zip(keys) {
            *value = self.follow(Entry(*value), *key);
        }
    }

    /// The answer that an entry of the first table leads to.
    #[inline]
    fn follow(&self, mut entry: Entry, key: K) -> u32 {
        let mut depth = self.root_bits;
        while let Some(table) = entry.next() {
            entry = self.chunks[table][key.bits(depth, STRIDE)];
            depth += STRIDE;
        }
        if entry == Entry::EMPTY { self.short[key.bits(0, SHORT)].value() } else { entry.value() }
    }

    /// How many new tables [`Self::insert`] of the prefix would take.
    pub(super) fn missing(&self, key: K, length: u8) -> usize {
        let (mut place, mut depth, mut stride) = (Place::Root, 0, self.root_bits);
        while length > depth + stride {
            depth += stride;
            let Some(table) = self.entry(place, key.bits(depth - stride, stride)).next() else {
                return usize::from((length - depth).div_ceil(STRIDE));
            };
            (place, stride) = (Place::Chunk(table), STRIDE);
        }
        0
    }

    /// Tables in use, the first not counted.
    pub(super) fn used(&self) -> usize {
        self.chunks.len() - self.free.len()
    }

    /// Bytes that the tables hold.
    pub(super) fn bytes(&self) -> usize {
        (self.root.len() + self.chunks.len() * CHUNK) * size_of::<Entry>()
    }

    /// Adds a prefix or changes its value, which is 1 to [`MAX_VALUE`].
    pub(super) fn insert(&mut self, key: K, length: u8, value: u32) {
        let (place, stride) = self.first(length);
        self.write(place, 0, stride, key, length, Over::UpTo(length), Entry::answer(length, value));
    }

    /// Takes a prefix away that was added; `cover` is the next shorter one around it and its value.
    pub(super) fn remove(&mut self, key: K, length: u8, cover: Option<(u8, u32)>) {
        let (place, stride) = self.first(length);
        let same_table = |(cover, _): &(u8, u32)| (*cover < SHORT) == (length < SHORT);
        let cover = cover.filter(same_table);
        let entry = cover.map_or(Entry::EMPTY, |(length, value)| Entry::answer(length, value));
        self.write(place, 0, stride, key, length, Over::Exactly(length), entry);
    }

    /// The table that prefixes of a length begin in, and how many bits it is indexed by.
    fn first(&self, length: u8) -> (Place, u8) {
        if length < SHORT { (Place::Short, SHORT) } else { (Place::Root, self.root_bits) }
    }

    fn entry(&self, place: Place, index: usize) -> Entry {
        match place {
            Place::Short => self.short[index],
            Place::Root => self.root[index],
            Place::Chunk(table) => self.chunks[table][index],
        }
    }

    fn entry_mut(&mut self, place: Place, index: usize) -> &mut Entry {
        match place {
            Place::Short => &mut self.short[index],
            Place::Root => &mut self.root[index],
            Place::Chunk(table) => &mut self.chunks[table][index],
        }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "a recursion: where it is, and what does not change on the way"
    )]
    fn write(&mut self, place: Place, depth: u8, stride: u8, key: K, length: u8, over: Over, new: Entry) {
        let first = key.bits(depth, stride);
        let below = depth + stride;
        if length <= below {
            for index in first..first + (1 << (below - length)) {
                self.overwrite(place, index, over, new);
            }
            return;
        }
        let entry = self.entry(place, first);
        let table = entry.next().unwrap_or_else(|| {
            let table = self.take_chunk(entry);
            *self.entry_mut(place, first) = Entry::table(u32::try_from(table).unwrap_or(0));
            table
        });
        self.write(Place::Chunk(table), below, STRIDE, key, length, over, new);
        self.merge(place, first, table, below);
    }

    /// Writes one entry, or all that it leads to.
    fn overwrite(&mut self, place: Place, index: usize, over: Over, new: Entry) {
        let entry = self.entry(place, index);
        match entry.next() {
            None if over.covers(entry) => *self.entry_mut(place, index) = new,
            None => {}
            Some(table) => {
                for index in 0..CHUNK {
                    self.overwrite(Place::Chunk(table), index, over, new);
                }
            }
        }
    }

    /// Gives a table back when one entry above it can say the same: when all its answers come from one prefix that is
    /// no longer than the `depth` bits that lead to the table.
    fn merge(&mut self, place: Place, index: usize, table: usize, depth: u8) {
        let chunk = &self.chunks[table];
        let one = chunk[0];
        if one.next().is_none() && one.length() <= depth && chunk.iter().all(|entry| *entry == one) {
            *self.entry_mut(place, index) = one;
            self.free.push(u32::try_from(table).unwrap_or(0));
        }
    }

    /// A table filled with one entry.
    fn take_chunk(&mut self, fill: Entry) -> usize {
        if let Some(table) = self.free.pop() {
            self.chunks[table as usize] = [fill; CHUNK];
            return table as usize;
        }
        self.chunks.push([fill; CHUNK]);
        self.chunks.len() - 1
    }
}
