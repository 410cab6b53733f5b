//! Eviction policies. Each links its lists through the one set of [`Nodes`] and may keep one word for each node, its mark; none
//! has an entry, a hash table or a copy of a key of its own.

mod arc;
mod ghosts;
mod lfu;
mod lirs;
mod queue;
mod s3fifo;
mod segment;
mod sketch;
mod sweep;
mod twoqueue;
mod wtinylfu;

use super::deadlines::Deadlines;
use super::nodes::{Moves, Nodes};
use super::{EvictionPolicy, Item, Limits};
pub(crate) use arc::Arc;
pub(crate) use lfu::Lfu;
pub(crate) use lirs::Lirs;
pub(crate) use queue::{Fifo, Lru, Ttl};
pub(crate) use s3fifo::S3Fifo;
pub(crate) use sweep::{Clock, Sieve};
pub(crate) use twoqueue::TwoQueue;
pub(crate) use wtinylfu::WTinyLfu;

/// What the cache tells its policy, and the one question it asks (`evict`). Every call is O(1), amortised for the
/// policies that sweep.
pub(crate) trait Policy: Clone {
    /// A policy for an empty cache.
    fn new(limits: Limits) -> Self;

    /// A key that is not in the cache is about to be inserted; room is made after this call. The hash is computed only
    /// for policies that ask for it.
    fn prepare(&mut self, _hash: impl FnOnce() -> u64) {}

    /// Whether a simulator of this policy would make room for an entry of that weight at all; asked after [`Policy::prepare`].
    /// Real caches do not ask: they must store what they are told to store.
    fn admits(&self, _weight: u64) -> bool {
        true
    }

    /// Whether a simulator would then insert the entry into that room; real caches do not ask this either.
    fn keeps(&self, _weight: u64) -> bool {
        true
    }

    /// Node `i` was inserted, or overwritten by something heavier, which makes it a new entry.
    fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32);

    /// Node `i` is overwritten by something that is not heavier, which makes it a new entry.
    #[inline]
    fn renew<T: Item, R>(&mut self, nodes: &mut Nodes<T>, i: u32, overwrite: impl FnOnce(&mut T) -> R) -> R {
        self.remove(nodes, i);
        let old = overwrite(nodes.item_mut(i));
        self.insert(nodes, i);
        old
    }

    /// Node `i` was read.
    fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32);

    /// Node `i` weighs `to` from now on, not `from`.
    fn reweigh<T: Item>(&mut self, _nodes: &mut Nodes<T>, _i: u32, _from: u64, _to: u64) {}

    /// Node `i`, just inserted, had been read `reads` times when the cache was saved; nodes come in the order of
    /// leaving.
    fn restore<T: Item>(&mut self, _nodes: &mut Nodes<T>, _i: u32, _reads: u32) {}

    /// Bytes held from the allocator, without the nodes.
    fn memory_bytes(&self) -> usize {
        0
    }

    /// The table grew: every node has a new number.
    fn renumber(&mut self, moves: &Moves);

    /// Node `i` leaves for another reason than [`Policy::evict`]: deleted, expired or replaced.
    fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32);

    /// Chooses which entry leaves for one of weight `incoming`, and forgets it; `None` if there is none.
    fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, deadlines: &Deadlines, incoming: u64) -> Option<u32>;
}

/// A policy chosen at run time: one well-predicted branch a call.
macro_rules! any_policy {
    ($($name:ident = $kind:path),* $(,)?) => {
        #[derive(Debug, Clone)]
        pub(crate) enum AnyPolicy { $($name($name)),* }

        impl AnyPolicy {
            /// The policy of that name.
            pub(crate) fn of(kind: EvictionPolicy, limits: Limits) -> Self {
                match kind { $($kind => Self::$name($name::new(limits))),* }
            }

            #[inline(never)]
            fn hit_unusual<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
                match self { $(Self::$name(p) => p.hit(nodes, i)),* }
            }
        }

        impl Policy for AnyPolicy {
            fn new(limits: Limits) -> Self {
                Self::of(EvictionPolicy::LRU, limits)
            }

            #[inline]
            fn prepare(&mut self, hash: impl FnOnce() -> u64) {
                match self { $(Self::$name(p) => p.prepare(hash)),* }
            }

            #[inline]
            fn admits(&self, weight: u64) -> bool {
                match self { $(Self::$name(p) => p.admits(weight)),* }
            }

            #[inline]
            fn keeps(&self, weight: u64) -> bool {
                match self { $(Self::$name(p) => p.keeps(weight)),* }
            }

            #[inline]
            fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
                match self { $(Self::$name(p) => p.insert(nodes, i)),* }
            }

            #[inline]
            fn renew<T: Item, R>(&mut self, nodes: &mut Nodes<T>, i: u32, overwrite: impl FnOnce(&mut T) -> R) -> R {
                match self { $(Self::$name(p) => p.renew(nodes, i, overwrite)),* }
            }

            #[inline]
            fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
                // The usual policy comes first and alone: the others' code needs registers that would have to be saved
                // here.
                if let Self::Lru(lru) = self { lru.hit(nodes, i) } else { self.hit_unusual(nodes, i) }
            }

            fn reweigh<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, from: u64, to: u64) {
                match self { $(Self::$name(p) => p.reweigh(nodes, i, from, to)),* }
            }

            fn restore<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, reads: u32) {
                match self { $(Self::$name(p) => p.restore(nodes, i, reads)),* }
            }

            fn renumber(&mut self, moves: &Moves) {
                match self { $(Self::$name(p) => p.renumber(moves)),* }
            }

            fn memory_bytes(&self) -> usize {
                match self { $(Self::$name(p) => p.memory_bytes()),* }
            }

            #[inline]
            fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
                match self { $(Self::$name(p) => p.remove(nodes, i)),* }
            }

            #[inline]
            fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, deadlines: &Deadlines, incoming: u64) -> Option<u32> {
                match self { $(Self::$name(p) => p.evict(nodes, deadlines, incoming)),* }
            }
        }
    };
}

any_policy! {
    Lru = EvictionPolicy::LRU,
    Lfu = EvictionPolicy::LFU,
    Fifo = EvictionPolicy::FIFO,
    Ttl = EvictionPolicy::TTL,
    Sieve = EvictionPolicy::Sieve,
    S3Fifo = EvictionPolicy::S3Fifo,
    Clock = EvictionPolicy::Clock,
    Arc = EvictionPolicy::Arc,
    TwoQueue = EvictionPolicy::TwoQueue,
    Lirs = EvictionPolicy::Lirs,
    WTinyLfu = EvictionPolicy::WTinyLfu,
}
