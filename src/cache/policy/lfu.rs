//! Least frequently used, in O(1): a list of buckets in rising order of frequency, each with a queue of its entries
//! (Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010).

use super::Policy;
use crate::cache::Item;
use crate::cache::deadlines::Deadlines;
use crate::cache::slab::{List, Slab};

/// All entries of one frequency. `members` lives in the slab of entries, the bucket in a slab of buckets.
#[derive(Debug, Clone, Default)]
struct Bucket {
    frequency: u64,
    members: Option<List>,
}

/// The least read entry leaves; among equals the one that has been that rarely read for longest.
#[derive(Debug, Clone)]
pub(crate) struct Lfu {
    buckets: Slab<Bucket>,
    /// The buckets, the least frequent one at the back. An entry's mark is its bucket's index.
    rising: List,
}

impl Policy for Lfu {
    fn new<T: Item>(_: &mut Slab<T>, _: u64) -> Self {
        let mut buckets = Slab::new();
        let rising = buckets.new_list();
        Self { buckets, rising }
    }

    #[inline]
    fn insert<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        self.enter(slab, i, 0, None);
    }

    #[inline]
    fn hit<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        let bucket = slab.node(i).mark;
        let frequency = self.buckets.node(bucket).item.frequency + 1;
        slab.unlink(i);
        self.enter(slab, i, frequency, Some(bucket));
        self.drop_if_empty(slab, bucket);
    }

    fn memory_bytes(&self) -> usize {
        self.buckets.memory_bytes()
    }

    #[inline]
    fn remove<T: Item>(&mut self, slab: &mut Slab<T>, i: u32) {
        slab.unlink(i);
        self.drop_if_empty(slab, slab.node(i).mark);
    }

    fn restore<T: Item>(&mut self, slab: &mut Slab<T>, i: u32, reads: u32) {
        self.remove(slab, i);
        // The order of leaving is the order of frequencies: the last bucket is the right one, or the new one's neighbour.
        match self.buckets.front(self.rising) {
            Some(last) if self.buckets.node(last).item.frequency >= u64::from(reads) => {
                slab.node_mut(i).mark = last;
                slab.push_front(self.members(last), i);
            }
            last => self.enter(slab, i, u64::from(reads), last),
        }
    }

    #[inline]
    fn evict<T: Item>(&mut self, slab: &mut Slab<T>, _: &Deadlines, _: u64) -> Option<u32> {
        let rarest = self.buckets.back(self.rising)?;
        let oldest = slab.back(self.members(rarest))?;
        self.remove(slab, oldest);
        Some(oldest)
    }
}

impl Lfu {
    /// Puts node `i` into the bucket of `frequency`, which stands right after `before` (or first), or should.
    fn enter<T: Item>(&mut self, slab: &mut Slab<T>, i: u32, frequency: u64, before: Option<u32>) {
        let next = match before {
            Some(before) => self.buckets.newer(self.rising, before),
            None => self.buckets.back(self.rising),
        };
        let bucket = match next {
            Some(next) if self.buckets.node(next).item.frequency == frequency => next,
            next => {
                let bucket = self.buckets.take_slot(Bucket { frequency, members: Some(slab.new_list()) });
                self.buckets.push_older(self.rising, bucket, next);
                bucket
            }
        };
        slab.node_mut(i).mark = bucket;
        slab.push_front(self.members(bucket), i);
    }

    fn members(&self, bucket: u32) -> List {
        self.buckets.node(bucket).item.members.expect("a bucket in use has members")
    }

    fn drop_if_empty<T: Item>(&mut self, slab: &mut Slab<T>, bucket: u32) {
        let members = self.members(bucket);
        if slab.back(members).is_none() {
            slab.drop_list(members);
            self.buckets.unlink(bucket);
            self.buckets.give_slot(bucket);
        }
    }
}
