//! The items of a server: by key, and in the order of their last use.

use crate::cache::{Index, List, Lookup as _, Naming as _, Nodes};
use crate::clock::Instant;

use super::limits::item_bytes;

/// The deadline of an item that has none.
const NEVER: u64 = u64::MAX;

/// One item. A server holds millions, so it is small: 56 bytes, beside one allocation for its key and value.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four marks that the protocol sets and shows one by one")]
pub(super) struct Item {
    /// The key, then the value.
    bytes: Box<[u8]>,
    /// In milliseconds, or [`NEVER`].
    deadline_ms: u64,
    pub(super) used_at: Instant,
    pub(super) cas: u64,
    pub(super) flags: u32,
    /// How many flushes there had been when it was stored or last used.
    pub(super) flushes: u32,
    key_bytes: u8,
    /// The slab class that it belongs to.
    class: u8,
    /// Read since it was stored.
    pub(super) fetched: bool,
    /// Stale: the client that wins is to fetch it anew.
    pub(super) stale: bool,
    /// A client has been told that it won.
    pub(super) won: bool,
    /// The key was written in base64, and answers show it so.
    pub(super) binary: bool,
}

impl Item {
    /// An item without flags, a deadline or marks. Keys have at most 250 bytes, and classes are below 64.
    pub(super) fn new(key: &[u8], data: &[u8], class: usize) -> Self {
        let [key_bytes, class] = [key.len(), class].map(|number| u8::try_from(number).expect("at most 250"));
        Self { bytes: [key, data].concat().into(), key_bytes, class, deadline_ms: NEVER, ..Self::default() }
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.bytes[..self.key_bytes.into()]
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.bytes[self.key_bytes.into()..]
    }

    /// The same place for another value of the same length.
    pub(super) fn data_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.key_bytes.into()..]
    }

    /// Its size in bytes, as [`item_bytes`] counts.
    pub(super) fn bytes(&self) -> usize {
        item_bytes(self.key(), self.flags, self.data().len())
    }

    pub(super) const fn class(&self) -> usize {
        self.class as usize
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        (self.deadline_ms != NEVER).then(|| Instant::from_millis(self.deadline_ms))
    }

    /// The last moment that an [`Instant`] can tell, in 584 million years, counts as no deadline.
    pub(super) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline_ms = deadline.map_or(NEVER, Instant::as_millis);
    }

    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.deadline_ms <= now.as_millis() && self.deadline_ms != NEVER
    }
}

/// The items. Looking up, storing, removing and renewing one is O(1) expected: its slot of the hash table is also its place in the
/// list of their last uses.
#[derive(Debug, Clone)]
pub(super) struct Items {
    index: Index,
    nodes: Nodes<Item>,
    order: List,
}

impl Items {
    /// None, in a table whose names depend on that seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { index: Index::new(seed), nodes: Nodes::new(), order: List::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        self.index.find(Index::name(self.index.seed(), key), |i| self.nodes.item(i).key() == key)
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Item> {
        self.find(key).map(|i| self.nodes.item(i))
    }

    pub(super) fn get_mut(&mut self, key: &[u8]) -> Option<&mut Item> {
        self.find(key).map(|i| self.nodes.item_mut(i))
    }

    /// Adds an item, as the last used one. Its key must not be there.
    pub(super) fn insert(&mut self, item: Item) {
        let seed = self.index.seed();
        if let Some(moves) = self.index.make_room(|i| Index::name(seed, self.nodes.item(i).key())) {
            self.nodes.renumber(&moves);
            self.order = moves.of_list(self.order);
        }
        let i = self.index.insert(Index::name(seed, item.key()));
        self.nodes.put(i, item);
        self.nodes.push_newest(&mut self.order, i);
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Item> {
        let i = self.find(key)?;
        self.nodes.unlink(&mut self.order, i);
        self.index.remove(Index::name(self.index.seed(), key), i);
        Some(self.nodes.take(i))
    }

    /// Makes an item the last used one, and returns it.
    pub(super) fn renew(&mut self, key: &[u8]) -> Option<&mut Item> {
        let i = self.find(key)?;
        self.nodes.renew(&mut self.order, i);
        Some(self.nodes.item_mut(i))
    }

    /// From the least recently used one on.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = &Item> {
        std::iter::successors(self.order.oldest(), |&i| self.nodes.newer(i)).map(|i| self.nodes.item(i))
    }

    /// From the last used one on.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Item> {
        std::iter::successors(self.order.newest(), |&i| self.nodes.older(i)).map(|i| self.nodes.item(i))
    }

    /// In the order of the keys. O(n log n).
    pub(super) fn by_key(&self) -> Vec<&Item> {
        let mut items: Vec<&Item> = self.oldest_first().collect();
        items.sort_unstable_by_key(|item| item.key());
        items
    }
}
