//! ARC: two LRU queues, of what was asked for once and of what came back, whose shares follow the ghosts that are asked
//! for (Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", 2003). Counted in weight, not pages.

use super::Policy;
use super::ghosts::Ghosts;
use crate::cache::Item;
use crate::cache::deadlines::Deadlines;
use crate::cache::hash::hash_of;
use crate::cache::slab::{List, Slab};

/// The paper's names: T1 and B1 are what was asked for once and its ghosts, T2 and B2 what came back.
#[derive(Debug, Clone)]
pub(crate) struct Arc {
    t1: Queue,
    t2: Queue,
    b1: Ghosts,
    b2: Ghosts,
    /// The weight that T1 should have. A sum of quotients of weights, in the arithmetic of IEEE 754 that the published
    /// simulators use: addition, division and comparison are exact there, and the same natively and in Wasm.
    target: f64,
    capacity: u64,
    /// Where the key about to come in was remembered.
    origin: Origin,
}

#[derive(Debug, Clone)]
struct Queue {
    list: List,
    weight: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Unknown,
    B1,
    B2,
}

/// An entry's mark: which queue it is in.
const IN_T2: u32 = 1;

impl Policy for Arc {
    fn new<T: Item>(slab: &mut Slab<T>, capacity: u64) -> Self {
        Self {
            t1: Queue { list: slab.new_list(), weight: 0 },
            t2: Queue { list: slab.new_list(), weight: 0 },
            b1: Ghosts::new(),
            b2: Ghosts::new(),
            target: 0.0,
            capacity,
            origin: Origin::Unknown,
        }
    }

    #[inline]
    fn prepare(&mut self, hash: impl FnOnce() -> u64) {
        let hash = hash();
        let (b1, b2) = (float(self.b1.weight()), float(self.b2.weight()));
        self.origin = if self.b1.take(hash) {
            self.target = (self.target + (b2 / b1).max(1.0)).min(float(self.capacity));
            Origin::B1
        } else if self.b2.take(hash) {
            self.target = (self.target - (b1 / b2).max(1.0)).max(0.0);
            Origin::B2
        } else {
            Origin::Unknown
        };
    }

    #[inline]
    fn insert<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        let is_return = std::mem::replace(&mut self.origin, Origin::Unknown) != Origin::Unknown;
        self.push(slab, i, if is_return { IN_T2 } else { 0 });
    }

    #[inline]
    fn hit<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        self.remove(slab, i);
        self.push(slab, i, IN_T2);
    }

    fn reweigh<T: Item>(&mut self, slab: &mut Slab<T>, i: u32, from: u64, to: u64) {
        let queue = self.queue_of(slab.node(i).mark);
        queue.weight = queue.weight - from + to;
    }

    fn memory_bytes(&self) -> usize {
        self.b1.memory_bytes() + self.b2.memory_bytes()
    }

    #[inline]
    fn remove<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        let node = slab.node(i);
        self.queue_of(node.mark).weight -= node.item.weight();
        slab.unlink(i);
    }

    #[inline]
    fn evict<T: Item>(&mut self, slab: &mut Slab<T>, _: &Deadlines, incoming: u64) -> Option<u32> {
        if self.origin == Origin::Unknown {
            let seen_once = self.t1.weight + self.b1.weight();
            if seen_once + incoming > self.capacity {
                if self.b1.weight() == 0 {
                    // T1 alone fills the cache: its oldest leaves without a trace.
                    if let Some(oldest) = slab.back(self.t1.list) {
                        self.remove(slab, oldest);
                        return Some(oldest);
                    }
                }
                self.b1.pop();
            } else if seen_once + self.t2.weight + self.b2.weight() >= self.capacity.saturating_mul(2) {
                self.b2.pop();
            }
        }
        self.replace(slab)
    }
}

impl Arc {
    /// The paper's REPLACE: T1 gives an entry while it is over its target, otherwise T2 does.
    fn replace<T: Item>(&mut self, slab: &mut Slab<T>) -> Option<u32> {
        let t1 = float(self.t1.weight);
        let is_over = if self.origin == Origin::B2 { t1 >= self.target } else { t1 > self.target };
        let from_t1 = slab.back(self.t1.list).filter(|_| is_over);
        let oldest = from_t1.or_else(|| slab.back(self.t2.list)).or_else(|| slab.back(self.t1.list))?;
        let node = slab.node(oldest);
        let (hash, weight) = (hash_of(node.item.key()), node.item.weight());
        let ghosts = if node.mark == IN_T2 { &mut self.b2 } else { &mut self.b1 };
        ghosts.push(hash, weight);
        self.remove(slab, oldest);
        Some(oldest)
    }

    fn push<T: Item>(&mut self, slab: &mut Slab<T>, i: u32, mark: u32) {
        slab.node_mut(i).mark = mark;
        let queue = self.queue_of(mark);
        queue.weight += slab.node(i).item.weight();
        slab.push_front(queue.list, i);
    }

    const fn queue_of(&mut self, mark: u32) -> &mut Queue {
        if mark == IN_T2 { &mut self.t2 } else { &mut self.t1 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "weights stay far below 2^53 bytes")]
const fn float(weight: u64) -> f64 {
    weight as f64
}
