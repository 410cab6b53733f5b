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

#[test]
fn what_is_held_may_be_held_again_by_the_same_thread() {
    let cache = SharedCache::new(CacheNode::new(1000, EvictionPolicy::LRU));
    let other = cache.clone();
    let sum = cache.hold(|held| {
        held.set("n".into(), b"1".to_vec(), None);
        assert_eq!(other.get("n").as_deref(), Some(b"1".as_slice()));
        let sum = other.hold(|held| held.hold(|held| held.increment("n", 1)));
        held.with(|node| assert_eq!(node.len(), 1));
        assert_eq!(held.clean_expired(), 0);
        sum
    });
    assert_eq!((sum, cache.stats().entry_count), (Ok(2), 1));
}

/// What a closure's panic says.
fn panic_of(what: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let payload = std::panic::catch_unwind(what).expect_err("it panics");
    let text = payload.downcast_ref::<String>().cloned();
    text.or(payload.downcast_ref::<&str>().map(|&text| text.to_owned())).expect("a text")
}

#[test]
fn a_handle_within_with_panics_at_once_instead_of_waiting_for_itself() {
    let cache = SharedCache::start(CacheNode::new(1000, EvictionPolicy::LRU));
    cache.set("k".into(), b"v".to_vec(), None);
    let uses: [fn(&SharedCache); 4] = [
        |cache| _ = cache.get("k"),
        |cache| cache.with(|_| ()),
        |cache| cache.hold(|_| ()),
        |cache| cache.hold(|held| _ = held.stats()),
    ];
    for use_handle in uses {
        let handle = std::panic::AssertUnwindSafe(cache.clone());
        let said = panic_of(move || handle.with(|_| use_handle(&handle)));
        assert_eq!(said, "a handle was used within `with`, which lends the node: use that node, or `hold` instead");
    }
    for is_held in [false, true] {
        let handle = std::panic::AssertUnwindSafe(cache.clone());
        let close = move || if is_held { handle.hold(SharedCache::close) } else { handle.with(|_| handle.close()) };
        let said = panic_of(close);
        assert!(said.ends_with("close the cache outside `hold` and `with`"), "{said}");
    }
    // And it goes on as if nothing had been.
    assert_eq!(cache.get("k").as_deref(), Some(b"v".as_slice()));
    assert_eq!(cache.hold(|held| held.stats().hits), 1);
    cache.close();
}

#[cfg(unix)]
#[test]
fn loading_waits_for_the_disk_without_the_lock() {
    let folder = std::env::temp_dir().join(format!("cachedojo-shared-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (file, pipe) = (folder.join("saved"), folder.join("pipe"));
    let saved = SharedCache::new(CacheNode::new(1000, EvictionPolicy::LRU));
    saved.set("saved".into(), b"v".to_vec(), None);
    saved.save_to_file(&file).expect("a writable folder");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there");
    assert!(made.success());
    let cache = SharedCache::new(CacheNode::new(1000, EvictionPolicy::LRU));
    let loader = {
        let (cache, pipe) = (cache.clone(), pipe.clone());
        thread::spawn(move || cache.load_from_file(&pipe))
    };
    // Opening it waits for whoever reads it, who then waits for what is written.
    let mut writer = std::fs::OpenOptions::new().write(true).open(&pipe).expect("a pipe");
    cache.set("meanwhile".into(), b"v".to_vec(), None);
    assert!(cache.exists("meanwhile") && !cache.exists("saved"));
    std::io::Write::write_all(&mut writer, &std::fs::read(&file).expect("a file")).expect("somebody reads");
    drop(writer);
    loader.join().expect("it ends").expect("a cache");
    assert_eq!(cache.keys("*"), ["saved"]);
    // What cannot be loaded or saved changes nothing.
    assert!(cache.load_from_file(&folder).is_err() && cache.save_to_file(&folder).is_err());
    assert_eq!(cache.keys("*"), ["saved"]);
    std::fs::remove_dir_all(&folder).expect("ours");
}
