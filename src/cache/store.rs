//! The core of every cache here: nodes in slots, a hash index that maps keys to slots, a policy that links its lists
//! through the nodes, and a heap of deadlines.

use std::borrow::Borrow;
use std::hash::Hash;

use super::deadlines::Deadlines;
use super::hash::seeded_hash_of;
use super::index::{Index, Lookup, Naming};
use super::item::{Item, Limits};
use super::nodes::{Moves, Nodes};
use super::policy::Policy;
use super::shadow::Shadow;
use crate::clock::Instant;

/// Why an entry left without being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// The policy chose it.
    Evicted,
    /// Its deadline, this moment, had passed.
    Expired(Instant),
}

/// A bounded cache of `T`s with the policy `P`, looked up through `X`.
#[derive(Debug, Clone)]
pub(crate) struct Store<T, P, X = Index> {
    nodes: Nodes<T>,
    index: X,
    policy: P,
    deadlines: Deadlines,
    weight: u64,
    limits: Limits,
}

impl<T: Item, P: Policy> Store<T, P> {
    /// An empty store whose keys are hashed without a seed.
    pub(crate) fn new(limits: Limits, policy: P) -> Self {
        Self::seeded(limits, policy, 0)
    }

    /// An empty store whose keys are hashed with that seed.
    pub(crate) fn seeded(limits: Limits, policy: P, seed: u64) -> Self {
        Self::with_lookup(limits, Index::new(seed), policy)
    }

    /// The node of `key`, expired or not.
    #[inline]
    pub(crate) fn find<Q: ?Sized + Eq + Hash>(&self, key: &Q) -> Option<u32>
    where
        T::Key: Borrow<Q>,
    {
        self.find_by(seeded_hash_of(self.index.seed(), key), |item| item.key().borrow() == key)
    }

    /// All nodes, in the table's order, which must not be observable: sort what comes of it.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = u32> {
        self.index.nodes()
    }

    /// Bytes held from the allocator, the items' own allocations aside.
    pub(crate) fn memory_bytes(&self) -> usize {
        let beside = self.index.memory_bytes() + self.policy.memory_bytes() + self.deadlines.memory_bytes();
        self.nodes.memory_bytes() + beside
    }
}

impl<T: Item, P: Policy, X: Lookup + Naming<T::Key>> Store<T, P, X> {
    /// An empty store whose nodes are found through `index`, which is empty.
    pub(crate) fn with_lookup(limits: Limits, index: X, policy: P) -> Self {
        Self { nodes: Nodes::new(), index, policy, deadlines: Deadlines::default(), weight: 0, limits }
    }

    /// The node of that name whose item `is_match` accepts, expired or not.
    #[inline]
    pub(crate) fn find_by(&self, name: u64, is_match: impl Fn(&T) -> bool) -> Option<u32> {
        self.index.find(name, |i| is_match(self.nodes.item(i)))
    }

    /// The seed of the hashes of keys.
    pub(crate) fn seed(&self) -> u64 {
        self.index.seed()
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
        self.nodes.item(i)
    }

    /// The item, for changes in place: neither its key nor its weight may change.
    #[inline]
    pub(crate) fn item_mut(&mut self, i: u32) -> &mut T {
        self.nodes.item_mut(i)
    }

    #[inline]
    pub(crate) fn deadline(&self, i: u32) -> Option<Instant> {
        self.deadlines.get(i)
    }

    #[inline]
    pub(crate) fn set_deadline(&mut self, i: u32, at: Option<Instant>) {
        self.deadlines.set(i, at);
    }

    /// Whether node `i` has expired at `now`: alive strictly before its deadline, gone from the deadline on.
    #[inline]
    pub(crate) fn is_expired(&self, i: u32, now: Instant) -> bool {
        self.deadline(i).is_some_and(|at| now >= at)
    }

    /// Tells the policy that node `i` was read.
    #[inline]
    pub(crate) fn hit(&mut self, i: u32) {
        self.policy.hit(&mut self.nodes, i);
    }

    /// Tells the policy how often node `i`, just inserted, had been read when the cache was saved.
    pub(crate) fn restore(&mut self, i: u32, reads: u32) {
        self.policy.restore(&mut self.nodes, i, reads);
    }

    /// Inserts `item`, replacing the one with the same key; each entry that leaves to make room is passed to `gone`.
    ///
    /// Expired entries leave first, then those that the policy chooses, never the new entry itself. `false`, and
    /// nothing changes, when the item alone exceeds the limit.
    #[inline]
    pub(crate) fn insert(
        &mut self,
        item: T,
        deadline: Option<Instant>,
        now: Instant,
        gone: impl FnMut(Departure, T),
    ) -> bool {
        let name = X::name(self.index.seed(), item.key());
        let known = self.find_by(name, |known| known.key() == item.key());
        self.insert_at(known, name, item, deadline, now, gone)
    }

    /// [`Self::insert`] when the look-up has been done: `known` is the key's node, if there is one.
    #[inline]
    pub(crate) fn insert_at(
        &mut self,
        known: Option<u32>,
        name: u64,
        item: T,
        deadline: Option<Instant>,
        now: Instant,
        mut gone: impl FnMut(Departure, T),
    ) -> bool {
        let stored = match known {
            Some(i) => self.overwrite(i, item, now, &mut gone),
            None => self.bring_in(name, item, now, &mut gone),
        };
        let Some(i) = stored else {
            return false;
        };
        if deadline.is_some() {
            self.set_deadline(i, deadline);
        }
        true
    }

    /// Makes node `i` a new entry with that deadline: `overwrite` changes the item in place, but not its weight. The old deadline
    /// must not have passed.
    #[inline]
    pub(crate) fn rewrite(&mut self, i: u32, deadline: Option<Instant>, overwrite: impl FnOnce(&mut T)) {
        self.policy.renew(&mut self.nodes, i, overwrite);
        self.set_deadline(i, deadline);
    }

    /// One request of a simulation: a hit, or a miss, which inserts the item if the policy and the limits let it; who leaves is passed to `gone`.
    #[inline]
    pub(crate) fn request(&mut self, item: T, gone: impl FnMut(T)) -> bool {
        let name = X::name(self.index.seed(), item.key());
        let known = self.find_by(name, |known| known.key() == item.key());
        match known {
            Some(i) => self.hit(i),
            None => self.miss(name, item, gone),
        }
        known.is_some()
    }

    /// Not inlined, like [`Self::bring_in`]: hits are more common, and stay fast.
    #[inline(never)]
    fn miss(&mut self, name: u64, item: T, mut gone: impl FnMut(T)) {
        let weight = item.weight();
        self.policy.prepare(|| X::hash(self.index.seed(), item.key(), name));
        if weight <= self.limits.weight && self.policy.admits(weight) {
            self.make_room(weight, 1, Instant::default(), &mut |_, left| gone(left));
            if self.policy.keeps(weight) {
                self.add(name, item);
            }
        }
    }

    /// Removes node `i`.
    pub(crate) fn remove(&mut self, i: u32) -> T {
        self.release(i);
        self.discard(i)
    }

    /// Removes the entry that leaves next: an expired one, otherwise the policy's choice.
    pub(crate) fn evict(&mut self, now: Instant) -> Option<(Departure, T)> {
        let (i, why) = self.next_victim(now, 0)?;
        Some((why, self.discard(i)))
    }

    /// The entry with the soonest deadline, with that deadline, if it has passed at `now`.
    #[inline]
    pub(crate) fn first_expired(&self, now: Instant) -> Option<(u32, Instant)> {
        self.deadlines.first().filter(|&(_, at)| now >= at)
    }

    /// Replaces the item of node `i` by one with the same key and perhaps another weight; deadline and place with the
    /// policy stay. If the policy chooses this very entry to make room, it is spared and counts as a new entry.
    /// `false`, and nothing changes, when the item alone exceeds the limit.
    pub(crate) fn replace(&mut self, i: u32, item: T, now: Instant, mut gone: impl FnMut(Departure, T)) -> bool {
        let (from, to) = (self.item(i).weight(), item.weight());
        if to > self.limits.weight {
            return false;
        }
        *self.item_mut(i) = item;
        self.policy.reweigh(&mut self.nodes, i, from, to);
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
            self.policy.insert(&mut self.nodes, i);
        }
        true
    }

    /// Makes node `i`, which is in the cache, a new entry without a deadline; `None`, and nothing changes, when the item alone
    /// exceeds the limit.
    #[inline]
    fn overwrite(&mut self, i: u32, item: T, now: Instant, gone: &mut impl FnMut(Departure, T)) -> Option<u32> {
        let (from, to) = (self.item(i).weight(), item.weight());
        if to <= from {
            let old = self.policy.renew(&mut self.nodes, i, |known| std::mem::replace(known, item));
            self.weight -= from - to;
            self.end_deadline(i, old, now, gone);
        } else if to <= self.limits.weight {
            // Hidden from the policy until there is room, so that it does not choose the entry itself.
            self.release(i);
            let old = std::mem::replace(self.item_mut(i), item);
            self.weight -= from;
            self.end_deadline(i, old, now, gone);
            self.make_room(to, 0, now, gone);
            self.weight += to;
            self.policy.insert(&mut self.nodes, i);
        } else {
            return None;
        }
        Some(i)
    }

    /// Clears the deadline of node `i`; `old`, which it held, may have expired by then.
    #[inline]
    fn end_deadline(&mut self, i: u32, old: T, now: Instant, gone: &mut impl FnMut(Departure, T)) {
        if let Some(at) = self.deadline(i) {
            self.set_deadline(i, None);
            if now >= at {
                gone(Departure::Expired(at), old);
            }
        }
    }

    /// Makes room for an item whose key is not there, and inserts it; `None`, and nothing changes, when it alone exceeds the
    /// limit. Not inlined: overwriting is more common, and faster without the registers that this needs.
    #[inline(never)]
    fn bring_in(&mut self, name: u64, item: T, now: Instant, gone: &mut impl FnMut(Departure, T)) -> Option<u32> {
        let weight = item.weight();
        if weight > self.limits.weight || self.limits.entries == 0 {
            return None;
        }
        self.policy.prepare(|| X::hash(self.index.seed(), item.key(), name));
        self.make_room(weight, 1, now, gone);
        Some(self.add(name, item))
    }

    /// Inserts an item whose key is not there; room has been made.
    #[inline]
    fn add(&mut self, name: u64, item: T) -> u32 {
        self.weight += item.weight();
        let seed = self.index.seed();
        if let Some(moves) = self.index.make_room(|i| X::name(seed, self.nodes.item(i).key())) {
            self.renumber(&moves);
        }
        let i = self.index.insert(name);
        self.nodes.put(i, item);
        self.policy.insert(&mut self.nodes, i);
        i
    }

    #[cold]
    fn renumber(&mut self, moves: &Moves) {
        self.nodes.renumber(moves);
        self.policy.renumber(moves);
        self.deadlines.renumber(moves);
    }

    /// Evicts until `weight` more and `entries` more fit.
    #[inline]
    fn make_room(&mut self, weight: u64, entries: u64, now: Instant, gone: &mut impl FnMut(Departure, T)) {
        while self.lacks_room(weight, entries) && self.drop_one(weight, now, gone) {}
    }

    #[inline]
    fn lacks_room(&self, weight: u64, entries: u64) -> bool {
        self.weight > self.limits.weight - weight || self.len() as u64 + entries > self.limits.entries
    }

    /// Evicts the next entry to leave for one of weight `incoming`; `false` when there is none.
    #[inline]
    fn drop_one(&mut self, incoming: u64, now: Instant, gone: &mut impl FnMut(Departure, T)) -> bool {
        let Some((i, why)) = self.next_victim(now, incoming) else {
            return false;
        };
        gone(why, self.discard(i));
        true
    }

    #[inline]
    fn next_victim(&mut self, now: Instant, incoming: u64) -> Option<(u32, Departure)> {
        next_victim(&mut self.nodes, &mut self.policy, &self.deadlines, now, incoming)
    }

    /// Makes the policy forget node `i`.
    #[inline]
    fn release(&mut self, i: u32) {
        self.policy.remove(&mut self.nodes, i);
    }

    /// Removes node `i`, which the policy has forgotten, from index, deadlines and slots.
    #[inline]
    fn discard(&mut self, i: u32) -> T {
        self.set_deadline(i, None);
        self.index.remove(X::name(self.index.seed(), self.nodes.item(i).key()), i);
        let item = self.nodes.take(i);
        self.weight -= item.weight();
        item
    }

    /// The first `most` nodes in the order in which they would leave at `now` if room were needed again and again. O(n) for a
    /// copy on which the evictions are tried, which is right for every policy; O(log n) for each.
    pub(crate) fn eviction_order(&self, now: Instant, most: usize) -> Vec<u32> {
        let (mut nodes, mut policy) = (self.nodes.map(Shadow::of), self.policy.clone());
        let mut deadlines = self.deadlines.clone();
        let most = most.min(self.len());
        let mut order = Vec::with_capacity(most);
        while order.len() < most
            && let Some((i, _)) = next_victim(&mut nodes, &mut policy, &deadlines, now, 0)
        {
            deadlines.set(i, None);
            order.push(i);
        }
        order
    }
}

/// The next entry to leave for one of weight `incoming`; the policy has already forgotten it.
#[inline]
fn next_victim<T: Item, P: Policy>(
    nodes: &mut Nodes<T>,
    policy: &mut P,
    deadlines: &Deadlines,
    now: Instant,
    incoming: u64,
) -> Option<(u32, Departure)> {
    if let Some((i, at)) = deadlines.first().filter(|&(_, at)| now >= at) {
        policy.remove(nodes, i);
        return Some((i, Departure::Expired(at)));
    }
    let i = policy.evict(nodes, deadlines, incoming)?;
    Some((i, Departure::Evicted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::EvictionPolicy;
    use crate::cache::nodes::steps;
    use crate::cache::policy::AnyPolicy;
    use crate::random::Random;

    #[derive(Default)]
    struct Number(u64);

    impl Item for Number {
        type Key = u64;

        fn key(&self) -> &u64 {
            &self.0
        }

        fn weight(&self) -> u64 {
            1
        }
    }

    /// Work of an operation in a full cache of so many entries: the average in thousandths of a step, and the maximum in steps.
    /// Operations: reads, insertions that evict, overwriting, removals, and changes of deadlines if there are any.
    fn steps_an_operation(policy: EvictionPolicy, entries: u64, with_deadlines: bool) -> (u64, u64) {
        let limits = Limits { weight: entries, entries: u64::MAX };
        let mut store = Store::new(limits, AnyPolicy::of(policy, limits));
        let mut random = Random::new(entries);
        let (mut all, mut most) = (0, 0);
        let operations = 4 * entries;
        for operation in 0..2 * operations {
            let before = steps::taken();
            let key = random.below(2 * entries);
            let deadline = with_deadlines.then(|| Instant::from_millis(1 + random.next_u64() / 2));
            match (store.find(&key), random.below(16)) {
                (Some(i), 0) => drop(store.remove(i)),
                (Some(i), 1) if with_deadlines => store.set_deadline(i, deadline),
                (Some(i), 2..12) => store.hit(i),
                _ => assert!(store.insert(Number(key), deadline, Instant::default(), |_, _| {})),
            }
            // The first half only fills and ages the cache.
            if operation >= operations {
                all += steps::taken() - before;
                most = most.max(steps::taken() - before);
            }
        }
        (1000 * all / operations, most)
    }

    /// Allowance for chance: entries that are looked at because their tag happens to be equal.
    const COINCIDENCES: u64 = 30;

    #[test]
    fn an_operation_takes_no_more_steps_in_a_cache_of_many() {
        for policy in EvictionPolicy::ALL {
            let [few, many] = [1_000, 64_000].map(|entries| steps_an_operation(policy, entries, false));
            assert!(
                few.0 > 1000 && many.0 * 10 <= few.0 * 11,
                "{policy:?}: {few:?} of a thousand, {many:?} of 64 thousand"
            );
            // The other policies sweep, or have ghosts whose table grows: only their average is bounded.
            if let EvictionPolicy::LRU | EvictionPolicy::LFU | EvictionPolicy::FIFO | EvictionPolicy::TTL = policy {
                assert!(many.1 <= COINCIDENCES, "{policy:?}: {many:?}");
            }
        }
    }

    /// A heap of 64 thousand timers has 16 levels, six more than one of a thousand. Under TTL each eviction removes the
    /// root.
    #[test]
    fn a_deadline_costs_at_most_a_step_for_each_level_of_the_heap() {
        for policy in [EvictionPolicy::LRU, EvictionPolicy::TTL] {
            let [few, many] = [1_000, 64_000].map(|entries| steps_an_operation(policy, entries, true));
            assert!(many.0 <= few.0 + 6_000, "{policy:?}: {few:?} of a thousand, {many:?} of 64 thousand");
            assert!(many.1 <= 2 * 16 + COINCIDENCES, "{policy:?}: {many:?}");
        }
    }
}
