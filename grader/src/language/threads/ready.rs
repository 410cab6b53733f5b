//! The threads that can run: in the order in which random plans draw them, and by age.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

/// The threads that can run. Ten thousand may, so none is searched for.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// In an order that depends on nothing but what was added and removed before.
    all: Vec<u32>,
    by_age: BTreeSet<u32>,
    /// By thread: its index in `all`, if it is there.
    places: Vec<usize>,
}

impl Ready {
    /// All of them, in any order.
    pub(super) fn all(&self) -> &[u32] {
        &self.all
    }

    /// Adds a thread that is not there. Cost: O(log n).
    pub(super) fn add(&mut self, thread: u32) {
        if self.places.len() <= thread as usize {
            self.places.resize(thread as usize + 1, usize::MAX);
        }
        self.places[thread as usize] = self.all.len();
        self.all.push(thread);
        self.by_age.insert(thread);
    }

    /// Removes a thread that is there. Cost: O(log n).
    pub(super) fn remove(&mut self, thread: u32) {
        let place = std::mem::replace(&mut self.places[thread as usize], usize::MAX);
        self.all.swap_remove(place);
        if let Some(moved) = self.all.get(place) {
            self.places[*moved as usize] = place;
        }
        self.by_age.remove(&thread);
    }

    /// The one that was started first. Cost: O(log n).
    pub(super) fn oldest(&self) -> Option<u32> {
        self.by_age.first().copied()
    }

    /// Another than this one: the next by age, after the youngest the oldest. Cost: O(log n).
    pub(super) fn after(&self, thread: u32) -> Option<u32> {
        let younger = self.by_age.range((Excluded(thread), Unbounded)).next();
        younger.or_else(|| self.by_age.range(..thread).next()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Ready;

    #[test]
    fn they_are_found_by_age_in_whatever_order_they_come_and_go() {
        let mut ready = Ready::default();
        assert_eq!((ready.oldest(), ready.after(3)), (None, None));
        for thread in [5, 2, 9, 7] {
            ready.add(thread);
        }
        assert_eq!((ready.oldest(), ready.all()), (Some(2), &[5, 2, 9, 7][..]));
        for (thread, next) in [(2, 5), (5, 7), (6, 7), (9, 2)] {
            assert_eq!(ready.after(thread), Some(next), "{thread}");
        }
        ready.remove(2);
        ready.remove(7);
        assert_eq!((ready.oldest(), ready.after(9), ready.all()), (Some(5), Some(5), &[5, 9][..]));
        ready.remove(9);
        ready.add(1);
        assert_eq!(
            (ready.oldest(), ready.after(5), ready.after(1), ready.all()),
            (Some(1), Some(1), Some(5), &[5, 1][..])
        );
        ready.remove(1);
        assert_eq!((ready.after(5), ready.all()), (None, &[5][..]));
    }
}
