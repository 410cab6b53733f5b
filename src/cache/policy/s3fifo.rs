//! S3-FIFO: a small queue that filters out what is asked for only once, a main queue for the rest, and ghosts of what
//! the small queue dropped (Yang et al., "FIFO queues are all you need for cache eviction", 2023).

use super::Policy;
use super::ghosts::Ghosts;
use crate::cache::Item;
use crate::cache::deadlines::Deadlines;
use crate::cache::hash::hash_of;
use crate::cache::slab::{List, Slab};

/// Reads in the small queue that earn a place in the main one.
const PROMOTED_AFTER: u32 = 2;
/// Rounds through the main queue that reads can earn at most.
const FREQUENCY_MAX: u32 = 3;
/// The bit of an entry's mark that says that it is in the main queue; its frequency is above.
const IN_MAIN: u32 = 1;
const ONE_READ: u32 = 2;

/// A tenth of the capacity is the small queue, nine tenths the main queue, and ghosts for as much again as the main one.
/// Details that the paper leaves open are as in the authors' simulator, libCacheSim 0.3.
#[derive(Debug, Clone)]
pub(crate) struct S3Fifo {
    small: Queue,
    main: Queue,
    ghosts: Ghosts,
    ghost_limit: u64,
    /// The key about to come in was a ghost.
    is_return: bool,
    /// Until the first eviction, what the small queue cannot hold goes straight to the main one.
    has_evicted: bool,
}

#[derive(Debug, Clone)]
struct Queue {
    list: List,
    weight: u64,
    limit: u64,
}

impl Queue {
    fn push<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        self.weight += slab.node(i).item.weight();
        slab.push_front(self.list, i);
    }

    fn take<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        self.weight -= slab.node(i).item.weight();
        slab.unlink(i);
    }
}

impl Policy for S3Fifo {
    fn new<T: Item>(slab: &mut Slab<T>, capacity: u64) -> Self {
        let limit = capacity / 10;
        Self {
            small: Queue { list: slab.new_list(), weight: 0, limit },
            main: Queue { list: slab.new_list(), weight: 0, limit: capacity - limit },
            ghosts: Ghosts::new(),
            ghost_limit: capacity - capacity.div_ceil(10),
            is_return: false,
            has_evicted: false,
        }
    }

    #[inline]
    fn prepare(&mut self, hash: impl FnOnce() -> u64) {
        self.is_return = self.ghosts.take(hash());
    }

    /// A cache of less than ten bytes has no small queue to protect; libCacheSim does not simulate one.
    #[inline]
    fn admits(&self, weight: u64) -> bool {
        weight <= self.small.limit || self.small.limit == 0
    }

    /// What would fill the small queue alone is not kept, though libCacheSim makes room for it before it says so.
    #[inline]
    fn keeps(&self, weight: u64) -> bool {
        weight < self.small.limit || self.is_return || self.small.limit == 0
    }

    #[inline]
    fn insert<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        // What is too big for the small queue would only flush it.
        let is_for_main = std::mem::take(&mut self.is_return)
            || slab.node(i).item.weight() >= self.small.limit
            || (!self.has_evicted && self.small.weight >= self.small.limit);
        slab.node_mut(i).mark = if is_for_main { IN_MAIN } else { 0 };
        self.queue_of(u32::from(is_for_main)).push(slab, i);
    }

    #[inline]
    fn hit<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        let mark = &mut slab.node_mut(i).mark;
        if *mark / ONE_READ < FREQUENCY_MAX {
            *mark += ONE_READ;
        }
    }

    fn reweigh<T: Item>(&mut self, slab: &mut Slab<T>, i: u32, from: u64, to: u64) {
        let queue = self.queue_of(slab.node(i).mark);
        queue.weight = queue.weight - from + to;
    }

    fn memory_bytes(&self) -> usize {
        self.ghosts.memory_bytes()
    }

    #[inline]
    fn remove<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        self.queue_of(slab.node(i).mark).take(slab, i);
    }

    #[inline]
    fn evict<T: Item>(&mut self, slab: &mut Slab<T>, _: &Deadlines, _: u64) -> Option<u32> {
        self.has_evicted = true;
        if self.main.weight <= self.main.limit
            && let Some(i) = self.evict_from_small(slab)
        {
            return Some(i);
        }
        // Also when everybody in the small queue was promoted.
        self.evict_from_main(slab)
    }
}

impl S3Fifo {
    const fn queue_of(&mut self, mark: u32) -> &mut Queue {
        if mark & IN_MAIN == 0 { &mut self.small } else { &mut self.main }
    }

    /// The oldest of the small queue that was not read often enough to be promoted.
    fn evict_from_small<T: Item>(&mut self, slab: &mut Slab<T>) -> Option<u32> {
        loop {
            let i = slab.back(self.small.list)?;
            self.small.take(slab, i);
            if slab.node(i).mark / ONE_READ < PROMOTED_AFTER {
                self.remember(hash_of(slab.node(i).item.key()), slab.node(i).item.weight());
                return Some(i);
            }
            slab.node_mut(i).mark = IN_MAIN;
            self.main.push(slab, i);
        }
    }

    /// The oldest of the main queue that has no read left to spend.
    fn evict_from_main<T: Item>(&mut self, slab: &mut Slab<T>) -> Option<u32> {
        loop {
            let i = slab.back(self.main.list)?;
            self.main.take(slab, i);
            let mark = slab.node(i).mark;
            if mark < ONE_READ {
                return Some(i);
            }
            slab.node_mut(i).mark = mark - ONE_READ;
            self.main.push(slab, i);
        }
    }

    fn remember(&mut self, hash: u64, weight: u64) {
        if weight > self.ghost_limit || self.ghosts.contains(hash) {
            return;
        }
        while self.ghosts.weight() + weight > self.ghost_limit {
            self.ghosts.pop();
        }
        self.ghosts.push(hash, weight);
    }
}
