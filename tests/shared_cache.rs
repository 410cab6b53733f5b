//! The shared cache under real threads.
#![cfg(not(target_family = "wasm"))]

use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

use cachedojo::cache::{CacheNode, EvictionPolicy, SharedCache};
use cachedojo::clock::Clock;
use cachedojo::random::Random;

/// What threads saw happen.
#[derive(Default)]
struct Seen {
    hits: u64,
    misses: u64,
    /// Keys that were not there before.
    stored: u64,
    deleted: u64,
}

#[test]
fn sixteen_threads_of_mixed_operations_lose_nothing() {
    const THREADS: u64 = 16;
    const OPERATIONS: u64 = 2000;
    let clock = Clock::new();
    let node = CacheNode::with_limits(600, 40, EvictionPolicy::LRU, clock.clone());
    let cache = SharedCache::start(node);
    let counted = SharedCache::new(CacheNode::new(1000, EvictionPolicy::LRU));
    // Held by whoever must see one moment: the clock waits for them, and for nobody else.
    let moment = Arc::new(RwLock::new(()));
    let workers = (0..THREADS).map(|seed| {
        let (cache, counted, clock, moment) = (cache.clone(), counted.clone(), clock.clone(), moment.clone());
        thread::spawn(move || {
            let mut random = Random::new(seed);
            let mut seen = Seen::default();
            for i in 0..OPERATIONS {
                let key = format!("key{}", random.below(60));
                match random.below(8) {
                    0..=2 => {
                        let value = cache.get(&key);
                        if value.is_some() {
                            seen.hits += 1;
                        } else {
                            seen.misses += 1;
                        }
                        // A value is never torn: all its bytes are those of one writer.
                        assert!(value.is_none_or(|value| value.windows(2).all(|pair| pair[0] == pair[1])));
                    }
                    3 | 4 => {
                        let byte = b'a' + u8::try_from(seed).expect("few threads");
                        let ttl = (i % 3 == 0).then_some(Duration::from_millis(3));
                        let value = vec![byte; 1 + usize::try_from(random.below(20)).expect("small")];
                        // Looking and storing as one: nobody else makes the key between them, nor does it expire.
                        let still = moment.read().expect("no panic");
                        let is_new = cache.with(|node| {
                            let is_new = !node.exists(&key);
                            assert!(node.set(key, value, ttl));
                            is_new
                        });
                        drop(still);
                        seen.stored += u64::from(is_new);
                    }
                    5 => seen.deleted += u64::from(cache.delete(&key)),
                    6 => _ = (cache.exists(&key), cache.clean_expired(), cache.keys("key1*")),
                    _ => {
                        let _alone = moment.write().expect("no panic");
                        clock.advance(Duration::from_millis(1));
                    }
                }
                counted.increment("n", 1).expect("a number");
            }
            seen
        })
    });
    let workers: Vec<_> = workers.collect();
    let seen = workers.into_iter().map(|worker| worker.join().expect("no panic")).collect::<Vec<_>>();
    let sum = |count: fn(&Seen) -> u64| seen.iter().map(count).sum::<u64>();
    cache.close();
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses), (sum(|seen| seen.hits), sum(|seen| seen.misses)));
    let left = sum(|seen| seen.deleted) + stats.evictions + stats.expired;
    assert_eq!(stats.entry_count as u64, sum(|seen| seen.stored) - left);
    assert!(stats.bytes_stored <= 600 && stats.entry_count <= 40);
    let bytes =
        cache.with(|node| node.entries().iter().map(|entry| entry.key.len() + entry.value.len()).sum::<usize>());
    assert_eq!(bytes, stats.bytes_stored);
    assert_eq!(counted.get("n"), Some((THREADS * OPERATIONS).to_string().into_bytes()));
}

#[test]
fn ten_threads_of_a_hundred_increments_make_a_thousand() {
    let cache = SharedCache::new(CacheNode::new(1000, EvictionPolicy::LRU));
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| (0..100).for_each(|_| _ = cache.increment("counter", 1)));
        }
    });
    assert_eq!(cache.get("counter"), Some(b"1000".to_vec()));
}

#[test]
fn a_closed_cache_goes_on_and_its_cleaner_has_ended() {
    let cache = SharedCache::start(CacheNode::with_clock(1000, EvictionPolicy::LRU, Clock::host()));
    cache.set("k".into(), b"v".to_vec(), None);
    cache.close();
    assert_eq!(cache.get("k"), Some(b"v".to_vec()));
}
