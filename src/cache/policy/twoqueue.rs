//! 2Q: new keys go through a FIFO; only a key that is asked for again after it has left the FIFO enters the LRU, which is the
//! rest of the cache (Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement algorithm", 1994;
//! the full version).

use super::Policy;
use super::ghosts::Ghosts;
use super::segment::Segment;
use crate::cache::deadlines::Deadlines;
use crate::cache::item::{Item, Limits};
use crate::cache::nodes::{Moves, Nodes};

/// An entry's mark: which queue it is in.
const IN_MAIN: u32 = 1;

/// The paper's A1in is `first`, A1out is `ghosts`, Am is `main`; Kin is a quarter of the cache and Kout a half, as the paper
/// recommends.
#[derive(Debug, Clone)]
pub(crate) struct TwoQueue {
    first: Segment,
    main: Segment,
    ghosts: Ghosts,
    ghost_weight_max: u64,
    /// The key about to be inserted was a ghost.
    is_return: bool,
}

impl Policy for TwoQueue {
    fn new(limits: Limits) -> Self {
        let ghosts_max = limits.share(|most| most / 2);
        Self {
            first: Segment::new(limits.share(|most| most / 4)),
            main: Segment::new(limits),
            ghosts: Ghosts::new(ghosts_max.entries),
            ghost_weight_max: ghosts_max.weight,
            is_return: false,
        }
    }

    #[inline]
    fn prepare(&mut self, hash: impl FnOnce() -> u64) {
        self.is_return = self.ghosts.take(hash()).is_some();
    }

    #[inline]
    fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        let mark = if std::mem::take(&mut self.is_return) { IN_MAIN } else { 0 };
        nodes.set_mark(i, mark);
        self.queue_of(mark).push(nodes, i);
    }

    #[inline]
    fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        // Reads in the first queue move nothing: those that come close together count as one.
        if nodes.mark(i) == IN_MAIN {
            nodes.renew(&mut self.main.list, i);
        }
    }

    fn reweigh<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, from: u64, to: u64) {
        self.queue_of(nodes.mark(i)).reweigh(from, to);
    }

    fn memory_bytes(&self) -> usize {
        self.ghosts.memory_bytes()
    }

    #[inline]
    fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        self.queue_of(nodes.mark(i)).take(nodes, i);
    }

    fn renumber(&mut self, moves: &Moves) {
        self.first.renumber(moves);
        self.main.renumber(moves);
    }

    #[inline]
    fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, _: &Deadlines, _: u64) -> Option<u32> {
        if !self.first.is_over()
            && let Some(oldest) = self.main.list.oldest()
        {
            self.main.take(nodes, oldest);
            return Some(oldest);
        }
        let oldest = self.first.list.oldest()?;
        self.first.take(nodes, oldest);
        let item = nodes.item(oldest);
        self.ghosts.remember(item.key_hash(), item.weight(), (), self.ghost_weight_max);
        Some(oldest)
    }
}

impl TwoQueue {
    const fn queue_of(&mut self, mark: u32) -> &mut Segment {
        if mark == IN_MAIN { &mut self.main } else { &mut self.first }
    }
}
