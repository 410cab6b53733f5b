//! [`Cache`]: the store for keys and values of any type, bounded by their number.

use std::borrow::Borrow;
use std::hash::Hash;

use super::EvictionPolicy;
use super::policy::AnyPolicy;
use super::store::{Item, Limits, Store};
use crate::clock::Instant;

/// A cache of at most so many entries under any policy, without deadlines, statistics or copies: what is left of a
/// [`CacheNode`](super::CacheNode) when only speed matters. Every operation is O(1) and hashes its key once.
#[derive(Debug, Clone)]
pub struct Cache<K, V> {
    store: Store<Pair<K, V>, AnyPolicy>,
}

#[derive(Debug, Clone, Default)]
struct Pair<K, V> {
    key: K,
    value: V,
}

impl<K: Hash + Eq + Default, V: Default> Cache<K, V> {
    /// An empty cache of at most `capacity` entries; with 0 it keeps nothing.
    pub fn new(capacity: usize, policy: EvictionPolicy) -> Self {
        let limits = Limits { weight: capacity as u64, entries: u64::MAX };
        Self { store: Store::new(limits, |slab| AnyPolicy::of(policy, slab, capacity as u64)) }
    }

    /// The value of a key, which counts as a use of it.
    #[inline]
    pub fn get<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let i = self.store.find(key)?;
        self.store.hit(i);
        Some(&mut self.store.item_mut(i).value)
    }

    /// Stores a value, in the place of what had its key; whoever has to leave for a new key leaves.
    #[inline]
    pub fn put(&mut self, key: K, value: V) {
        self.store.insert(Pair { key, value }, None, Instant::default(), |_, _| {});
    }

    /// Removes a key and returns its value.
    pub fn remove<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let i = self.store.find(key)?;
        Some(self.store.remove(i).value)
    }

    /// Entries held.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Hash + Eq + Default, V: Default> Item for Pair<K, V> {
    type Key = K;

    fn key(&self) -> &K {
        &self.key
    }

    fn weight(&self) -> u64 {
        1
    }
}
