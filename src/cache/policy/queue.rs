//! The policies that are one queue. They differ in two answers, which are const generics: the compiler drops the branches
//! that a policy does not take.

use super::Policy;
use crate::cache::deadlines::Deadlines;
use crate::cache::nodes::{List, Moves, Nodes};
use crate::cache::{Item, Limits};

/// First in, first out.
pub(crate) type Fifo = Queue<false, false>;
/// Least recently used: a read sends the entry to the end of the queue.
pub(crate) type Lru = Queue<true, false>;
/// Soonest deadline first; entries without one last, oldest first.
pub(crate) type Ttl = Queue<false, true>;

/// Entries in the order in which they were inserted or, with `READ_IS_NEW`, last read. The oldest leaves; with
/// `SOONEST_FIRST`, entries with a deadline leave before it.
#[derive(Debug, Clone)]
pub(crate) struct Queue<const READ_IS_NEW: bool, const SOONEST_FIRST: bool>(List);

impl<const READ_IS_NEW: bool, const SOONEST_FIRST: bool> Policy for Queue<READ_IS_NEW, SOONEST_FIRST> {
    fn new(_: Limits) -> Self {
        Self(List::default())
    }

    #[inline]
    fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        nodes.push_newest(&mut self.0, i);
    }

    #[inline]
    fn renew<T: Item, R>(&mut self, nodes: &mut Nodes<T>, i: u32, overwrite: impl FnOnce(&mut T) -> R) -> R {
        nodes.renew(&mut self.0, i);
        overwrite(nodes.item_mut(i))
    }

    #[inline]
    fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        if READ_IS_NEW {
            nodes.renew(&mut self.0, i);
        }
    }

    #[inline]
    fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        nodes.unlink(&mut self.0, i);
    }

    fn renumber(&mut self, moves: &Moves) {
        self.0 = moves.of_list(self.0);
    }

    #[inline]
    fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, deadlines: &Deadlines, _: u64) -> Option<u32> {
        // The deadlines hold exactly the entries that have one: when there are none left, only entries without one are
        // in the queue.
        let soonest = deadlines.first().filter(|_| SOONEST_FIRST).map(|(soonest, _)| soonest);
        let victim = soonest.or_else(|| self.0.oldest())?;
        nodes.unlink(&mut self.0, victim);
        Some(victim)
    }
}
