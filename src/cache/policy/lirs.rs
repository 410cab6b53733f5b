//! LIRS: entries whose last two reads came close together stay, whatever is read once in between (Jiang and Zhang, "LIRS: an
//! efficient low inter-reference recency set replacement policy", 2002).
//!
//! The paper's stack holds every entry read since the last read of the oldest staying entry. No list is needed for it: each entry
//! and each ghost keeps the moment of its last read, and is in the stack if that is later than the oldest staying entry's.

use super::Policy;
use super::ghosts::Ghosts;
use super::segment::Segment;
use crate::cache::deadlines::Deadlines;
use crate::cache::item::{Item, Limits};
use crate::cache::nodes::{Moves, Nodes};

/// An entry's mark: which queue it is in.
const STAYS: u32 = 1;

/// The paper's LIR blocks are `staying`, in the order of their last reads, resident HIR blocks are `leaving`, and the
/// non-resident ones in the stack are `ghosts`. A hundredth of the cache, and at least one entry or byte, is for those that
/// leave.
#[derive(Debug, Clone)]
pub(crate) struct Lirs {
    staying: Segment,
    leaving: Segment,
    /// Each with the moment of its last read.
    ghosts: Ghosts<u64>,
    ghost_weight_max: u64,
    /// The moment of each node's last read.
    read_at: Vec<u64>,
    now: u64,
    /// The key about to be inserted is in the stack.
    is_return: bool,
    /// Set once a new entry did not fit: from then on only an entry that is read again may stay.
    was_full: bool,
}

impl Policy for Lirs {
    fn new(limits: Limits) -> Self {
        Self {
            staying: Segment::new(limits.share(|most| most - (most / 100).max(1).min(most))),
            leaving: Segment::new(limits),
            ghosts: Ghosts::new(limits.entries),
            ghost_weight_max: limits.weight,
            read_at: Vec::new(),
            now: 0,
            is_return: false,
            was_full: false,
        }
    }

    #[inline]
    fn prepare(&mut self, hash: impl FnOnce() -> u64) {
        let read_at = self.ghosts.take(hash());
        self.is_return = read_at.is_some_and(|read_at| self.is_in_stack(read_at));
    }

    fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        self.note_read(i);
        if self.staying.entries == 0 {
            self.was_full = false;
        }
        let weight = nodes.item(i).weight();
        let is_return = std::mem::take(&mut self.is_return);
        let stays =
            if is_return { self.can_stay(weight) } else { !self.was_full && !self.staying.is_over_with(weight) };
        self.was_full |= !is_return && !stays;
        self.enter(nodes, i, if stays { STAYS } else { 0 });
        self.settle(nodes);
    }

    #[inline]
    fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        let was_in_stack = self.is_in_stack(self.read_at[i as usize]);
        self.note_read(i);
        if nodes.mark(i) == STAYS {
            nodes.renew(&mut self.staying.list, i);
            return;
        }
        self.leaving.take(nodes, i);
        let stays = was_in_stack && self.can_stay(nodes.item(i).weight());
        self.enter(nodes, i, if stays { STAYS } else { 0 });
        self.settle(nodes);
    }

    fn reweigh<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, from: u64, to: u64) {
        self.queue_of(nodes.mark(i)).reweigh(from, to);
        self.settle(nodes);
    }

    fn memory_bytes(&self) -> usize {
        self.ghosts.memory_bytes() + self.read_at.capacity() * size_of::<u64>()
    }

    #[inline]
    fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        self.queue_of(nodes.mark(i)).take(nodes, i);
    }

    fn renumber(&mut self, moves: &Moves) {
        self.staying.renumber(moves);
        self.leaving.renumber(moves);
        let mut read_at = vec![0; moves.slots()];
        for (from, &moment) in (0..).zip(&self.read_at) {
            if let Some(known) = read_at.get_mut(moves.of(from) as usize) {
                *known = moment;
            }
        }
        self.read_at = read_at;
    }

    #[inline]
    fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, _: &Deadlines, _: u64) -> Option<u32> {
        let Some(oldest) = self.leaving.list.oldest() else {
            let oldest = self.staying.list.oldest()?;
            self.staying.take(nodes, oldest);
            return Some(oldest);
        };
        self.leaving.take(nodes, oldest);
        let read_at = self.read_at[oldest as usize];
        if self.is_in_stack(read_at) {
            let item = nodes.item(oldest);
            self.ghosts.remember(item.key_hash(), item.weight(), read_at, self.ghost_weight_max);
        }
        Some(oldest)
    }
}

impl Lirs {
    /// Whether an entry last read at that moment is in the paper's stack.
    fn is_in_stack(&self, read_at: u64) -> bool {
        self.staying.list.oldest().is_some_and(|bottom| self.read_at[bottom as usize] < read_at)
    }

    fn note_read(&mut self, i: u32) {
        self.now += 1;
        if i as usize >= self.read_at.len() {
            crate::cache::nodes::grow(&mut self.read_at, i as usize + 1, || 0);
        }
        self.read_at[i as usize] = self.now;
    }

    const fn can_stay(&self, weight: u64) -> bool {
        !self.staying.limits.are_exceeded_by(weight, 1)
    }

    fn enter<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, mark: u32) {
        nodes.set_mark(i, mark);
        self.queue_of(mark).push(nodes, i);
    }

    /// Moves the least recently read staying entries out, until the others fit into their share.
    fn settle<T: Item>(&mut self, nodes: &mut Nodes<T>) {
        while self.staying.is_over()
            && let Some(bottom) = self.staying.list.oldest()
        {
            self.staying.take(nodes, bottom);
            self.enter(nodes, bottom, 0);
        }
    }

    const fn queue_of(&mut self, mark: u32) -> &mut Segment {
        if mark == STAYS { &mut self.staying } else { &mut self.leaving }
    }
}
