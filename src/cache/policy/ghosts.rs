//! The memory of who left: fingerprints of keys, in a queue.

use crate::cache::index::{Index, Lookup};
use crate::cache::slab::{List, Slab};

#[derive(Debug, Clone, Default)]
struct Ghost {
    /// The hash of its key stands for the key: 64 bits, and a mistake would only misplace one entry in a queue.
    hash: u64,
    weight: u64,
}

/// A queue of ghosts that can be looked up. Every operation is O(1).
#[derive(Debug, Clone)]
pub(crate) struct Ghosts {
    slab: Slab<Ghost>,
    index: Index,
    queue: List,
    weight: u64,
}

impl Ghosts {
    pub(crate) fn new() -> Self {
        let mut slab = Slab::new();
        let queue = slab.new_list();
        Self { slab, index: Index::new(), queue, weight: 0 }
    }

    /// What all remembered entries weighed.
    pub(crate) const fn weight(&self) -> u64 {
        self.weight
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.slab.memory_bytes() + self.index.memory_bytes()
    }

    /// Remembers an entry that is not remembered.
    pub(crate) fn push(&mut self, hash: u64, weight: u64) {
        let i = self.slab.take_slot(Ghost { hash, weight });
        self.slab.push_front(self.queue, i);
        self.index.insert(hash, i, |i| self.slab.node(i).item.hash);
        self.weight += weight;
    }

    /// Forgets the entry; `false` when it was not remembered.
    pub(crate) fn take(&mut self, hash: u64) -> bool {
        let Some(i) = self.find(hash) else {
            return false;
        };
        self.forget(i);
        true
    }

    /// Whether the entry is remembered.
    pub(crate) fn contains(&self, hash: u64) -> bool {
        self.find(hash).is_some()
    }

    /// Forgets the oldest.
    pub(crate) fn pop(&mut self) {
        if let Some(oldest) = self.slab.back(self.queue) {
            self.forget(oldest);
        }
    }

    fn find(&self, hash: u64) -> Option<u32> {
        self.index.find(hash, |i| self.slab.node(i).item.hash == hash)
    }

    fn forget(&mut self, i: u32) {
        self.slab.unlink(i);
        let ghost = self.slab.give_slot(i);
        self.index.remove(ghost.hash, i);
        self.weight -= ghost.weight;
    }
}
