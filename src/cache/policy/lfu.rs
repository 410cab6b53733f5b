//! Least frequently used, in O(1): a list of buckets in rising order of frequency, each with a queue of its entries
//! (Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010).

use super::Policy;
use crate::cache::deadlines::Deadlines;
use crate::cache::nodes::{List, Moves, Nodes, Slots};
use crate::cache::{Item, Limits};

/// All entries of one frequency.
#[derive(Debug, Clone, Default)]
struct Bucket {
    frequency: u64,
    members: List,
}

/// The least read entry leaves; of several, the one that has had its count for longest.
#[derive(Debug, Clone)]
pub(crate) struct Lfu {
    buckets: Nodes<Bucket>,
    slots: Slots,
    /// The list of buckets; the lowest frequency is at the oldest end. An entry's mark is its bucket's number.
    rising: List,
}

impl Policy for Lfu {
    fn new(_: Limits) -> Self {
        Self { buckets: Nodes::new(), slots: Slots::default(), rising: List::default() }
    }

    #[inline]
    fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        self.enter(nodes, i, 0, None);
    }

    #[inline]
    fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        let bucket = nodes.mark(i);
        let frequency = self.buckets.item(bucket).frequency + 1;
        nodes.unlink(self.members(bucket), i);
        self.enter(nodes, i, frequency, Some(bucket));
        self.drop_if_empty(bucket);
    }

    fn memory_bytes(&self) -> usize {
        self.buckets.memory_bytes() + self.slots.memory_bytes()
    }

    #[inline]
    fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        let bucket = nodes.mark(i);
        nodes.unlink(self.members(bucket), i);
        self.drop_if_empty(bucket);
    }

    fn renumber(&mut self, moves: &Moves) {
        let mut next = self.rising.oldest();
        while let Some(bucket) = next {
            let members = self.members(bucket);
            *members = moves.of_list(*members);
            next = self.buckets.newer(bucket);
        }
    }

    fn restore<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, reads: u32) {
        self.remove(nodes, i);
        // Entries are restored in the order of leaving, so frequencies only rise: the last bucket is the right one, or the new
        // one goes behind it.
        match self.rising.newest() {
            Some(last) if self.buckets.item(last).frequency >= u64::from(reads) => self.join(nodes, i, last),
            last => self.enter(nodes, i, u64::from(reads), last),
        }
    }

    #[inline]
    fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, _: &Deadlines, _: u64) -> Option<u32> {
        let rarest = self.rising.oldest()?;
        let oldest = self.members(rarest).oldest()?;
        self.remove(nodes, oldest);
        Some(oldest)
    }
}

impl Lfu {
    /// Puts node `i` into the bucket of `frequency`, which is made if it is missing; its place is right after `before`,
    /// or first.
    fn enter<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, frequency: u64, before: Option<u32>) {
        let next = match before {
            Some(before) => self.buckets.newer(before),
            None => self.rising.oldest(),
        };
        let bucket = match next {
            Some(next) if self.buckets.item(next).frequency == frequency => next,
            next => {
                let bucket = self.slots.take();
                self.buckets.put(bucket, Bucket { frequency, members: List::default() });
                match next {
                    Some(next) => self.buckets.push_older_than(&mut self.rising, bucket, next),
                    None => self.buckets.push_newest(&mut self.rising, bucket),
                }
                bucket
            }
        };
        self.join(nodes, i, bucket);
    }

    fn join<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, bucket: u32) {
        nodes.set_mark(i, bucket);
        nodes.push_newest(self.members(bucket), i);
    }

    fn members(&mut self, bucket: u32) -> &mut List {
        &mut self.buckets.item_mut(bucket).members
    }

    fn drop_if_empty(&mut self, bucket: u32) {
        if self.members(bucket).oldest().is_none() {
            self.buckets.unlink(&mut self.rising, bucket);
            self.slots.give(bucket);
        }
    }
}
