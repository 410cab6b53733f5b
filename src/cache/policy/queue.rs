//! The policies that are one queue.

use super::Policy;
use crate::cache::Item;
use crate::cache::deadlines::Deadlines;
use crate::cache::slab::{List, Slab};

/// First in, first out.
#[derive(Debug, Clone)]
pub(crate) struct Fifo(List);

impl Policy for Fifo {
    fn new<T: Item>(slab: &mut Slab<T>, _: u64) -> Self {
        Self(slab.new_list())
    }

    #[inline]
    fn insert<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        slab.push_front(self.0, i);
    }

    #[inline]
    fn hit<T: Item>(&mut self, _: &mut Slab<T>, _: u32) {}

    #[inline]
    fn remove<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        slab.unlink(i);
    }

    #[inline]
    fn evict<T: Item>(&mut self, slab: &mut Slab<T>, _: &Deadlines, _: u64) -> Option<u32> {
        let oldest = slab.back(self.0)?;
        slab.unlink(oldest);
        Some(oldest)
    }
}

/// Least recently used: a FIFO in which a read sends the entry to the end of the queue.
#[derive(Debug, Clone)]
pub(crate) struct Lru(Fifo);

impl Policy for Lru {
    fn new<T: Item>(slab: &mut Slab<T>, capacity: u64) -> Self {
        Self(Fifo::new(slab, capacity))
    }

    #[inline]
    fn insert<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        self.0.insert(slab, i);
    }

    #[inline]
    fn hit<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        self.0.remove(slab, i);
        self.0.insert(slab, i);
    }

    #[inline]
    fn remove<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        self.0.remove(slab, i);
    }

    #[inline]
    fn evict<T: Item>(&mut self, slab: &mut Slab<T>, deadlines: &Deadlines, incoming: u64) -> Option<u32> {
        self.0.evict(slab, deadlines, incoming)
    }
}

/// Soonest deadline first; entries without one last, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Ttl(Fifo);

impl Policy for Ttl {
    fn new<T: Item>(slab: &mut Slab<T>, capacity: u64) -> Self {
        Self(Fifo::new(slab, capacity))
    }

    #[inline]
    fn insert<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        self.0.insert(slab, i);
    }

    #[inline]
    fn hit<T: Item>(&mut self, _: &mut Slab<T>, _: u32) {}

    #[inline]
    fn remove<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        self.0.remove(slab, i);
    }

    #[inline]
    fn evict<T: Item>(&mut self, slab: &mut Slab<T>, deadlines: &Deadlines, incoming: u64) -> Option<u32> {
        // The deadlines hold just the entries that have one: once they are empty, the queue holds just the others.
        let Some((soonest, _)) = deadlines.first() else {
            return self.0.evict(slab, deadlines, incoming);
        };
        slab.unlink(soonest);
        Some(soonest)
    }
}
