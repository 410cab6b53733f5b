//! The deadlines of all entries that have one: a binary heap whose entries know their slab node and the other way
//! round, so that an overwritten or touched deadline is mended in place instead of lingering and killing a newer value.

use super::slab::{NIL, Slab};
use crate::clock::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Timer {
    at: Instant,
    /// Settles equal deadlines: the one that was set first is the first.
    turn: u32,
    node: u32,
}

/// Soonest deadline first. Setting and clearing are O(log n), looking at the first is O(1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Deadlines {
    heap: Vec<Timer>,
    turns: u32,
}

impl Deadlines {
    /// The entry that goes first, and when.
    #[inline]
    pub(crate) fn first(&self) -> Option<(u32, Instant)> {
        self.heap.first().map(|timer| (timer.node, timer.at))
    }

    /// The deadline of node `i`.
    #[inline]
    pub(crate) fn get<T>(&self, slab: &Slab<T>, i: u32) -> Option<Instant> {
        let place = slab.node(i).timer;
        (place != NIL).then(|| self.heap[place as usize].at)
    }

    /// Gives node `i` the deadline `at`, or none, whatever it had before.
    #[inline]
    pub(crate) fn set<T>(&mut self, slab: &mut Slab<T>, i: u32, at: Option<Instant>) {
        match (at, slab.node(i).timer) {
            (None, NIL) => {}
            (None, place) => self.remove(slab, place as usize),
            (Some(at), place) => self.put(slab, i, at, place),
        }
    }

    fn put<T>(&mut self, slab: &mut Slab<T>, i: u32, at: Instant, place: u32) {
        if self.turns == u32::MAX {
            self.count_turns_anew();
        }
        let timer = Timer { at, turn: self.turns, node: i };
        self.turns += 1;
        let place = if place == NIL {
            if self.heap.len() == self.heap.capacity() {
                self.heap.reserve_exact((self.heap.len() / 16).max(8));
            }
            self.heap.push(timer);
            self.heap.len() - 1
        } else {
            self.heap[place as usize] = timer;
            place as usize
        };
        self.settle(slab, place);
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.heap.capacity() * size_of::<Timer>()
    }

    /// Gives every timer a turn from zero on, in the order that they had. O(n log n), once in 2^32 settings.
    #[cold]
    fn count_turns_anew(&mut self) {
        let mut turns: Vec<&mut u32> = self.heap.iter_mut().map(|timer| &mut timer.turn).collect();
        turns.sort_unstable();
        for (anew, turn) in (0..).zip(turns) {
            *turn = anew;
        }
        self.turns = index(self.heap.len());
    }

    fn remove<T>(&mut self, slab: &mut Slab<T>, place: usize) {
        let gone = self.heap.swap_remove(place);
        slab.node_mut(gone.node).timer = NIL;
        if place < self.heap.len() {
            self.settle(slab, place);
        }
    }

    /// Moves the timer at `place` up or down to where it belongs, and tells every moved node its new place.
    fn settle<T>(&mut self, slab: &mut Slab<T>, mut place: usize) {
        while place > 0 && self.heap[place] < self.heap[(place - 1) / 2] {
            let parent = (place - 1) / 2;
            self.swap(slab, place, parent);
            place = parent;
        }
        loop {
            let children = 2 * place + 1..self.heap.len().min(2 * place + 3);
            let Some(child) = children.min_by_key(|&child| self.heap[child]) else {
                break;
            };
            if self.heap[place] < self.heap[child] {
                break;
            }
            self.swap(slab, place, child);
            place = child;
        }
        slab.node_mut(self.heap[place].node).timer = index(place);
    }

    fn swap<T>(&mut self, slab: &mut Slab<T>, a: usize, b: usize) {
        self.heap.swap(a, b);
        slab.node_mut(self.heap[a].node).timer = index(a);
        slab.node_mut(self.heap[b].node).timer = index(b);
    }
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("no more deadlines than entries")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_deadlines_stay_in_their_order_when_turns_are_counted_anew() {
        let mut slab: Slab<()> = Slab::new();
        let mut deadlines = Deadlines { heap: Vec::new(), turns: u32::MAX - 3 };
        let nodes: Vec<u32> = (0..8).map(|_| slab.take_slot(())).collect();
        for &i in &nodes {
            deadlines.set(&mut slab, i, Some(Instant::from_millis(5)));
        }
        deadlines.set(&mut slab, nodes[2], Some(Instant::from_millis(5)));
        let mut order = Vec::new();
        while let Some((i, _)) = deadlines.first() {
            deadlines.set(&mut slab, i, None);
            order.push(i);
        }
        assert_eq!(order, [0, 1, 3, 4, 5, 6, 7, 2]);
        assert!(deadlines.turns < 16);
    }
}
