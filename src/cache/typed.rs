//! [`Cache`]: the store for keys and values of any type, bounded by their number, under LRU.

use std::borrow::Borrow;
use std::hash::Hash;

use super::item::{Item, Limits};
use super::policy::{Lru, Policy};
use super::store::Store;
use crate::clock::Instant;

/// A cache of at most so many entries that drops the least recently used, without deadlines, statistics or copies: for programs
/// that want [`CacheNode`](super::CacheNode)'s speed and nothing else. Every operation is O(1) and hashes its key once.
///
/// It is fast because its policy is a type: the compiler sees each operation whole, from the hash to the last link.
#[derive(Debug, Clone)]
pub struct Cache<K, V> {
    store: Store<Pair<K, V>, Lru>,
}

#[derive(Debug, Clone, Default)]
struct Pair<K, V> {
    key: K,
    value: V,
}

impl<K: Hash + Eq + Default, V: Default> Cache<K, V> {
    /// An empty cache of at most `capacity` entries; with 0 it keeps nothing.
    pub fn new(capacity: usize) -> Self {
        let limits = Limits { weight: capacity as u64, entries: u64::MAX };
        Self { store: Store::new(limits, Lru::new(limits)) }
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

    /// Stores a value, replacing the key's old one; for a new key the least recently used entry leaves if the cache is
    /// full.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn it_is_the_naive_list_of_the_most_recently_used() {
        for capacity in [0, 1, 2, 30] {
            let mut random = Random::new(1);
            let mut cache: Cache<u64, u64> = Cache::new(capacity);
            // Least recently used first.
            let mut naive: Vec<(u64, u64)> = Vec::new();
            for value in 0..5000 {
                let key = random.below(60);
                let known = naive.iter().position(|entry| entry.0 == key).map(|at| naive.remove(at));
                match random.below(8) {
                    0 => assert_eq!(cache.remove(&key), known.map(|entry| entry.1)),
                    1..4 => {
                        cache.put(key, value);
                        naive.push((key, value));
                        if naive.len() > capacity {
                            naive.remove(0);
                        }
                    }
                    _ => {
                        assert_eq!(cache.get(&key).copied(), known.map(|entry| entry.1));
                        naive.extend(known);
                    }
                }
                assert_eq!((cache.len(), cache.is_empty()), (naive.len(), naive.is_empty()));
            }
        }
    }
}
