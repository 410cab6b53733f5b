//! From keys to nodes: the hash table of the cache and of the ghosts.
//!
//! Its plan is that of Facebook's F14 (Bronson and Shi, 2019). A chunk is one cache line: twelve slots, each with eight
//! bits of its key's hash, the *tag*, beside its node's index. It is fast because
//! - a look-up nearly always reads one line of the table and then the one node it wants: the tags tell the twelve apart;
//! - the tags are compared all at once, without a branch for each that the processor could guess wrong;
//! - a chunk that was full knows how many nodes had to go on to the next one, so that a look-up knows where to stop.
//!   Nothing is left behind by what was removed, and nothing has to move up.

use std::hash::Hash;

use super::hash::hash_of;
use super::slab::NIL;
#[cfg(target_arch = "x86_64")]
use equal_by_vector as equal_bytes;
#[cfg(not(target_arch = "x86_64"))]
use equal_by_words as equal_bytes;

/// How a store finds its nodes: by names, which are numbers that stand for keys.
pub(crate) trait Lookup {
    /// The node of that name that `is_match` accepts.
    fn find(&self, name: u64, is_match: impl Fn(u32) -> bool) -> Option<u32>;

    /// Adds a node that is not there; `name_of` tells the names of those that are.
    fn insert(&mut self, name: u64, node: u32, name_of: impl Fn(u32) -> u64);

    /// Removes a node that is there under that name.
    fn remove(&mut self, name: u64, node: u32);

    /// How many nodes there are.
    fn len(&self) -> usize;
}

/// What a key is called.
pub(crate) trait Naming<K: ?Sized> {
    /// The name of a key.
    fn name(key: &K) -> u64;
}

const SLOTS: usize = 12;

/// How many of a chunk's slots are in use on average before the table grows. Chunks that overflow are then so rare that
/// the processor guesses right.
const SLOTS_USED: usize = 9;

/// The tag of a free slot.
const FREE: u8 = 0;

#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Chunk {
    /// Eight bits of the hash, never [`FREE`].
    tags: [u8; SLOTS],
    /// How many nodes that are in the table found this chunk full and went on.
    overflow: u32,
    nodes: [u32; SLOTS],
}

const EMPTY: Chunk = Chunk { tags: [FREE; SLOTS], overflow: 0, nodes: [NIL; SLOTS] };

/// Node indices by hash. Every operation is O(1) expected.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    chunks: Vec<Chunk>,
    len: usize,
}

impl Index {
    pub(crate) fn new() -> Self {
        Self { chunks: vec![EMPTY], len: 0 }
    }

    /// All nodes, in an order that means nothing.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = u32> {
        let slots = self.chunks.iter().flat_map(|chunk| chunk.tags.iter().zip(&chunk.nodes));
        slots.filter(|&(&tag, _)| tag != FREE).map(|(_, &node)| node)
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.chunks.capacity() * size_of::<Chunk>()
    }

    /// By a quarter, not to the double: slots that nobody uses yet are all overhead.
    #[cold]
    fn grow(&mut self, name_of: impl Fn(u32) -> u64) {
        let count = self.chunks.len();
        let mut grown = Self { chunks: vec![EMPTY; count + count.div_ceil(4)], len: self.len };
        for node in self.nodes() {
            grown.place(name_of(node), node);
        }
        *self = grown;
    }

    #[inline]
    fn place(&mut self, hash: u64, node: u32) {
        let mut at = self.home(hash);
        loop {
            let chunk = &mut self.chunks[at];
            if let Some(slot) = chunk.slots(FREE).next() {
                chunk.tags[slot] = tag(hash);
                chunk.nodes[slot] = node;
                return;
            }
            chunk.overflow += 1;
            at = self.after(at);
        }
    }

    /// Goes on where the first chunk has overflowed; once round at most, should ever every chunk have.
    #[cold]
    fn find_beyond(&self, hash: u64, is_match: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        for _ in 1..self.chunks.len() {
            at = self.after(at);
            let chunk = &self.chunks[at];
            let found = chunk.find(tag(hash), &is_match);
            if found.is_some() || chunk.overflow == 0 {
                return found.map(|slot| chunk.nodes[slot]);
            }
        }
        None
    }

    /// The chunk to begin with: the hash's high half, scaled to the number of chunks, which need be no power of two.
    #[inline]
    const fn home(&self, hash: u64) -> usize {
        (((hash >> 32) * self.chunks.len() as u64) >> 32) as usize
    }

    #[inline]
    const fn after(&self, at: usize) -> usize {
        if at + 1 == self.chunks.len() { 0 } else { at + 1 }
    }
}

impl<K: ?Sized + Hash> Naming<K> for Index {
    #[inline]
    fn name(key: &K) -> u64 {
        hash_of(key)
    }
}

impl Lookup for Index {
    #[inline]
    fn find(&self, name: u64, is_match: impl Fn(u32) -> bool) -> Option<u32> {
        let chunk = &self.chunks[self.home(name)];
        match chunk.find(tag(name), &is_match) {
            Some(slot) => Some(chunk.nodes[slot]),
            None if chunk.overflow == 0 => None,
            None => self.find_beyond(name, is_match),
        }
    }

    #[inline]
    fn insert(&mut self, name: u64, node: u32, name_of: impl Fn(u32) -> u64) {
        if self.len == self.chunks.len() * SLOTS_USED {
            self.grow(name_of);
        }
        self.len += 1;
        self.place(name, node);
    }

    #[inline]
    fn remove(&mut self, name: u64, node: u32) {
        let mut at = self.home(name);
        self.len -= 1;
        loop {
            let chunk = &mut self.chunks[at];
            if let Some(slot) = chunk.find(tag(name), |found| found == node) {
                chunk.tags[slot] = FREE;
                return;
            }
            chunk.overflow -= 1;
            at = self.after(at);
        }
    }

    #[inline]
    fn len(&self) -> usize {
        self.len
    }
}

#[inline]
fn tag(hash: u64) -> u8 {
    hash.to_le_bytes()[0].max(FREE + 1)
}

impl Chunk {
    /// The slot with that tag and a node that `is_match` accepts.
    #[inline]
    fn find(&self, tag: u8, is_match: impl Fn(u32) -> bool) -> Option<usize> {
        self.slots(tag).find(|&slot| is_match(self.nodes[slot]))
    }

    /// The slots with that tag.
    #[inline]
    fn slots(&self, tag: u8) -> Slots {
        let (first, rest) = self.tag_words();
        Slots(equal_bytes(first, rest, tag))
    }

    #[inline]
    fn tag_words(&self) -> (u64, u32) {
        let (first, rest) = self.tags.split_at(8);
        let (first, rest) = (first.try_into().expect("eight"), rest.try_into().expect("four"));
        (u64::from_le_bytes(first), u32::from_le_bytes(rest))
    }
}

/// Slots, each a bit.
struct Slots(u32);

impl Iterator for Slots {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let slot = self.0.trailing_zeros();
        self.0 &= self.0.wrapping_sub(1);
        (slot < u32::BITS).then_some(slot as usize)
    }
}

/// Which of twelve bytes are that one, a bit for each. All processors of this family compare sixteen bytes in one step.
#[cfg(target_arch = "x86_64")]
#[inline]
fn equal_by_vector(first: u64, rest: u32, byte: u8) -> u32 {
    use safe_arch::{cmp_eq_mask_i8_m128i, move_mask_i8_m128i, set_i64_m128i, set_splat_i8_m128i};
    let bytes = set_i64_m128i(i64::from(rest), first.cast_signed());
    let equal = move_mask_i8_m128i(cmp_eq_mask_i8_m128i(bytes, set_splat_i8_m128i(byte.cast_signed())));
    equal.cast_unsigned() & ((1 << SLOTS) - 1)
}

/// The same by arithmetic on words.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline]
fn equal_by_words(first: u64, rest: u32, byte: u8) -> u32 {
    const ONES: u64 = u64::MAX / 255;
    const LOWS: u64 = ONES * 0x7F;
    let equal_of_eight = |eight: u64| {
        let difference = eight ^ (ONES * u64::from(byte));
        // The high bit of a byte stays 0 only where the byte is 0; the product gathers these bits in its highest byte.
        let highs = !(((difference & LOWS) + LOWS) | difference | LOWS);
        (highs.wrapping_mul(0x0002_0408_1020_4081) >> 56) as u32
    };
    equal_of_eight(first) | ((equal_of_eight(rest.into()) & 15) << 8)
}

/// For keys that are small integers: the key is the place. What a replay needs, and nothing faster exists.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    nodes: Vec<u32>,
    len: usize,
}

impl Dense {
    /// For keys up to `largest`.
    pub(crate) fn new(largest: u32) -> Self {
        Self { nodes: vec![NIL; largest as usize + 1], len: 0 }
    }
}

impl Naming<u32> for Dense {
    #[inline]
    fn name(key: &u32) -> u64 {
        u64::from(*key)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "names come from keys of 32 bits")]
impl Lookup for Dense {
    #[inline]
    fn find(&self, name: u64, _: impl Fn(u32) -> bool) -> Option<u32> {
        let node = self.nodes[name as usize];
        (node != NIL).then_some(node)
    }

    #[inline]
    fn insert(&mut self, name: u64, node: u32, _: impl Fn(u32) -> u64) {
        self.nodes[name as usize] = node;
        self.len += 1;
    }

    #[inline]
    fn remove(&mut self, name: u64, _: u32) {
        self.nodes[name as usize] = NIL;
        self.len -= 1;
    }

    #[inline]
    fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Names are few, so that chunks overflow and every look-up meets strangers of the same tag.
    #[test]
    fn every_node_is_found_under_its_name_and_no_other_however_many_collide() {
        for names in [1, 3, 50, u64::MAX] {
            let mut random = Random::new(names);
            let name_of: Vec<u64> = (0..500).map(|_| random.below(names).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
            let mut index = Index::new();
            let mut is_there = [false; 500];
            for _ in 0..20_000 {
                let node = u32::try_from(random.below(500)).expect("small");
                let (name, there) = (name_of[node as usize], &mut is_there[node as usize]);
                assert_eq!(index.find(name, |found| found == node), there.then_some(node));
                if *there {
                    index.remove(name, node);
                } else {
                    index.insert(name, node, |i| name_of[i as usize]);
                }
                *there = !*there;
            }
            let mut nodes: Vec<u32> = index.nodes().collect();
            nodes.sort_unstable();
            assert_eq!(nodes, (0..500).filter(|&i| is_there[i as usize]).collect::<Vec<u32>>());
            assert_eq!(index.len(), nodes.len());
            for node in nodes {
                index.remove(name_of[node as usize], node);
            }
            assert!(index.chunks.iter().all(|chunk| chunk.overflow == 0 && chunk.tags == EMPTY.tags));
        }
    }

    #[test]
    fn words_say_what_vectors_and_single_bytes_do() {
        let mut random = Random::new(1);
        for _ in 0..10_000 {
            // Few different bytes, and those that arithmetic might take for each other.
            let tags: [u8; SLOTS] = std::array::from_fn(|_| {
                [0, 1, 2, 0x7F, 0x80, 0x81, 0xFE, 0xFF][usize::try_from(random.below(8)).expect("small")]
            });
            let chunk = Chunk { tags, ..EMPTY };
            for byte in 0..=255 {
                let expected: Vec<usize> = (0..SLOTS).filter(|&slot| tags[slot] == byte).collect();
                assert_eq!(chunk.slots(byte).collect::<Vec<_>>(), expected);
                let (first, rest) = chunk.tag_words();
                assert_eq!(equal_by_words(first, rest, byte), equal_bytes(first, rest, byte));
            }
        }
    }
}
