//! The future events of a simulated world: earliest first, and of two at the same time the one scheduled first. So the order is
//! total, and the same on every host.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use cachedojo::cluster::Micros;

/// The future events.
#[derive(Debug, Clone)]
pub(super) struct Agenda<T> {
    due: BinaryHeap<Reverse<Due<T>>>,
    sequence: u64,
}

#[derive(Debug, Clone)]
struct Due<T> {
    at: Micros,
    /// How many events were scheduled before it: breaks ties.
    sequence: u64,
    what: T,
}

impl<T> Agenda<T> {
    pub(super) const fn new() -> Self {
        Self { due: BinaryHeap::new(), sequence: 0 }
    }

    /// Schedules an event. Cost: O(log of the number of events).
    pub(super) fn put(&mut self, at: Micros, what: T) {
        self.sequence += 1;
        self.due.push(Reverse(Due { at, sequence: self.sequence, what }));
    }

    /// Takes the next event and its time, if it happens by `end`. Cost: as [`Self::put`].
    pub(super) fn take(&mut self, end: Micros) -> Option<(Micros, T)> {
        if self.due.peek().is_none_or(|Reverse(due)| due.at > end) {
            return None;
        }
        self.due.pop().map(|Reverse(Due { at, what, .. })| (at, what))
    }

    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// All future events, in the order in which they were scheduled. Cost: O(n log n).
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
