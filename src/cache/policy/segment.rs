//! A queue that knows its weight and its share of the cache: the part that policies of several queues are made of.

use crate::cache::item::{Item, Limits};
use crate::cache::nodes::{List, Moves, Nodes};

/// The oldest entry is the next to leave it.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) list: List,
    pub(crate) weight: u64,
    pub(crate) entries: u64,
    pub(crate) limits: Limits,
}

impl Segment {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { list: List::default(), weight: 0, entries: 0, limits }
    }

    #[inline]
    pub(crate) fn push<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        self.weight += nodes.item(i).weight();
        self.entries += 1;
        nodes.push_newest(&mut self.list, i);
    }

    #[inline]
    pub(crate) fn take<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        self.weight -= nodes.item(i).weight();
        self.entries -= 1;
        nodes.unlink(&mut self.list, i);
    }

    /// Whether it holds more than its share.
    #[inline]
    pub(crate) const fn is_over(&self) -> bool {
        self.limits.are_exceeded_by(self.weight, self.entries)
    }

    /// Whether it would hold more than its share with one more entry of that weight.
    #[inline]
    pub(crate) const fn is_over_with(&self, weight: u64) -> bool {
        self.limits.are_exceeded_by(self.weight.saturating_add(weight), self.entries + 1)
    }

    /// One of its entries weighs `to` from now on, not `from`.
    pub(crate) const fn reweigh(&mut self, from: u64, to: u64) {
        self.weight = self.weight - from + to;
    }

    pub(crate) fn renumber(&mut self, moves: &Moves) {
        self.list = moves.of_list(self.list);
    }
}
