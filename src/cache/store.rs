//! The core that every cache here is made of: a slab of entries, one hash table of `u32` indices into it, a policy
//! that threads its lists through the slab, and the heap of deadlines.

use std::borrow::Borrow;
use std::hash::Hash;

use super::deadlines::Deadlines;
use super::hash::hash_of;
use super::index::{Index, Lookup, Naming};
use super::policy::Policy;
use super::slab::Slab;
use crate::clock::Instant;

/// Something that can be kept: it knows its key and what it weighs.
pub(crate) trait Item: Default {
    /// What it is found by.
    type Key: ?Sized + Eq + Hash;

    /// The key.
    fn key(&self) -> &Self::Key;

    /// Its share of the cache's limit; constant while the item is in the cache.
    fn weight(&self) -> u64;
}

/// Why an entry left although nobody deleted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// The policy chose it.
    Evicted,
    /// Its time had come at that moment.
    Expired(Instant),
}

/// What a cache may hold at most, at every moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The sum of the entries' weights.
    pub(crate) weight: u64,
    /// The number of entries.
    pub(crate) entries: u64,
}

/// A bounded cache of `T`s under the policy `P`, found through `X`.
#[derive(Debug, Clone)]
pub(crate) struct Store<T, P, X = Index> {
    slab: Slab<T>,
    index: X,
    policy: P,
    deadlines: Deadlines,
    weight: u64,
    limits: Limits,
}

impl<T: Item, P: Policy> Store<T, P> {
    /// An empty store under the policy that `policy` makes.
    pub(crate) fn new(limits: Limits, policy: impl FnOnce(&mut Slab<T>) -> P) -> Self {
        Self::with_lookup(limits, Index::new(), policy)
    }

    /// The node of `key`, expired or not.
    #[inline]
    pub(crate) fn find<Q: ?Sized + Eq + Hash>(&self, key: &Q) -> Option<u32>
    where
        T::Key: Borrow<Q>,
    {
        self.index.find(hash_of(key), |i| self.slab.node(i).item.key().borrow() == key)
    }

    /// All nodes, in an order of the table's own: sort what comes of it.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = u32> {
        self.index.nodes()
    }

    /// Bytes held from the allocator, the items' own allocations aside.
    pub(crate) fn memory_bytes(&self) -> usize {
        let beside = self.index.memory_bytes() + self.policy.memory_bytes() + self.deadlines.memory_bytes();
        self.slab.memory_bytes() + beside
    }
}

impl<T: Item, P: Policy, X: Lookup + Naming<T::Key>> Store<T, P, X> {
    /// An empty store whose nodes are found through `index`, which is empty.
    pub(crate) fn with_lookup(limits: Limits, index: X, policy: impl FnOnce(&mut Slab<T>) -> P) -> Self {
        let mut slab = Slab::new();
        let policy = policy(&mut slab);
        Self { slab, index, policy, deadlines: Deadlines::default(), weight: 0, limits }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) const fn weight(&self) -> u64 {
        self.weight
    }

    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    #[inline]
    pub(crate) fn item(&self, i: u32) -> &T {
        &self.slab.node(i).item
    }

    /// The item, to be changed in place: neither its key nor its weight may change.
    #[inline]
    pub(crate) fn item_mut(&mut self, i: u32) -> &mut T {
        &mut self.slab.node_mut(i).item
    }

    #[inline]
    pub(crate) fn deadline(&self, i: u32) -> Option<Instant> {
        self.deadlines.get(&self.slab, i)
    }

    #[inline]
    pub(crate) fn set_deadline(&mut self, i: u32, at: Option<Instant>) {
        self.deadlines.set(&mut self.slab, i, at);
    }

    /// Whether node `i` is gone at `now`: alive strictly before its deadline, gone from the deadline on.
    #[inline]
    pub(crate) fn is_expired(&self, i: u32, now: Instant) -> bool {
        self.deadline(i).is_some_and(|at| now >= at)
    }

    /// Tells the policy that node `i` was read.
    #[inline]
    pub(crate) fn hit(&mut self, i: u32) {
        self.policy.hit(&mut self.slab, i);
    }

    /// Tells the policy how often node `i`, which just came in, was read in an earlier life.
    pub(crate) fn restore(&mut self, i: u32, reads: u32) {
        self.policy.restore(&mut self.slab, i, reads);
    }

    /// Puts `item` in, in the place of what had its key; whoever has to leave for it is handed to `gone`.
    ///
    /// Expired entries leave first, then whom the policy chooses; never the entry itself. `false`, and nothing is
    /// changed, when the item alone is over the limit.
    #[inline]
    pub(crate) fn insert(
        &mut self,
        item: T,
        deadline: Option<Instant>,
        now: Instant,
        mut gone: impl FnMut(Departure, T),
    ) -> bool {
        let weight = item.weight();
        if weight > self.limits.weight || self.limits.entries == 0 {
            return false;
        }
        let name = X::name(item.key());
        let known = self.index.find(name, |i| self.slab.node(i).item.key() == item.key());
        let i = if let Some(i) = known {
            self.overwrite(i, item, now, &mut gone);
            i
        } else {
            self.policy.prepare(|| hash_of(item.key()));
            self.make_room(weight, 1, now, &mut gone);
            self.add(name, item)
        };
        if deadline.is_some() {
            self.set_deadline(i, deadline);
        }
        true
    }

    /// One request of a simulation: a hit, or a miss that brings the item in if the policy and the limits let it.
    #[inline]
    pub(crate) fn request(&mut self, item: T) -> bool {
        let name = X::name(item.key());
        if let Some(i) = self.index.find(name, |i| self.slab.node(i).item.key() == item.key()) {
            self.policy.hit(&mut self.slab, i);
            return true;
        }
        let weight = item.weight();
        self.policy.prepare(|| hash_of(item.key()));
        if weight <= self.limits.weight && self.policy.admits(weight) {
            self.make_room(weight, 1, Instant::default(), &mut |_, _| {});
            if self.policy.keeps(weight) {
                self.add(name, item);
            }
        }
        false
    }

    /// Takes node `i` out.
    pub(crate) fn remove(&mut self, i: u32) -> T {
        self.release(i);
        self.discard(i)
    }

    /// The entry with the soonest deadline, and that deadline, if it has passed at `now`.
    #[inline]
    pub(crate) fn first_expired(&self, now: Instant) -> Option<(u32, Instant)> {
        self.deadlines.first().filter(|&(_, at)| now >= at)
    }

    /// Replaces the item of node `i` by one of the same key and perhaps another weight, keeping its deadline and its
    /// place with the policy. Should it be the entry's own turn to make room, it is spared and counts as a new entry.
    /// `false`, and nothing is changed, when the item alone is over the limit.
    pub(crate) fn replace(&mut self, i: u32, item: T, now: Instant, mut gone: impl FnMut(Departure, T)) -> bool {
        let (from, to) = (self.item(i).weight(), item.weight());
        if to > self.limits.weight {
            return false;
        }
        *self.item_mut(i) = item;
        self.policy.reweigh(&mut self.slab, i, from, to);
        self.weight = self.weight - from + to;
        if self.weight <= self.limits.weight {
            return true;
        }
        let deadline = self.deadline(i);
        self.set_deadline(i, None);
        let mut is_spared = false;
        while self.weight > self.limits.weight {
            match self.next_victim(now, 0) {
                Some((victim, _)) if victim == i => is_spared = true,
                Some((victim, why)) => gone(why, self.discard(victim)),
                None => break,
            }
        }
        self.set_deadline(i, deadline);
        if is_spared {
            self.policy.insert(&mut self.slab, i);
        }
        true
    }

    /// Makes node `i`, which is in the cache, a new entry without a deadline.
    #[inline]
    fn overwrite(&mut self, i: u32, item: T, now: Instant, gone: &mut impl FnMut(Departure, T)) {
        let weight = item.weight();
        self.release(i);
        let old = std::mem::replace(self.item_mut(i), item);
        self.weight -= old.weight();
        if let Some(at) = self.deadline(i) {
            self.set_deadline(i, None);
            if now >= at {
                gone(Departure::Expired(at), old);
            }
        }
        self.make_room(weight, 0, now, gone);
        self.weight += weight;
        self.policy.insert(&mut self.slab, i);
    }

    /// Adds an item whose key is not there and for which there is room.
    #[inline]
    fn add(&mut self, name: u64, item: T) -> u32 {
        self.weight += item.weight();
        let i = self.slab.take_slot(item);
        self.index.insert(name, i, |i| X::name(self.slab.node(i).item.key()));
        self.policy.insert(&mut self.slab, i);
        i
    }

    /// Drops entries until `weight` more and `entries` more fit.
    #[inline]
    fn make_room(&mut self, weight: u64, entries: u64, now: Instant, gone: &mut impl FnMut(Departure, T)) {
        while self.lacks_room(weight, entries) && self.drop_one(weight, now, gone) {}
    }

    #[inline]
    fn lacks_room(&self, weight: u64, entries: u64) -> bool {
        self.weight > self.limits.weight - weight || self.len() as u64 + entries > self.limits.entries
    }

    /// Drops whoever has to leave next for an entry of weight `incoming`; `false` when there is nobody.
    fn drop_one(&mut self, incoming: u64, now: Instant, gone: &mut impl FnMut(Departure, T)) -> bool {
        let Some((i, why)) = self.next_victim(now, incoming) else {
            return false;
        };
        gone(why, self.discard(i));
        true
    }

    #[inline]
    fn next_victim(&mut self, now: Instant, incoming: u64) -> Option<(u32, Departure)> {
        next_victim(&mut self.slab, &mut self.policy, &self.deadlines, now, incoming)
    }

    /// Makes the policy forget node `i`.
    #[inline]
    fn release(&mut self, i: u32) {
        self.policy.remove(&mut self.slab, i);
    }

    /// Takes node `i`, which the policy has forgotten, out of everything else.
    #[inline]
    fn discard(&mut self, i: u32) -> T {
        self.set_deadline(i, None);
        self.index.remove(X::name(self.slab.node(i).item.key()), i);
        let item = self.slab.give_slot(i);
        self.weight -= item.weight();
        item
    }

    /// The nodes in the order in which they would leave at `now` if room were needed again and again. O(n log n): it
    /// rehearses on a copy, so it is right for every policy.
    pub(crate) fn eviction_order(&self, now: Instant) -> Vec<u32> {
        let (mut slab, mut policy) = (self.slab.map(Shadow::of), self.policy.clone());
        let mut deadlines = self.deadlines.clone();
        let mut order = Vec::with_capacity(self.len());
        while let Some((i, _)) = next_victim(&mut slab, &mut policy, &deadlines, now, 0) {
            deadlines.set(&mut slab, i, None);
            order.push(i);
        }
        order
    }
}

/// Who has to leave next for an entry of weight `incoming`; the policy has already forgotten it.
#[inline]
fn next_victim<T: Item, P: Policy>(
    slab: &mut Slab<T>,
    policy: &mut P,
    deadlines: &Deadlines,
    now: Instant,
    incoming: u64,
) -> Option<(u32, Departure)> {
    if let Some((i, at)) = deadlines.first().filter(|&(_, at)| now >= at) {
        policy.remove(slab, i);
        return Some((i, Departure::Expired(at)));
    }
    let i = policy.evict(slab, deadlines, incoming)?;
    Some((i, Departure::Evicted))
}

/// What a rehearsal needs to know of an item.
#[derive(Debug, Clone, Default)]
struct Shadow {
    hash: u64,
    weight: u64,
}

impl Shadow {
    fn of<T: Item>(item: &T) -> Self {
        Self { hash: hash_of(item.key()), weight: item.weight() }
    }
}

impl Item for Shadow {
    type Key = u64;

    fn key(&self) -> &u64 {
        &self.hash
    }

    fn weight(&self) -> u64 {
        self.weight
    }
}
