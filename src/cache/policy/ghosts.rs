//! Ghosts: a policy's memory of evicted keys, as hashes in a queue.

use crate::cache::index::{Index, Lookup};
use crate::cache::nodes::{List, Nodes};

#[derive(Debug, Clone, Default)]
struct Ghost<S> {
    /// The hash of its key stands for the key: 64 bits, and a collision would only put one entry into the wrong queue.
    hash: u64,
    weight: u64,
    stamp: S,
}

/// A queue of ghosts that can be looked up, of bounded length; each carries what its policy notes of it. Every operation is O(1).
#[derive(Debug, Clone)]
pub(crate) struct Ghosts<S = ()> {
    nodes: Nodes<Ghost<S>>,
    index: Index,
    queue: List,
    weight: u64,
    most: u64,
}

impl<S: Copy + Default> Ghosts<S> {
    pub(crate) fn new(most: u64) -> Self {
        Self { nodes: Nodes::new(), index: Index::new(0), queue: List::default(), weight: 0, most }
    }

    /// The sum of the remembered entries' weights.
    pub(crate) const fn weight(&self) -> u64 {
        self.weight
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.nodes.memory_bytes() + self.index.memory_bytes()
    }

    /// Remembers an entry that is not remembered yet; the oldest is forgotten if there are too many.
    pub(crate) fn push(&mut self, hash: u64, weight: u64, stamp: S) {
        if self.index.len() as u64 >= self.most {
            self.pop();
        }
        if self.most == 0 {
            return;
        }
        if let Some(moves) = self.index.make_room(|i| self.nodes.item(i).hash) {
            self.nodes.renumber(&moves);
            self.queue = moves.of_list(self.queue);
        }
        let i = self.index.insert(hash);
        self.nodes.put(i, Ghost { hash, weight, stamp });
        self.nodes.push_newest(&mut self.queue, i);
        self.weight += weight;
    }

    /// Remembers an entry, unless it is remembered already or alone weighs more than all ghosts may; the oldest are forgotten to
    /// make room.
    pub(crate) fn remember(&mut self, hash: u64, weight: u64, stamp: S, weight_max: u64) {
        if weight > weight_max || self.contains(hash) {
            return;
        }
        while self.weight + weight > weight_max {
            self.pop();
        }
        self.push(hash, weight, stamp);
    }

    /// Forgets an entry and returns what was noted of it; `None` if it was not remembered.
    pub(crate) fn take(&mut self, hash: u64) -> Option<S> {
        let i = self.find(hash)?;
        let stamp = self.nodes.item(i).stamp;
        self.forget(i);
        Some(stamp)
    }

    /// Whether the entry is remembered.
    fn contains(&self, hash: u64) -> bool {
        self.find(hash).is_some()
    }

    /// Forgets the oldest.
    pub(crate) fn pop(&mut self) {
        if let Some(oldest) = self.queue.oldest() {
            self.forget(oldest);
        }
    }

    fn find(&self, hash: u64) -> Option<u32> {
        self.index.find(hash, |i| self.nodes.item(i).hash == hash)
    }

    fn forget(&mut self, i: u32) {
        self.nodes.unlink(&mut self.queue, i);
        let ghost = self.nodes.take(i);
        self.index.remove(ghost.hash, i);
        self.weight -= ghost.weight;
    }
}
