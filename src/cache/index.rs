//! From hashes to nodes: the hash table of the cache and of the ghosts.
//!
//! Open addressing with linear probing, and eight bytes a slot: 32 bits of the hash beside the node's index. A look-up
//! reads one cache line of slots and then the one node that matches; neighbours are told apart without touching their
//! nodes, and growing reads no key. Removing shifts the followers back, so there are no tombstones to wade through.

use super::slab::NIL;
use super::store::hash_of;

/// How a store finds its nodes.
pub(crate) trait Lookup<K: ?Sized> {
    /// What stands for a key here.
    fn name(key: &K) -> u64;

    /// The node of that name that `is_match` accepts.
    fn find(&self, name: u64, is_match: impl Fn(u32) -> bool) -> Option<u32>;

    /// Adds a node that is not there.
    fn insert(&mut self, name: u64, node: u32);

    /// Removes a node that is there under that name.
    fn remove(&mut self, name: u64, node: u32);

    /// How many nodes there are.
    fn len(&self) -> usize;
}

/// For keys that are small integers: the key is the place. What a replay needs, and nothing faster exists.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    nodes: Vec<u32>,
    len: usize,
}

impl Dense {
    /// For keys below `bound`.
    pub(crate) fn new(bound: usize) -> Self {
        Self { nodes: vec![NIL; bound], len: 0 }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "names lie below a bound that is a `usize`")]
impl Lookup<u64> for Dense {
    #[inline]
    fn name(key: &u64) -> u64 {
        *key
    }

    #[inline]
    fn find(&self, name: u64, _: impl Fn(u32) -> bool) -> Option<u32> {
        let node = self.nodes[name as usize];
        (node != NIL).then_some(node)
    }

    #[inline]
    fn insert(&mut self, name: u64, node: u32) {
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

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    /// [`NIL`] when the slot is free.
    node: u32,
}

const FREE: Slot = Slot { hash: 0, node: NIL };

/// Node indices by hash. Every operation is O(1) expected; the hash's high half should be well mixed.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    /// A power of two, at most three quarters in use.
    slots: Vec<Slot>,
    /// What turns a hash into its first slot.
    shift: u32,
    len: usize,
}

impl Index {
    pub(crate) fn new() -> Self {
        Self::with_bits(3)
    }

    fn with_bits(bits: u32) -> Self {
        Self { slots: vec![FREE; 1 << bits], shift: u32::BITS - bits, len: 0 }
    }

    /// All nodes, in an order that means nothing.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().map(|slot| slot.node).filter(|&node| node != NIL)
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    #[cold]
    fn grow(&mut self) {
        let old = std::mem::replace(self, Self::with_bits(u32::BITS - self.shift + 1));
        self.len = old.len;
        old.slots.into_iter().filter(|slot| slot.node != NIL).for_each(|slot| self.place(slot));
    }

    #[inline]
    fn place(&mut self, slot: Slot) {
        let mut at = self.home(slot.hash);
        while self.slots[at].node != NIL {
            at = self.after(at);
        }
        self.slots[at] = slot;
    }

    #[inline]
    const fn home(&self, hash: u32) -> usize {
        (hash >> self.shift) as usize
    }

    #[inline]
    const fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }
}

impl<K: ?Sized + std::hash::Hash> Lookup<K> for Index {
    #[inline]
    fn name(key: &K) -> u64 {
        hash_of(key)
    }

    #[inline]
    fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn find(&self, name: u64, is_match: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = high_half(name);
        let mut at = self.home(hash);
        loop {
            let slot = self.slots[at];
            if slot.hash == hash && slot.node != NIL && is_match(slot.node) {
                return Some(slot.node);
            }
            if slot.node == NIL {
                return None;
            }
            at = self.after(at);
        }
    }

    #[inline]
    fn insert(&mut self, name: u64, node: u32) {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.len += 1;
        self.place(Slot { hash: high_half(name), node });
    }

    #[inline]
    fn remove(&mut self, name: u64, node: u32) {
        let mut hole = self.home(high_half(name));
        while self.slots[hole].node != node {
            hole = self.after(hole);
        }
        self.len -= 1;
        let mut at = self.after(hole);
        while self.slots[at].node != NIL {
            // A follower may move back into the hole unless that would put it before its first slot.
            let mask = self.slots.len() - 1;
            let moved = at.wrapping_sub(self.home(self.slots[at].hash)) & mask;
            if moved >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
            at = self.after(at);
        }
        self.slots[hole] = FREE;
    }
}

#[inline]
const fn high_half(hash: u64) -> u32 {
    (hash >> 32) as u32
}
