//! From keys to slots: the hash table of the cache and of the ghosts. It decides in which slot each node lives, so that a
//! slot found is the node found, with no number to be looked up in between.
//!
//! Its plan is that of Facebook's F14 (Bronson and Shi, 2019). Sixteen slots are a chunk, and for each slot a chunk has eight
//! bits of its key's hash, the *tag*. It is fast because
//! - all tags of a million keys take little more than a megabyte, which the processor keeps at hand: a look-up waits for
//!   memory once, for the one node it wants, as the tags tell the sixteen apart;
//! - a chunk's tags are compared all at once, without a branch for each that the processor could guess wrong;
//! - a chunk that was full knows how many nodes had to go on to the next one, so that a look-up knows where to stop.
//!   What is removed leaves nothing behind, but where a count was full, and nothing has to move up.

use std::hash::Hash;

use super::hash::hash_of;
use super::nodes::{Moves, NIL, Slots};
#[cfg(any(target_arch = "x86_64", target_feature = "simd128"))]
use equal_by_vector as equal_bytes;
#[cfg(not(any(target_arch = "x86_64", target_feature = "simd128")))]
use equal_by_words as equal_bytes;

/// How a store finds its nodes, by names, which are numbers that stand for keys; and where it puts them.
pub(crate) trait Lookup {
    /// The node of that name that `is_match` accepts.
    fn find(&self, name: u64, is_match: impl Fn(u32) -> bool) -> Option<u32>;

    /// Sees to it that one more node finds a slot. `name_of` tells the names of those that are there; when they have to
    /// move for it, this is where to.
    fn make_room(&mut self, name_of: impl Fn(u32) -> u64) -> Option<Moves>;

    /// The slot of a new node, for which room was made.
    fn insert(&mut self, name: u64) -> u32;

    /// Removes a node that is there under that name.
    fn remove(&mut self, name: u64, node: u32);

    /// How many nodes there are.
    fn len(&self) -> usize;
}

/// What a key is called.
pub(crate) trait Naming<K: ?Sized> {
    /// The name of a key.
    fn name(key: &K) -> u64;

    /// The hash of a key of that name: no other where the name is a hash.
    fn hash(key: &K, name: u64) -> u64;
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

/// How many nodes that are in the table found a chunk full and went on: four counts, of the nodes whose hashes have the same
/// two bits, so that most keys that are not there need not go on as well. A count that has reached its largest stays there.
type Overflow = [u8; 4];

/// Slots by hash. Every operation is O(1) expected.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    chunks: Vec<Chunk>,
    overflows: Vec<Overflow>,
    len: usize,
}

impl Index {
    pub(crate) fn new() -> Self {
        Self::of(1)
    }

    fn of(chunks: usize) -> Self {
        Self { chunks: vec![EMPTY; chunks], overflows: vec![[0; 4]; chunks], len: 0 }
    }

    /// All nodes, in an order that means nothing.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = u32> {
        let tags = self.chunks.iter().flat_map(|chunk| chunk.0);
        (0..).zip(tags).filter(|&(_, tag)| tag != FREE).map(|(node, _)| node)
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.chunks.capacity() * size_of::<Chunk>() + self.overflows.capacity() * size_of::<Overflow>()
    }

    /// By a quarter, not to the double: slots that nobody uses yet are all overhead.
    #[cold]
    fn grow(&mut self, name_of: impl Fn(u32) -> u64) -> Moves {
        let count = self.chunks.len();
        let mut grown = Self::of(count + count.div_ceil(4));
        let mut moves = Moves::new(count * SLOTS, grown.chunks.len() * SLOTS);
        for node in self.nodes() {
            moves.set(node, grown.insert(name_of(node)));
        }
        *self = grown;
        moves
    }

    /// Goes on where the first chunk has overflowed; once round at most, should ever every chunk have.
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

    /// The node with that hash's tag in that chunk that `is_match` accepts.
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

    #[inline]
    fn hash(_: &K, name: u64) -> u64 {
        name
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
}

/// Which of an overflow's counts is that of a hash.
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
    /// The slots with that tag.
    #[inline]
    fn slots(&self, tag: u8) -> Matches {
        let (words, _) = self.0.as_chunks();
        Matches(equal_bytes(u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1]), tag))
    }
}

/// Slots of a chunk, each a bit. No iterator: that would go on to the next slot before anybody knows whether there is need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Matches(u32);

impl Matches {
    #[inline]
    const fn first(self) -> Option<usize> {
        if self.0 == 0 { None } else { Some(self.0.trailing_zeros() as usize) }
    }

    /// The others, where there is a first.
    #[inline]
    const fn after_first(self) -> Self {
        Self(self.0 & (self.0 - 1))
    }
}

/// Which of sixteen bytes are that one, a bit for each. All processors of this family compare them in one step.
#[cfg(target_arch = "x86_64")]
#[inline]
fn equal_by_vector(first: u64, rest: u64, byte: u8) -> u32 {
    use safe_arch::{cmp_eq_mask_i8_m128i, move_mask_i8_m128i, set_i64_m128i, set_splat_i8_m128i};
    let bytes = set_i64_m128i(rest.cast_signed(), first.cast_signed());
    let equal = move_mask_i8_m128i(cmp_eq_mask_i8_m128i(bytes, set_splat_i8_m128i(byte.cast_signed())));
    equal.cast_unsigned()
}

/// The same in WebAssembly, where it is built with vectors, as `.cargo/config.toml` says it is.
#[cfg(target_feature = "simd128")]
#[inline]
fn equal_by_vector(first: u64, rest: u64, byte: u8) -> u32 {
    use std::arch::wasm32::{i8x16_eq, u8x16_bitmask, u8x16_splat, u64x2};
    u8x16_bitmask(i8x16_eq(u64x2(first, rest), u8x16_splat(byte))).into()
}

/// The same by arithmetic on words.
#[cfg(any(test, not(any(target_arch = "x86_64", target_feature = "simd128"))))]
#[inline]
fn equal_by_words(first: u64, rest: u64, byte: u8) -> u32 {
    const ONES: u64 = u64::MAX / 255;
    const LOWS: u64 = ONES * 0x7F;
    let equal_of_eight = |eight: u64| {
        let difference = eight ^ (ONES * u64::from(byte));
        // The high bit of a byte stays 0 only where the byte is 0; the product gathers these bits in its highest byte.
        let highs = !(((difference & LOWS) + LOWS) | difference | LOWS);
        (highs.wrapping_mul(0x0002_0408_1020_4081) >> 56) as u32
    };
    equal_of_eight(first) | (equal_of_eight(rest) << 8)
}

/// For keys that are small integers: a key is the place of its node's number. What a replay needs: no tag, no
/// comparison, and nodes side by side whatever their keys.
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
    fn name(key: &u32) -> u64 {
        u64::from(*key)
    }

    #[inline]
    fn hash(key: &u32, _: u64) -> u64 {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use std::collections::BTreeMap;

    /// Names are few, so that chunks overflow and every look-up meets strangers of the same tag.
    #[test]
    fn every_node_is_found_under_its_name_and_no_other_however_many_collide() {
        for names in [1, 3, 50, u64::MAX] {
            let mut random = Random::new(names);
            let name_of: Vec<u64> = (0..500).map(|_| random.below(names).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
            let mut index = Index::new();
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
            // Of few names, so many are in one chunk that a count was at its largest.
            let left = if names < 500 { [0, u8::MAX] } else { [0, 0] };
            assert!(index.overflows.as_flattened().iter().all(|count| left.contains(count)), "{names} names");
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
