//! W-TinyLFU: a small window for new entries, and a main cache that admits an entry only if it is read more often than the one it
//! would replace (Einziger, Friedman and Manes, "`TinyLFU`: a highly efficient cache admission policy", 2017; with the shares of
//! Caffeine, and without its adaptive window).

use super::Policy;
use super::segment::Segment;
use super::sketch::Sketch;
use crate::cache::deadlines::Deadlines;
use crate::cache::item::{Item, Limits};
use crate::cache::nodes::{Moves, Nodes};

/// An entry's mark: which queue it is in.
const IN_WINDOW: u32 = 0;
const ON_PROBATION: u32 = 1;
const PROTECTED: u32 = 2;

/// A hundredth of the cache is the window. The rest is the main cache, a segmented LRU: an entry that is read while on probation
/// becomes protected; protected entries take at most four fifths.
#[derive(Debug, Clone)]
pub(crate) struct WTinyLfu {
    window: Segment,
    /// Its limits are those of the whole main cache, so that probation may fill what protected entries leave free.
    probation: Segment,
    protected: Segment,
    sketch: Sketch,
}

impl Policy for WTinyLfu {
    fn new(limits: Limits) -> Self {
        let main = limits.share(|most| most - most.div_ceil(100));
        Self {
            window: Segment::new(limits.share(|most| most.div_ceil(100))),
            probation: Segment::new(main),
            protected: Segment::new(main.share(|most| most - most / 5)),
            sketch: Sketch::new(),
        }
    }

    #[inline]
    fn prepare(&mut self, hash: impl FnOnce() -> u64) {
        self.sketch.count(hash());
    }

    fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        // An entry larger than the window goes straight to the main cache.
        let is_too_large = self.window.limits.are_exceeded_by(nodes.item(i).weight(), 1);
        self.enter(nodes, i, if is_too_large { ON_PROBATION } else { IN_WINDOW });
        self.sketch.grow(self.window.entries + self.probation.entries + self.protected.entries);
        while self.window.is_over()
            && let Some(oldest) = self.window.list.oldest()
            && self.has_room(nodes.item(oldest).weight())
        {
            self.window.take(nodes, oldest);
            self.enter(nodes, oldest, ON_PROBATION);
        }
    }

    fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        self.sketch.count(nodes.item(i).key_hash());
        match nodes.mark(i) {
            ON_PROBATION => {
                self.probation.take(nodes, i);
                self.enter(nodes, i, PROTECTED);
                while self.protected.is_over()
                    && let Some(oldest) = self.protected.list.oldest()
                {
                    self.protected.take(nodes, oldest);
                    self.enter(nodes, oldest, ON_PROBATION);
                }
            }
            mark => nodes.renew(&mut self.queue_of(mark).list, i),
        }
    }

    fn reweigh<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, from: u64, to: u64) {
        self.queue_of(nodes.mark(i)).reweigh(from, to);
    }

    fn memory_bytes(&self) -> usize {
        self.sketch.memory_bytes()
    }

    #[inline]
    fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        self.queue_of(nodes.mark(i)).take(nodes, i);
    }

    fn renumber(&mut self, moves: &Moves) {
        for queue in [&mut self.window, &mut self.probation, &mut self.protected] {
            queue.renumber(moves);
        }
    }

    fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, _: &Deadlines, incoming: u64) -> Option<u32> {
        loop {
            let victim = self.probation.list.oldest().or_else(|| self.protected.list.oldest());
            let is_for_window = !self.window.limits.are_exceeded_by(incoming, 1);
            let candidate = self.window.list.oldest().filter(|_| is_for_window && self.window.is_over_with(incoming));
            let Some(candidate) = candidate else {
                let gone = victim.or_else(|| self.window.list.oldest())?;
                self.remove(nodes, gone);
                return Some(gone);
            };
            if self.has_room(nodes.item(candidate).weight()) {
                self.window.take(nodes, candidate);
                self.enter(nodes, candidate, ON_PROBATION);
                continue;
            }
            let frequency = |i: u32| self.sketch.frequency(nodes.item(i).key_hash());
            let gone = victim.filter(|&victim| frequency(candidate) > frequency(victim)).unwrap_or(candidate);
            self.remove(nodes, gone);
            return Some(gone);
        }
    }
}

impl WTinyLfu {
    /// Whether the main cache has room for one more entry of that weight.
    const fn has_room(&self, weight: u64) -> bool {
        let (probation, protected) = (&self.probation, &self.protected);
        let (held, entries) = (probation.weight + protected.weight, probation.entries + protected.entries);
        !probation.limits.are_exceeded_by(held.saturating_add(weight), entries + 1)
    }

    fn enter<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, mark: u32) {
        nodes.set_mark(i, mark);
        self.queue_of(mark).push(nodes, i);
    }

    const fn queue_of(&mut self, mark: u32) -> &mut Segment {
        match mark {
            ON_PROBATION => &mut self.probation,
            PROTECTED => &mut self.protected,
            _ => &mut self.window,
        }
    }
}
