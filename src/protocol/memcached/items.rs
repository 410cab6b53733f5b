//! The items of a server: by key, and in the order of their last use.

use crate::cache::{Index, List, Lookup as _, Naming as _, Nodes};
use crate::clock::Instant;

use super::classes::class_of;
use super::limits::item_bytes;

/// One item. A server holds millions, so it is small: one allocation, found through a slot that costs more than its bytes because some
/// slots are free.
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    /// The head, client flags other than 0, the key, then the value.
    bytes: Box<[u8]>,
}

/// What is kept of an item beside key, value and flags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four marks that the protocol sets and shows one by one")]
pub(super) struct Head {
    pub(super) cas: u64,
    /// Kept to 2^48 milliseconds: a later one, in 8,900 years, counts as none.
    pub(super) deadline: Option<Instant>,
    /// Kept in whole seconds, as memcached does, up to 2^32.
    pub(super) used_at: Instant,
    /// How many flushes there had been when it was stored or last used.
    pub(super) flushes: u32,
    /// Read since it was stored.
    pub(super) fetched: bool,
    /// Stale: the client that wins is to fetch it anew.
    pub(super) stale: bool,
    /// A client has been told that it won.
    pub(super) won: bool,
    /// The key was written in base64, and answers show it so.
    pub(super) binary: bool,
}

/// The bytes of a head: the CAS; the deadline with the key's length and the marks; the second of the last use with the flushes.
const HEAD: usize = 24;
/// The byte of the head that is the key's length.
const KEY_AT: usize = 14;
/// The byte of the head that is the marks.
const MARKS_AT: usize = 15;
/// The mark that client flags follow the head.
const FLAGGED: u8 = 16;
/// The deadline of an item that has none.
const NEVER: u64 = (1 << 48) - 1;

impl Item {
    /// An item whose key has at most 250 bytes.
    pub(super) fn new(head: Head, flags: u32, key: &[u8], data: &[u8]) -> Self {
        let flags = flags.to_le_bytes();
        let flags = if flags == [0; 4] { &[][..] } else { &flags };
        let mut bytes = [&[0; HEAD], flags, key, data].concat().into_boxed_slice();
        bytes[KEY_AT] = u8::try_from(key.len()).expect("at most 250");
        bytes[MARKS_AT] = if flags.is_empty() { 0 } else { FLAGGED };
        let mut item = Self { bytes };
        item.set_head(head);
        item
    }

    pub(super) fn head(&self) -> Head {
        let [cas, middle, last] = self.words();
        let (deadline_ms, marks) = (middle & NEVER, self.bytes[MARKS_AT]);
        let [used_s, flushes] = halves(last);
        Head {
            cas,
            deadline: (deadline_ms != NEVER).then(|| Instant::from_millis(deadline_ms)),
            used_at: Instant::from_millis(u64::from(used_s) * 1000),
            flushes,
            fetched: marks & 1 != 0,
            stale: marks & 2 != 0,
            won: marks & 4 != 0,
            binary: marks & 8 != 0,
        }
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Head)) {
        let mut head = self.head();
        change(&mut head);
        self.set_head(head);
    }

    fn set_head(&mut self, head: Head) {
        let (key_bytes, flagged) = (self.bytes[KEY_AT], self.bytes[MARKS_AT] & FLAGGED);
        let deadline_ms = head.deadline.map_or(NEVER, |at| at.as_millis().min(NEVER));
        let marks = [head.fetched, head.stale, head.won, head.binary].into_iter().rev();
        let marks = marks.fold(0, |marks, mark| marks << 1 | u8::from(mark)) | flagged;
        let used_s = u32::try_from(head.used_at.as_millis() / 1000).unwrap_or(u32::MAX);
        let middle = deadline_ms | u64::from(key_bytes) << 48 | u64::from(marks) << 56;
        let last = u64::from(used_s) | u64::from(head.flushes) << 32;
        for (place, word) in self.bytes.as_chunks_mut().0.iter_mut().zip([head.cas, middle, last]) {
            *place = word.to_le_bytes();
        }
    }

    /// The head's.
    fn words(&self) -> [u64; 3] {
        let head = self.bytes.first_chunk::<HEAD>().expect("every item has a head");
        let (words, _) = head.as_chunks();
        [0, 1, 2].map(|i| u64::from_le_bytes(words[i]))
    }

    fn is_flagged(&self) -> bool {
        self.bytes[MARKS_AT] & FLAGGED != 0
    }

    /// Client flags.
    pub(super) fn flags(&self) -> u32 {
        if self.is_flagged() {
            self.bytes[HEAD..].first_chunk().map_or(0, |flags| u32::from_le_bytes(*flags))
        } else {
            0
        }
    }

    fn key_at(&self) -> usize {
        HEAD + if self.is_flagged() { size_of::<u32>() } else { 0 }
    }

    fn data_at(&self) -> usize {
        self.key_at() + usize::from(self.bytes[KEY_AT])
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.bytes[self.key_at()..self.data_at()]
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.bytes[self.data_at()..]
    }

    /// The same place for another value of the same length.
    pub(super) fn data_mut(&mut self) -> &mut [u8] {
        let at = self.data_at();
        &mut self.bytes[at..]
    }

    /// Its size in bytes, as [`item_bytes`] counts.
    pub(super) fn bytes(&self) -> usize {
        item_bytes(self.key(), self.flags(), self.data().len())
    }

    /// The slab class that it belongs to.
    pub(super) fn class(&self) -> usize {
        class_of(self.bytes())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.head().deadline
    }

    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|at| at <= now)
    }
}

fn halves(word: u64) -> [u32; 2] {
    let bytes = word.to_le_bytes();
    let (halves, _) = bytes.as_chunks();
    [0, 1].map(|i| u32::from_le_bytes(halves[i]))
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

    /// An item's place, which is its own until another one is inserted.
    pub(super) fn find(&self, key: &[u8]) -> Option<u32> {
        self.index.find(Index::name(self.index.seed(), key), |i| self.nodes.item(i).key() == key)
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Item> {
        self.find(key).map(|i| self.nodes.item(i))
    }

    pub(super) fn get_mut(&mut self, key: &[u8]) -> Option<&mut Item> {
        self.find(key).map(|i| self.nodes.item_mut(i))
    }

    pub(super) fn at(&self, i: u32) -> &Item {
        self.nodes.item(i)
    }

    pub(super) fn at_mut(&mut self, i: u32) -> &mut Item {
        self.nodes.item_mut(i)
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

    /// Puts an item in the place of one with the same key, as the last used one.
    pub(super) fn overwrite(&mut self, i: u32, item: Item) {
        *self.renew(i) = item;
    }

    pub(super) fn remove(&mut self, i: u32) {
        self.nodes.unlink(&mut self.order, i);
        let item = self.nodes.take(i);
        self.index.remove(Index::name(self.index.seed(), item.key()), i);
    }

    /// Makes an item the last used one, and returns it.
    pub(super) fn renew(&mut self, i: u32) -> &mut Item {
        self.nodes.renew(&mut self.order, i);
        self.nodes.item_mut(i)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_gives_back_what_it_was_made_of() {
        let head = Head { cas: 1 << 63, deadline: None, used_at: Instant::from_millis(5000), ..Head::default() };
        let deadlines = [None, Some(0), Some(1), Some(NEVER - 1)].map(|ms| ms.map(Instant::from_millis));
        for (flags, key, data) in [(0, "k", ""), (7, "key", "value"), (u32::MAX, &*"k".repeat(250), "v")] {
            for (deadline, marks) in
                deadlines.into_iter().flat_map(|deadline| (0..16).map(move |marks| (deadline, marks)))
            {
                let [fetched, stale, won, binary] = [1, 2, 4, 8].map(|mark| marks & mark != 0);
                let marked = Head { deadline, fetched, stale, won, binary, flushes: u32::MAX, ..head };
                let mut item = Item::new(head, flags, key.as_bytes(), data.as_bytes());
                assert_eq!((item.head(), item.key(), item.data()), (head, key.as_bytes(), data.as_bytes()));
                item.change(|head| *head = marked);
                assert_eq!((item.head(), item.flags(), item.key()), (marked, flags, key.as_bytes()));
                assert_eq!(
                    (item.data(), item.bytes()),
                    (data.as_bytes(), item_bytes(key.as_bytes(), flags, data.len()))
                );
            }
        }
    }

    #[test]
    fn a_time_that_is_too_far_stays_far() {
        let late = Instant::from_millis(u64::MAX);
        let item = Item::new(Head { deadline: Some(late), used_at: late, ..Head::default() }, 0, b"k", b"");
        assert_eq!(item.head().deadline, None);
        assert_eq!(item.head().used_at.as_millis(), u64::from(u32::MAX) * 1000);
    }
}
