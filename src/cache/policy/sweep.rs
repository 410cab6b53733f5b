//! The policies of one queue and one visited bit: a read writes a bit and moves nothing, eviction sweeps a hand over
//! the queue. A sweep clears every bit it passes, so evicting is O(1) amortised over the reads that set them.

use super::Policy;
use crate::cache::Item;
use crate::cache::deadlines::Deadlines;
use crate::cache::slab::{List, Slab};

/// Clock, or second chance: a FIFO whose visited entries go round once more (Corbató, 1968).
#[derive(Debug, Clone)]
pub(crate) struct Clock(List);

impl Policy for Clock {
    fn new<T: Item>(slab: &mut Slab<T>, _: u64) -> Self {
        Self(slab.new_list())
    }

    #[inline]
    fn insert<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        slab.node_mut(i).mark = 0;
        slab.push_front(self.0, i);
    }

    #[inline]
    fn hit<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        slab.node_mut(i).mark = 1;
    }

    #[inline]
    fn remove<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        slab.unlink(i);
    }

    #[inline]
    fn evict<T: Item>(&mut self, slab: &mut Slab<T>, _: &Deadlines, _: u64) -> Option<u32> {
        loop {
            let oldest = slab.back(self.0)?;
            slab.unlink(oldest);
            if slab.node(oldest).mark == 0 {
                return Some(oldest);
            }
            self.insert(slab, oldest);
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
    fn new<T: Item>(slab: &mut Slab<T>, _: u64) -> Self {
        Self { queue: slab.new_list(), hand: None }
    }

    #[inline]
    fn insert<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        slab.node_mut(i).mark = 0;
        slab.push_front(self.queue, i);
    }

    #[inline]
    fn hit<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        slab.node_mut(i).mark = 1;
    }

    #[inline]
    fn remove<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        if self.hand == Some(i) {
            self.hand = slab.newer(self.queue, i);
        }
        slab.unlink(i);
    }

    #[inline]
    fn evict<T: Item>(&mut self, slab: &mut Slab<T>, _: &Deadlines, _: u64) -> Option<u32> {
        loop {
            let candidate = self.hand.or_else(|| slab.back(self.queue))?;
            self.hand = slab.newer(self.queue, candidate);
            if slab.node(candidate).mark == 0 {
                slab.unlink(candidate);
                return Some(candidate);
            }
            slab.node_mut(candidate).mark = 0;
        }
    }
}
