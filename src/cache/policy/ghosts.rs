//! The memory of who left: fingerprints of keys, in a queue.

use crate::cache::index::{Index, Lookup};
use crate::cache::nodes::{List, Nodes};

#[derive(Debug, Clone, Default)]
struct Ghost {
    /// The hash of its key stands for the key: 64 bits, and a mistake would only misplace one entry in a queue.
    hash: u64,
    weight: u64,
}

/// A queue of ghosts that can be looked up, at most so many. Every operation is O(1).
#[derive(Debug, Clone)]
pub(crate) struct Ghosts {
    nodes: Nodes<Ghost>,
    index: Index,
    queue: List,
    weight: u64,
    most: u64,
}

impl Ghosts {
    pub(crate) fn new(most: u64) -> Self {
        Self { nodes: Nodes::new(), index: Index::new(), queue: List::default(), weight: 0, most }
    }

    /// What all remembered entries weighed.
    pub(crate) const fn weight(&self) -> u64 {
        self.weight
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.nodes.memory_bytes() + self.index.memory_bytes()
    }

    /// Remembers an entry that is not remembered; the oldest is forgotten for it where there are too many.
    pub(crate) fn push(&mut self, hash: u64, weight: u64) {
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
        self.nodes.put(i, Ghost { hash, weight });
        self.nodes.push_newest(&mut self.queue, i);
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
