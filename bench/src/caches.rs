//! Get hit, and put with eviction: integer and text keys, in cache and out of it.

use cachedojo::cache::Cache;

use crate::traces::zipf;
use crate::{Bench, Contestant};

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

/// A rival's or our own cache, filled with `warm`, and what is done with it.
fn contestant<'a, K: Clone, C: Lru<K> + 'a>(
    name: &'static str,
    new: impl FnOnce() -> C + 'a,
    warm: &'a [K],
    round: impl Fn(&mut dyn Lru<K>) -> u64 + 'a,
) -> Contestant<'a> {
    Contestant::new(name, move || {
        let mut cache = new();
        for key in warm {
            cache.put(key.clone());
        }
        move || round(&mut cache)
    })
}

/// Everybody, each with its own default hash. Ours, lru's and hashlink's (foldhash), schnellru's and `quick_cache`'s (ahash
/// without AES) are of one kind, a multiplication whose halves are folded; mini-moka's (`SipHash`) is a stronger one. Theirs
/// draw a seed when they start; ours is fixed, so that two runs are the same.
pub(crate) fn all<'a, K: std::hash::Hash + Eq + Clone + Default + 'a>(
    capacity: usize,
    warm: &'a [K],
    round: impl Fn(&mut dyn Lru<K>) -> u64 + Copy + 'a,
) -> Vec<Contestant<'a>> {
    let few = u32::try_from(capacity).expect("small");
    let nonzero = std::num::NonZeroUsize::new(capacity).expect("not empty");
    vec![
        contestant("cachedojo", move || Cache::new(capacity), warm, round),
        contestant("lru", move || lru::LruCache::new(nonzero), warm, round),
        contestant("hashlink", move || hashlink::LruCache::new(capacity), warm, round),
        contestant("schnellru", move || schnellru::LruMap::new(schnellru::ByLength::new(few)), warm, round),
        contestant("quick_cache", move || quick_cache::unsync::Cache::new(capacity), warm, round),
        contestant("mini-moka", move || mini_moka::unsync::Cache::new(capacity as u64), warm, round),
    ]
}

fn key_kind<K: std::hash::Hash + Eq + Clone + Default>(bench: &Bench, kind: &str, key: impl Fn(usize) -> K) {
    for capacity in [10_000, 1_000_000] {
        let warm: Vec<K> = (0..capacity).map(&key).collect();
        let reads: Vec<K> = zipf(capacity, OPERATIONS, 1).into_iter().map(&key).collect();
        let get = |cache: &mut dyn Lru<K>| reads.iter().map(|key| u64::from(cache.get(key))).sum();
        bench.race(&format!("get hit, {kind} keys, {capacity} entries"), OPERATIONS, all(capacity, &warm, get));
        // Four times as many keys as entries, so that most puts of the long tail evict.
        let writes: Vec<K> = zipf(4 * capacity, OPERATIONS, 2).into_iter().map(&key).collect();
        let put = |cache: &mut dyn Lru<K>| {
            for key in &writes {
                cache.put(key.clone());
            }
            0
        };
        bench.race(
            &format!("put with eviction, {kind} keys, {capacity} entries"),
            OPERATIONS,
            all(capacity, &warm, put),
        );
    }
}

pub(crate) fn run(bench: &Bench) {
    key_kind(bench, "u64", |i| i as u64);
    key_kind(bench, "20-byte", |i| {
        let mut key = [0; 20];
        key.copy_from_slice(format!("user:session:{i:07}").as_bytes());
        key
    });
}
