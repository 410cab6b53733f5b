//! The policies of one queue and one visited bit: a read sets a bit and moves nothing, an eviction sweeps a hand over
//! the queue. A sweep clears every bit it passes, so evicting is O(1) amortised over the reads that set them.

use super::Policy;
use crate::cache::deadlines::Deadlines;
use crate::cache::nodes::{List, Moves, Nodes};
use crate::cache::{Item, Limits};

/// Clock, or second chance: a FIFO whose visited entries go round once more (Corbató, 1968).
#[derive(Debug, Clone)]
pub(crate) struct Clock(List);

impl Policy for Clock {
    fn new(_: Limits) -> Self {
        Self(List::default())
    }

    #[inline]
    fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        nodes.set_mark(i, 0);
        nodes.push_newest(&mut self.0, i);
    }

    #[inline]
    fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        nodes.set_mark(i, 1);
    }

    #[inline]
    fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        nodes.unlink(&mut self.0, i);
    }

    fn renumber(&mut self, moves: &Moves) {
        self.0 = moves.of_list(self.0);
    }

    #[inline]
    fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, _: &Deadlines, _: u64) -> Option<u32> {
        loop {
            let oldest = self.0.oldest()?;
            nodes.unlink(&mut self.0, oldest);
            if nodes.mark(oldest) == 0 {
                return Some(oldest);
            }
            self.insert(nodes, oldest);
        }
    }
}

/// SIEVE: visited entries stay where they are, and the hand moves on (Zhang et al., "SIEVE is simpler than LRU", 2024).
#[derive(Debug, Clone)]
pub(crate) struct Sieve {
    queue: List,
    /// Where the last sweep ended; `None` starts at the oldest.
    hand: Option<u32>,
}

impl Policy for Sieve {
    fn new(_: Limits) -> Self {
        Self { queue: List::default(), hand: None }
    }

    #[inline]
    fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        nodes.set_mark(i, 0);
        nodes.push_newest(&mut self.queue, i);
    }

    #[inline]
    fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        nodes.set_mark(i, 1);
    }

    #[inline]
    fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        if self.hand == Some(i) {
            self.hand = nodes.newer(i);
        }
        nodes.unlink(&mut self.queue, i);
    }

    fn renumber(&mut self, moves: &Moves) {
        self.queue = moves.of_list(self.queue);
        self.hand = self.hand.map(|hand| moves.of(hand));
    }

    #[inline]
    fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, _: &Deadlines, _: u64) -> Option<u32> {
        loop {
            let candidate = self.hand.or_else(|| self.queue.oldest())?;
            self.hand = nodes.newer(candidate);
            if nodes.mark(candidate) == 0 {
                nodes.unlink(&mut self.queue, candidate);
                return Some(candidate);
            }
            nodes.set_mark(candidate, 0);
        }
    }
}
