//! What is to come in a simulated world: the earliest first, and of two at the same time the one that was caused first. So the
//! order is total, and the same on every host.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use cachedojo::cluster::Micros;

/// What is to come.
#[derive(Debug, Clone)]
pub(super) struct Agenda<T> {
    due: BinaryHeap<Reverse<Due<T>>>,
    sequence: u64,
}

#[derive(Debug, Clone)]
struct Due<T> {
    at: Micros,
    /// How many were put down before it, and with it.
    sequence: u64,
    what: T,
}

impl<T> Agenda<T> {
    pub(super) const fn new() -> Self {
        Self { due: BinaryHeap::new(), sequence: 0 }
    }

    /// Puts something down for a time. Cost: O(log of how much is to come).
    pub(super) fn put(&mut self, at: Micros, what: T) {
        self.sequence += 1;
        self.due.push(Reverse(Due { at, sequence: self.sequence, what }));
    }

    /// Takes what comes next, if it comes by `end`, with its time. Cost: as [`Self::put`].
    pub(super) fn take(&mut self, end: Micros) -> Option<(Micros, T)> {
        if self.due.peek().is_none_or(|Reverse(due)| due.at > end) {
            return None;
        }
        self.due.pop().map(|Reverse(Due { at, what, .. })| (at, what))
    }

    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// All that is to come, in the order in which it was put down. Cost: O(n log n).
    pub(super) fn by_cause(&self) -> impl Iterator<Item = (Micros, &T)> {
        let mut all: Vec<_> = self.due.iter().map(|Reverse(due)| due).collect();
        all.sort_unstable_by_key(|due| due.sequence);
        all.into_iter().map(|due| (due.at, &due.what))
    }
}

impl<T> PartialEq for Due<T> {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}
impl<T> Eq for Due<T> {}
impl<T> PartialOrd for Due<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Due<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}
