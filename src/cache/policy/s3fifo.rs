//! S3-FIFO: a small queue that filters out what is asked for only once, a main queue for the rest, and ghosts of what
//! the small queue dropped (Yang et al., "FIFO queues are all you need for cache eviction", 2023).

use super::Policy;
use super::ghosts::Ghosts;
use super::segment::Segment;
use crate::cache::deadlines::Deadlines;
use crate::cache::nodes::{Moves, Nodes};
use crate::cache::{Item, Limits};

/// Reads in the small queue after which an entry is promoted to the main one.
const PROMOTED_AFTER: u32 = 2;
/// The most extra rounds through the main queue that reads can earn.
const FREQUENCY_MAX: u32 = 3;
/// The lowest bit of an entry's mark: it is in the main queue. Its frequency is in the bits above.
const IN_MAIN: u32 = 1;
const ONE_READ: u32 = 2;

/// A tenth of each limit is the small queue's and nine tenths the main queue's; ghosts remember as much as the main queue holds.
/// Details that the paper leaves open follow the authors' simulator, libCacheSim 0.3.
#[derive(Debug, Clone)]
pub(crate) struct S3Fifo {
    small: Segment,
    main: Segment,
    ghosts: Ghosts,
    ghost_weight_max: u64,
    /// The key about to be inserted was a ghost.
    is_return: bool,
    /// Until the first eviction, entries that the small queue cannot hold go straight to the main one.
    has_evicted: bool,
}

impl Policy for S3Fifo {
    fn new(limits: Limits) -> Self {
        let ghosts_max = limits.share(|most| most - most.div_ceil(10));
        Self {
            small: Segment::new(limits.share(|most| most / 10)),
            main: Segment::new(limits.share(|most| most - most / 10)),
            ghosts: Ghosts::new(ghosts_max.entries),
            ghost_weight_max: ghosts_max.weight,
            is_return: false,
            has_evicted: false,
        }
    }

    #[inline]
    fn prepare(&mut self, hash: impl FnOnce() -> u64) {
        self.is_return = self.ghosts.take(hash()).is_some();
    }

    /// A cache of less than ten bytes has no small queue to protect; libCacheSim does not simulate one.
    #[inline]
    fn admits(&self, weight: u64) -> bool {
        weight <= self.small.limits.weight || self.small.limits.weight == 0
    }

    /// An entry as large as the small queue is not kept; libCacheSim makes room for it before it refuses, so we do too.
    #[inline]
    fn keeps(&self, weight: u64) -> bool {
        weight < self.small.limits.weight || self.is_return || self.small.limits.weight == 0
    }

    #[inline]
    fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        // An entry larger than the small queue would push all others out of it.
        let is_for_main = std::mem::take(&mut self.is_return)
            || self.small.limits.are_reached_by(nodes.item(i).weight(), 1)
            || (!self.has_evicted && self.small.limits.are_reached_by(self.small.weight, self.small.entries));
        let mark = if is_for_main { IN_MAIN } else { 0 };
        nodes.set_mark(i, mark);
        self.queue_of(mark).push(nodes, i);
    }

    #[inline]
    fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        let mark = nodes.mark(i);
        if mark / ONE_READ < FREQUENCY_MAX {
            nodes.set_mark(i, mark + ONE_READ);
        }
    }

    fn reweigh<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, from: u64, to: u64) {
        let queue = self.queue_of(nodes.mark(i));
        queue.reweigh(from, to);
    }

    fn memory_bytes(&self) -> usize {
        self.ghosts.memory_bytes()
    }

    #[inline]
    fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        self.queue_of(nodes.mark(i)).take(nodes, i);
    }

    fn renumber(&mut self, moves: &Moves) {
        for queue in [&mut self.small, &mut self.main] {
            queue.renumber(moves);
        }
    }

    #[inline]
    fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, _: &Deadlines, _: u64) -> Option<u32> {
        self.has_evicted = true;
        if !self.main.is_over()
            && let Some(i) = self.evict_from_small(nodes)
        {
            return Some(i);
        }
        // Also when every entry of the small queue was promoted.
        self.evict_from_main(nodes)
    }
}

impl S3Fifo {
    const fn queue_of(&mut self, mark: u32) -> &mut Segment {
        if mark & IN_MAIN == 0 { &mut self.small } else { &mut self.main }
    }

    /// The oldest of the small queue that was not read often enough for promotion.
    fn evict_from_small<T: Item>(&mut self, nodes: &mut Nodes<T>) -> Option<u32> {
        loop {
            let i = self.small.list.oldest()?;
            self.small.take(nodes, i);
            if nodes.mark(i) / ONE_READ < PROMOTED_AFTER {
                let (hash, weight) = (nodes.item(i).key_hash(), nodes.item(i).weight());
                self.ghosts.remember(hash, weight, (), self.ghost_weight_max);
                return Some(i);
            }
            nodes.set_mark(i, IN_MAIN);
            self.main.push(nodes, i);
        }
    }

    /// The oldest of the main queue that has no reads left to spend on another round.
    fn evict_from_main<T: Item>(&mut self, nodes: &mut Nodes<T>) -> Option<u32> {
        loop {
            let i = self.main.list.oldest()?;
            self.main.take(nodes, i);
            let mark = nodes.mark(i);
            if mark < ONE_READ {
                return Some(i);
            }
            nodes.set_mark(i, mark - ONE_READ);
            self.main.push(nodes, i);
        }
    }
}
