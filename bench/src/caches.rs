//! Races of hits on get, and of put with eviction: integer and text keys, small caches and large ones.

use std::hash::Hash;

use cachedojo::cache::{Cache, CacheNode, EvictionPolicy};
use cachedojo::clock::Clock;

use crate::zipf::zipf;
use crate::{Bench, Contestant};

/// Operations of one round: so many that a cache of a million entries runs with warm processor caches for most of the round,
/// instead of refilling them after the other contestants' turns.
const OPERATIONS: usize = 1_000_000;

/// The operations of every contestant.
pub(crate) trait Lru<K> {
    fn put(&mut self, key: K);
    fn get(&mut self, key: &K) -> bool;
}

/// A value type.
pub(crate) trait Value {
    fn new() -> Self;
}

impl Value for u64 {
    fn new() -> Self {
        1
    }
}

impl Value for Vec<u8> {
    fn new() -> Self {
        vec![7; 30]
    }
}

macro_rules! contestant {
    ($type:ty, $put:ident) => {
        impl<K: Hash + Eq + Clone + Default, V: Value + Clone + Default> Lru<K> for $type {
            fn put(&mut self, key: K) {
                self.$put(key, V::new());
            }

            fn get(&mut self, key: &K) -> bool {
                <$type>::get(self, key).is_some()
            }
        }
    };
}

contestant!(Cache<K, V>, put);
contestant!(lru::LruCache<K, V>, put);
contestant!(hashlink::LruCache<K, V>, insert);
contestant!(schnellru::LruMap<K, V>, insert);
contestant!(quick_cache::unsync::Cache<K, V>, insert);
contestant!(mini_moka::unsync::Cache<K, V>, insert);

/// The whole node, with its clock, deadlines, statistics and bytes.
impl Lru<String> for CacheNode {
    fn put(&mut self, key: String) {
        self.set(key, Value::new(), None);
    }

    fn get(&mut self, key: &String) -> bool {
        self.read(key).is_some()
    }
}

/// A contestant: a cache filled with `warm`, and the work to time.
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

/// Rivals, each with its own default hash. Ours, lru's and hashlink's (foldhash), schnellru's and `quick_cache`'s (ahash without
/// AES) are of one kind, a folded multiplication; mini-moka's (`SipHash`) is a stronger one. Theirs draw a seed when they start;
/// ours is fixed, so that two runs are the same.
fn rivals<'a, K: Hash + Eq + Clone + Default + 'a, V: Value + Clone + Default + 'a>(
    capacity: usize,
    warm: &'a [K],
    round: impl Fn(&mut dyn Lru<K>) -> u64 + Copy + 'a,
) -> Vec<Contestant<'a>> {
    let few = u32::try_from(capacity).expect("small");
    let nonzero = std::num::NonZeroUsize::new(capacity).expect("not empty");
    let (most, by_length) = (capacity as u64, schnellru::ByLength::new(few));
    vec![
        contestant("lru", move || lru::LruCache::<K, V>::new(nonzero), warm, round),
        contestant("hashlink", move || hashlink::LruCache::<K, V>::new(capacity), warm, round),
        contestant("schnellru", move || schnellru::LruMap::<K, V>::new(by_length), warm, round),
        contestant("quick_cache", move || quick_cache::unsync::Cache::<K, V>::new(capacity), warm, round),
        contestant("mini-moka", move || mini_moka::unsync::Cache::<K, V>::new(most), warm, round),
    ]
}

/// Races of reads and of writes, for caches of `capacity` entries with values `V` and keys made by `key`.
fn races<K: Hash + Eq + Clone + Default, V: Value + Clone + Default, C: Lru<K>>(
    bench: &Bench,
    kind: &str,
    key: impl Fn(usize) -> K,
    ours: impl Fn(usize) -> C,
) {
    for capacity in [10_000, 1_000_000] {
        let warm: Vec<K> = (0..capacity).map(&key).collect();
        let reads: Vec<K> = zipf(capacity, OPERATIONS, 1).into_iter().map(&key).collect();
        let get = |cache: &mut dyn Lru<K>| reads.iter().map(|key| u64::from(cache.get(key))).sum();
        let mut contestants = vec![contestant("cachedojo", || ours(capacity), &warm, get)];
        contestants.extend(rivals::<K, V>(capacity, &warm, get));
        bench.race(&format!("get hit, {kind}, {capacity} entries"), OPERATIONS, contestants);
        // Four times as many keys as entries, so that most puts of the long tail evict.
        let writes: Vec<K> = zipf(4 * capacity, OPERATIONS, 2).into_iter().map(&key).collect();
        let put = |cache: &mut dyn Lru<K>| {
            for key in &writes {
                cache.put(key.clone());
            }
            0
        };
        let mut contestants = vec![contestant("cachedojo", || ours(capacity), &warm, put)];
        contestants.extend(rivals::<K, V>(capacity, &warm, put));
        bench.race(&format!("put with eviction, {kind}, {capacity} entries"), OPERATIONS, contestants);
    }
}

pub(crate) fn run(bench: &Bench) {
    races::<_, u64, _>(bench, "u64 keys", |i| i as u64, Cache::<u64, u64>::new);
    let text = |i| format!("user:session:{i:07}");
    let bytes = |i| text(i).into_bytes().try_into().expect("twenty bytes");
    races::<[u8; 20], u64, _>(bench, "20-byte keys", bytes, Cache::<[u8; 20], u64>::new);
    let node = |capacity| CacheNode::with_limits(u64::MAX, capacity as u64, EvictionPolicy::LRU, Clock::new());
    races::<String, Vec<u8>, _>(bench, "CacheNode", text, node);
}
