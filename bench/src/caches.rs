//! Get hit, and put with eviction: integer and text keys, in cache and out of it.

use cachedojo::cache::Cache;

use crate::traces::zipf;
use crate::{Contestant, race};

const OPERATIONS: usize = 100_000;

/// What every contestant can do.
pub(crate) trait Lru<K> {
    fn put(&mut self, key: K);
    fn get(&mut self, key: &K) -> bool;
}

macro_rules! contestant {
    ($name:ident, $type:ty, $put:ident) => {
        impl<K: std::hash::Hash + Eq + Clone + Default> Lru<K> for $type {
            fn put(&mut self, key: K) {
                self.$put(key, 1);
            }

            fn get(&mut self, key: &K) -> bool {
                <$type>::get(self, key).is_some()
            }
        }
    };
}

contestant!(ours, Cache<K, u64>, put);
contestant!(lru, lru::LruCache<K, u64>, put);
contestant!(hashlink, hashlink::LruCache<K, u64>, insert);
contestant!(schnellru, schnellru::LruMap<K, u64>, insert);
contestant!(quick, quick_cache::unsync::Cache<K, u64>, insert);
contestant!(moka, mini_moka::unsync::Cache<K, u64>, insert);

pub(crate) fn ours<K: std::hash::Hash + Eq + Default>(capacity: usize) -> Cache<K, u64> {
    Cache::new(capacity)
}

fn all<'a, K: std::hash::Hash + Eq + Clone + Default + 'static>(
    capacity: usize,
    round: impl Fn(&mut dyn Lru<K>) -> u64 + Copy + 'a,
    warm: &[K],
) -> Vec<Contestant<'a>> {
    let capacity_u32 = u32::try_from(capacity).expect("small");
    let nonzero = std::num::NonZeroUsize::new(capacity).expect("not empty");
    let caches: Vec<(&'static str, Box<dyn Lru<K>>)> = vec![
        ("cachedojo", Box::new(ours(capacity))),
        ("lru", Box::new(lru::LruCache::<K, u64>::new(nonzero))),
        ("hashlink", Box::new(hashlink::LruCache::<K, u64>::new(capacity))),
        ("schnellru", Box::new(schnellru::LruMap::<K, u64>::new(schnellru::ByLength::new(capacity_u32)))),
        ("quick_cache", Box::new(quick_cache::unsync::Cache::<K, u64>::new(capacity))),
        ("mini-moka", Box::new(mini_moka::unsync::Cache::<K, u64>::new(capacity as u64))),
    ];
    let contestants = caches.into_iter().map(|(name, mut cache)| {
        for key in warm {
            cache.put(key.clone());
        }
        Contestant::new(name, move || round(&mut *cache))
    });
    contestants.collect()
}

fn key_kind<K: std::hash::Hash + Eq + Clone + Default + 'static>(kind: &str, key: impl Fn(usize) -> K) {
    for capacity in [10_000, 1_000_000] {
        let warm: Vec<K> = (0..capacity).map(&key).collect();
        let reads: Vec<K> = zipf(capacity, OPERATIONS, 1).into_iter().map(&key).collect();
        let get = |cache: &mut dyn Lru<K>| reads.iter().map(|key| u64::from(cache.get(key))).sum();
        race(&format!("get hit, {kind} keys, {capacity} entries"), OPERATIONS, all(capacity, get, &warm));
        // Four times as many keys as entries, so that most puts of the long tail evict.
        let writes: Vec<K> = zipf(4 * capacity, OPERATIONS, 2).into_iter().map(&key).collect();
        let put = |cache: &mut dyn Lru<K>| {
            for key in &writes {
                cache.put(key.clone());
            }
            0
        };
        race(&format!("put with eviction, {kind} keys, {capacity} entries"), OPERATIONS, all(capacity, put, &warm));
    }
}

pub(crate) fn run() {
    key_kind("u64", |i| i as u64);
    key_kind("20-byte", |i| {
        let mut key = [0; 20];
        key.copy_from_slice(format!("user:session:{i:07}").as_bytes());
        key
    });
}
