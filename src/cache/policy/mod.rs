//! Who leaves when room is needed. Every policy threads the entries through lists of the one [`Slab`] and keeps a word
//! (`mark`) in each node; none of them owns an entry, a hash table or a copy of a key.

mod arc;
mod ghosts;
mod lfu;
mod queue;
mod s3fifo;
mod sweep;

use super::deadlines::Deadlines;
use super::slab::Slab;
use super::{EvictionPolicy, Item};
pub(crate) use arc::Arc;
pub(crate) use lfu::Lfu;
pub(crate) use queue::{Fifo, Lru, Ttl};
pub(crate) use s3fifo::S3Fifo;
pub(crate) use sweep::{Clock, Sieve};

/// What the cache tells its policy, and the one thing it asks. Every call is O(1), amortised where a hand sweeps.
pub(crate) trait Policy: Clone {
    /// A policy for an empty cache of at most `capacity` weight.
    fn new<T: Item>(slab: &mut Slab<T>, capacity: u64) -> Self;

    /// A key that is not in the cache is about to come in; room is made after this call. Few policies ask for its hash.
    fn prepare(&mut self, _hash: impl FnOnce() -> u64) {}

    /// Whether a simulator of this policy makes room for an entry of that weight at all; asked after [`Policy::prepare`].
    /// Real caches do not ask: they keep what they were told to keep.
    fn admits(&self, _weight: u64) -> bool {
        true
    }

    /// Whether a simulator then lets the entry into that room; not asked by real caches either.
    fn keeps(&self, _weight: u64) -> bool {
        true
    }

    /// Node `i` came in, or was overwritten, which makes it a new entry.
    fn insert<T: Item>(&mut self, slab: &mut Slab<T>, i: u32);

    /// Node `i` was read.
    fn hit<T: Item>(&mut self, slab: &mut Slab<T>, i: u32);

    /// Node `i` weighs `to` from now on, not `from`.
    fn reweigh<T: Item>(&mut self, _slab: &mut Slab<T>, _i: u32, _from: u64, _to: u64) {}

    /// Node `i`, which just came in, was read so often in an earlier life; nodes come in the order of leaving.
    fn restore<T: Item>(&mut self, _slab: &mut Slab<T>, _i: u32, _reads: u32) {}

    /// Bytes held from the allocator, the slab of entries aside.
    fn memory_bytes(&self) -> usize {
        0
    }

    /// Node `i` leaves for another reason than [`Policy::evict`].
    fn remove<T: Item>(&mut self, slab: &mut Slab<T>, i: u32);

    /// Chooses who leaves for an entry of weight `incoming`, and forgets it; `None` when there is nobody.
    fn evict<T: Item>(&mut self, slab: &mut Slab<T>, deadlines: &Deadlines, incoming: u64) -> Option<u32>;
}

/// A policy chosen while running: one well-predicted branch a call.
macro_rules! any_policy {
    ($($name:ident = $kind:path),* $(,)?) => {
        #[derive(Debug, Clone)]
        pub(crate) enum AnyPolicy { $($name($name)),* }

        impl AnyPolicy {
            /// The policy of that name.
            pub(crate) fn of<T: Item>(kind: EvictionPolicy, slab: &mut Slab<T>, capacity: u64) -> Self {
                match kind { $($kind => Self::$name($name::new(slab, capacity))),* }
            }
        }

        impl Policy for AnyPolicy {
            fn new<T: Item>(slab: &mut Slab<T>, capacity: u64) -> Self {
                Self::of(EvictionPolicy::LRU, slab, capacity)
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
            fn insert<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
                match self { $(Self::$name(p) => p.insert(slab, i)),* }
            }

            #[inline]
            fn hit<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
                match self { $(Self::$name(p) => p.hit(slab, i)),* }
            }

            fn reweigh<T: Item>(&mut self, slab: &mut Slab<T>, i: u32, from: u64, to: u64) {
                match self { $(Self::$name(p) => p.reweigh(slab, i, from, to)),* }
            }

            fn restore<T: Item>(&mut self, slab: &mut Slab<T>, i: u32, reads: u32) {
                match self { $(Self::$name(p) => p.restore(slab, i, reads)),* }
            }

            fn memory_bytes(&self) -> usize {
                match self { $(Self::$name(p) => p.memory_bytes()),* }
            }

            #[inline]
            fn remove<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
                match self { $(Self::$name(p) => p.remove(slab, i)),* }
            }

            #[inline]
            fn evict<T: Item>(&mut self, slab: &mut Slab<T>, deadlines: &Deadlines, incoming: u64) -> Option<u32> {
                match self { $(Self::$name(p) => p.evict(slab, deadlines, incoming)),* }
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
}
