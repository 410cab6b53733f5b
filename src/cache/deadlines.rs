//! The deadlines of all entries that have one: a binary heap, with the place in the heap kept for each node. So a
//! deadline that is overwritten or touched is moved in place; a stale timer left in the heap would remove a newer
//! value.

use super::nodes::{Moves, NIL, grow, steps};
use crate::clock::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Timer {
    at: Instant,
    /// Ties: of equal deadlines the one that was set first comes first.
    turn: u32,
    node: u32,
}

/// Soonest deadline first. Setting and clearing are O(log n), looking at the first is O(1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Deadlines {
    heap: Vec<Timer>,
    turns: u32,
    /// For each node its place in the heap, or [`NIL`]. As long as the highest node number that ever had a deadline.
    places: Vec<u32>,
}

impl Deadlines {
    /// The node with the soonest deadline, and that deadline.
    #[inline]
    pub(crate) fn first(&self) -> Option<(u32, Instant)> {
        self.heap.first().map(|timer| (timer.node, timer.at))
    }

    /// The deadline of node `i`.
    #[inline]
    pub(crate) fn get(&self, i: u32) -> Option<Instant> {
        let place = self.place(i);
        (place != NIL).then(|| self.heap[place as usize].at)
    }

    /// Gives node `i` the deadline `at`, or none, whatever it had before.
    #[inline]
    pub(crate) fn set(&mut self, i: u32, at: Option<Instant>) {
        match (at, self.place(i)) {
            (None, NIL) => {}
            (None, place) => self.remove(place as usize),
            (Some(at), place) => self.put(i, at, place),
        }
    }

    #[inline]
    fn place(&self, i: u32) -> u32 {
        self.places.get(i as usize).copied().unwrap_or(NIL)
    }

    fn put(&mut self, i: u32, at: Instant, place: u32) {
        if self.turns == u32::MAX {
            self.count_turns_anew();
        }
        let timer = Timer { at, turn: self.turns, node: i };
        self.turns += 1;
        let place = if place == NIL {
            let (place, slots) = (self.heap.len(), i as usize + 1);
            grow(&mut self.heap, place + 1, || timer);
            if slots > self.places.len() {
                grow(&mut self.places, slots, || NIL);
            }
            place
        } else {
            self.heap[place as usize] = timer;
            place as usize
        };
        self.settle(place);
    }

    /// Renames every node after the table has grown.
    pub(crate) fn renumber(&mut self, moves: &Moves) {
        if self.heap.is_empty() {
            return;
        }
        self.places = vec![NIL; moves.slots()];
        for (place, timer) in (0..).zip(&mut self.heap) {
            timer.node = moves.of(timer.node);
            self.places[timer.node as usize] = place;
        }
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.heap.capacity() * size_of::<Timer>() + self.places.capacity() * size_of::<u32>()
    }

    /// Numbers the timers anew from zero, in their present order, before `turn` overflows. O(n log n), once in 2^32
    /// settings.
    #[cold]
    fn count_turns_anew(&mut self) {
        let mut turns: Vec<&mut u32> = self.heap.iter_mut().map(|timer| &mut timer.turn).collect();
        turns.sort_unstable();
        for (anew, turn) in (0..).zip(turns) {
            *turn = anew;
        }
        self.turns = index(self.heap.len());
    }

    fn remove(&mut self, place: usize) {
        let gone = self.heap.swap_remove(place);
        self.places[gone.node as usize] = NIL;
        if place < self.heap.len() {
            self.settle(place);
        }
    }

    /// Restores the heap order around `place`, and records the new place of every timer that moves.
    fn settle(&mut self, mut place: usize) {
        while place > 0 && self.heap[place] < self.heap[(place - 1) / 2] {
            let parent = (place - 1) / 2;
            self.swap(place, parent);
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
            self.swap(place, child);
            place = child;
        }
        self.places[self.heap[place].node as usize] = index(place);
    }

    fn swap(&mut self, a: usize, b: usize) {
        steps::take();
        self.heap.swap(a, b);
        self.places[self.heap[a].node as usize] = index(a);
        self.places[self.heap[b].node as usize] = index(b);
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
        let mut deadlines = Deadlines { turns: u32::MAX - 3, ..Deadlines::default() };
        for i in 0..8 {
            deadlines.set(i, Some(Instant::from_millis(5)));
        }
        deadlines.set(2, Some(Instant::from_millis(5)));
        let mut order = Vec::new();
        while let Some((i, _)) = deadlines.first() {
            deadlines.set(i, None);
            order.push(i);
        }
        assert_eq!(order, [0, 1, 3, 4, 5, 6, 7, 2]);
        assert!(deadlines.turns < 16);
    }
}
