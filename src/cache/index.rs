//! From keys to slots: the hash table of the cache and of the ghosts. It decides in which slot each node lives, so finding the
//! slot is finding the node, without a second look-up.
//!
//! The design is that of Facebook's F14 (Bronson and Shi, 2019). Sixteen slots are a chunk, and a chunk has for each slot eight
//! bits of its key's hash, the *tag*. It is fast because
//! - all tags of a million keys take little more than a megabyte, which stays in the processor's cache: the tags tell the sixteen
//!   nodes apart, so a look-up waits for memory once, for the one node it wants;
//! - a chunk's tags are compared all at once, without a branch for each that the processor could mispredict;
//! - a chunk that was full counts how many nodes overflowed to the next one, so a look-up knows where to stop. A
//!   removal leaves no tombstone (except where a count was saturated), and nothing has to move up.

use std::hash::Hash;

use super::hash::{hash_of, seeded_hash_of};
use super::nodes::{Moves, NIL, Slots};
#[cfg(any(target_arch = "x86_64", target_feature = "simd128"))]
use equal_by_vector as equal_bytes;
#[cfg(not(any(target_arch = "x86_64", target_feature = "simd128")))]
use equal_by_words as equal_bytes;

/// How a store finds its nodes, and decides where they live. A *name* is a number that stands for a key: its hash, or
/// the key itself.
pub(crate) trait Lookup {
    /// The node with that name that `is_match` accepts.
    fn find(&self, name: u64, is_match: impl Fn(u32) -> bool) -> Option<u32>;

    /// Makes sure that one more node can be inserted. `name_of` gives the names of the present nodes; if the table
    /// grows, the result says where each node moves.
    fn make_room(&mut self, name_of: impl Fn(u32) -> u64) -> Option<Moves>;

    /// The slot for a new node; room was made before.
    fn insert(&mut self, name: u64) -> u32;

    /// Removes a node that is in the table under that name.
    fn remove(&mut self, name: u64, node: u32);

    /// How many nodes there are.
    fn len(&self) -> usize;

    /// What the names depend on beside the keys.
    fn seed(&self) -> u64;
}

/// How a key becomes a name.
pub(crate) trait Naming<K: ?Sized> {
    /// The name of a key, in a table with that seed.
    fn name(seed: u64, key: &K) -> u64;

    /// The hash, without a seed, of the key with that name; where the name is that hash already, it is not computed again.
    fn hash(seed: u64, key: &K, name: u64) -> u64;
}

const SLOTS: usize = 16;

/// How many of a chunk's slots are in use on average before the table grows.
const SLOTS_USED: usize = 14;

/// The tag of a free slot.
const FREE: u8 = 0;

/// The tags of sixteen slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(16))]
struct Chunk([u8; SLOTS]);

const EMPTY: Chunk = Chunk([FREE; SLOTS]);

/// How many nodes of the table found a chunk full and went on to the next. Four counts, chosen by two bits of the hash, so that
/// most look-ups of absent keys stop here. A count that has reached its maximum stays there, because how many it missed is
/// unknown.
type Overflow = [u8; 4];

/// Slots by hash. Every operation is O(1) expected.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    seed: u64,
    chunks: Vec<Chunk>,
    overflows: Vec<Overflow>,
    len: usize,
}

impl Index {
    /// An empty one, in which names are hashes under that seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self::of(seed, 1)
    }

    fn of(seed: u64, chunks: usize) -> Self {
        Self { seed, chunks: vec![EMPTY; chunks], overflows: vec![[0; 4]; chunks], len: 0 }
    }

    /// All nodes, in the order of the slots: not to be shown.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = u32> {
        let tags = self.chunks.iter().flat_map(|chunk| chunk.0);
        (0..).zip(tags).filter(|&(_, tag)| tag != FREE).map(|(node, _)| node)
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.chunks.capacity() * size_of::<Chunk>() + self.overflows.capacity() * size_of::<Overflow>()
    }

    /// Grows by a quarter, not to double: every unused slot is overhead.
    #[cold]
    fn grow(&mut self, name_of: impl Fn(u32) -> u64) -> Moves {
        let count = self.chunks.len();
        let mut grown = Self::of(self.seed, count + count.div_ceil(4));
        let mut moves = Moves::new(count * SLOTS, grown.chunks.len() * SLOTS);
        for node in self.nodes() {
            moves.set(node, grown.insert(name_of(node)));
        }
        *self = grown;
        moves
    }

    /// Goes on to the next chunks; at most once round, if every chunk has overflowed.
    #[cold]
    fn find_beyond(&self, hash: u64, is_match: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        for _ in 1..self.chunks.len() {
            at = self.after(at);
            let found = self.find_in(at, hash, &is_match);
            if found.is_some() || self.overflows[at][group(hash)] == 0 {
                return found;
            }
        }
        None
    }

    /// The node of that chunk with that hash's tag that `is_match` accepts.
    #[inline]
    fn find_in(&self, at: usize, hash: u64, is_match: impl Fn(u32) -> bool) -> Option<u32> {
        let mut slots = self.chunks[at].slots(tag(hash));
        while let Some(slot) = slots.first() {
            let node = node(at, slot);
            if is_match(node) {
                return Some(node);
            }
            slots = slots.after_first();
        }
        None
    }

    /// The chunk where a search begins: the hash's high half, scaled to the number of chunks, which need not be a power
    /// of two.
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
    fn name(seed: u64, key: &K) -> u64 {
        seeded_hash_of(seed, key)
    }

    #[inline]
    fn hash(seed: u64, key: &K, name: u64) -> u64 {
        if seed == 0 { name } else { hash_of(key) }
    }
}

impl Lookup for Index {
    #[inline]
    fn find(&self, name: u64, is_match: impl Fn(u32) -> bool) -> Option<u32> {
        let home = self.home(name);
        match self.find_in(home, name, &is_match) {
            None if self.overflows[home][group(name)] != 0 => self.find_beyond(name, is_match),
            found => found,
        }
    }

    #[inline]
    fn make_room(&mut self, name_of: impl Fn(u32) -> u64) -> Option<Moves> {
        (self.len == self.chunks.len() * SLOTS_USED).then(|| self.grow(name_of))
    }

    #[inline]
    fn insert(&mut self, name: u64) -> u32 {
        let mut at = self.home(name);
        self.len += 1;
        loop {
            if let Some(slot) = self.chunks[at].slots(FREE).first() {
                self.chunks[at].0[slot] = tag(name);
                return node(at, slot);
            }
            let count = &mut self.overflows[at][group(name)];
            *count = count.saturating_add(1);
            at = self.after(at);
        }
    }

    #[inline]
    fn remove(&mut self, name: u64, node: u32) {
        let (chunk, slot) = (node as usize / SLOTS, node as usize % SLOTS);
        let mut at = self.home(name);
        while at != chunk {
            let count = &mut self.overflows[at][group(name)];
            *count -= u8::from(*count < u8::MAX);
            at = self.after(at);
        }
        self.chunks[chunk].0[slot] = FREE;
        self.len -= 1;
    }

    #[inline]
    fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn seed(&self) -> u64 {
        self.seed
    }
}

/// Which of the four overflow counts belongs to a hash.
#[inline]
const fn group(hash: u64) -> usize {
    (hash >> 8) as usize & 3
}

#[inline]
fn tag(hash: u64) -> u8 {
    let tag = hash.to_le_bytes()[0];
    tag + u8::from(tag == FREE)
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "`Moves` has seen to it that all slots have a number of 32 bits")]
const fn node(at: usize, slot: usize) -> u32 {
    (at * SLOTS + slot) as u32
}

impl Chunk {
    /// The slots with that tag, as a bit set.
    #[inline]
    fn slots(&self, tag: u8) -> Matches {
        let (words, _) = self.0.as_chunks();
        Matches(equal_bytes(u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1]), tag))
    }
}

/// A set of a chunk's slots, one bit each. Not an iterator: that would compute the next slot before it is known to be needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Matches(u32);

impl Matches {
    #[inline]
    const fn first(self) -> Option<usize> {
        if self.0 == 0 { None } else { Some(self.0.trailing_zeros() as usize) }
    }

    /// The set without its first slot.
    #[inline]
    const fn after_first(self) -> Self {
        Self(self.0 & (self.0 - 1))
    }
}

/// Which of sixteen bytes equal the tag, one bit each: one instruction on every processor of this family.
#[cfg(target_arch = "x86_64")]
#[inline]
fn equal_by_vector(first: u64, rest: u64, byte: u8) -> u32 {
    use safe_arch::{cmp_eq_mask_i8_m128i, move_mask_i8_m128i, set_i64_m128i, set_splat_i8_m128i};
    let bytes = set_i64_m128i(rest.cast_signed(), first.cast_signed());
    let equal = move_mask_i8_m128i(cmp_eq_mask_i8_m128i(bytes, set_splat_i8_m128i(byte.cast_signed())));
    equal.cast_unsigned()
}

/// The same for WebAssembly with vector instructions (`.cargo/config.toml` turns them on).
#[cfg(target_feature = "simd128")]
#[inline]
fn equal_by_vector(first: u64, rest: u64, byte: u8) -> u32 {
    use std::arch::wasm32::{i8x16_eq, u8x16_bitmask, u8x16_splat, u64x2};
    u8x16_bitmask(i8x16_eq(u64x2(first, rest), u8x16_splat(byte))).into()
}

/// The same with integer arithmetic on two words.
#[cfg(any(test, not(any(target_arch = "x86_64", target_feature = "simd128"))))]
#[inline]
fn equal_by_words(first: u64, rest: u64, byte: u8) -> u32 {
    const ONES: u64 = u64::MAX / 255;
    const LOWS: u64 = ONES * 0x7F;
    let equal_of_eight = |eight: u64| {
        let difference = eight ^ (ONES * u64::from(byte));
        // A byte's high bit is 0 exactly where the byte is 0; the product gathers these bits in its highest byte.
        let highs = !(((difference & LOWS) + LOWS) | difference | LOWS);
        (highs.wrapping_mul(0x0002_0408_1020_4081) >> 56) as u32
    };
    equal_of_eight(first) | (equal_of_eight(rest) << 8)
}

/// For keys that are small integers: the key indexes an array of node numbers. For replays: no tags, no comparison, and
/// nodes side by side in the order of arrival.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    nodes: Vec<u32>,
    slots: Slots,
    len: usize,
}

impl Dense {
    /// For keys up to `largest`.
    pub(crate) fn new(largest: u32) -> Self {
        Self { nodes: vec![NIL; largest as usize + 1], slots: Slots::default(), len: 0 }
    }
}

impl Naming<u32> for Dense {
    #[inline]
    fn name(_: u64, key: &u32) -> u64 {
        u64::from(*key)
    }

    #[inline]
    fn hash(_: u64, key: &u32, _: u64) -> u64 {
        hash_of(key)
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
    fn make_room(&mut self, _: impl Fn(u32) -> u64) -> Option<Moves> {
        None
    }

    #[inline]
    fn insert(&mut self, name: u64) -> u32 {
        let node = self.slots.take();
        self.nodes[name as usize] = node;
        self.len += 1;
        node
    }

    #[inline]
    fn remove(&mut self, name: u64, node: u32) {
        self.nodes[name as usize] = NIL;
        self.slots.give(node);
        self.len -= 1;
    }

    #[inline]
    fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn seed(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use std::collections::BTreeMap;

    /// Few names, so that chunks overflow and every look-up meets other keys with the same tag.
    #[test]
    fn every_node_is_found_under_its_name_and_no_other_however_many_collide() {
        for names in [1, 3, 50, u64::MAX] {
            let mut random = Random::new(names);
            let name_of: Vec<u64> = (0..500).map(|_| random.below(names).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
            let mut index = Index::new(0);
            // Who lives in each slot, and in which slot each lives.
            let (mut tenant, mut slot_of) = (BTreeMap::new(), [None; 500]);
            for _ in 0..20_000 {
                let who = usize::try_from(random.below(500)).expect("small");
                let name = name_of[who];
                assert_eq!(index.find(name, |found| tenant.get(&found) == Some(&who)), slot_of[who]);
                if let Some(slot) = slot_of[who].take() {
                    index.remove(name, slot);
                    tenant.remove(&slot);
                } else {
                    if let Some(moves) = index.make_room(|i| name_of[tenant[&i]]) {
                        tenant = tenant.into_iter().map(|(slot, who)| (moves.of(slot), who)).collect();
                        for (&slot, &who) in &tenant {
                            slot_of[who] = Some(slot);
                        }
                    }
                    let slot = index.insert(name);
                    assert_eq!(tenant.insert(slot, who), None, "two in one slot");
                    slot_of[who] = Some(slot);
                }
            }
            assert!(index.nodes().eq(tenant.keys().copied()));
            assert_eq!(index.len(), tenant.len());
            for (slot, who) in tenant {
                index.remove(name_of[who], slot);
            }
            assert_eq!(index.chunks, vec![EMPTY; index.chunks.len()]);
            // With few names so many nodes are in one chunk that a count was saturated.
            let left = if names < 500 { [0, u8::MAX] } else { [0, 0] };
            assert!(index.overflows.as_flattened().iter().all(|count| left.contains(count)), "{names} names");
        }
    }

    #[test]
    fn words_say_what_vectors_and_single_bytes_do() {
        let mut random = Random::new(1);
        for _ in 0..10_000 {
            // Few different bytes, and those that the arithmetic could confuse.
            let tags: [u8; SLOTS] = std::array::from_fn(|_| {
                [0, 1, 2, 0x7F, 0x80, 0x81, 0xFE, 0xFF][usize::try_from(random.below(8)).expect("small")]
            });
            let (words, _) = tags.as_chunks();
            let (first, rest) = (u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1]));
            for byte in 0..=255 {
                let expected: Vec<usize> = (0..SLOTS).filter(|&slot| tags[slot] == byte).collect();
                let (mut found, mut left) = (Vec::new(), Chunk(tags).slots(byte));
                while let Some(slot) = left.first() {
                    found.push(slot);
                    left = left.after_first();
                }
                assert_eq!(found, expected);
                assert_eq!(equal_by_words(first, rest, byte), equal_bytes(first, rest, byte));
            }
        }
    }
}
