//! Integration tests for `DistributedCache`, requirement by requirement.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use distributed_cache::{DistributedCache, Saved, SavedEntry, CacheSettings, CacheCounts, CacheValue, clock, disk};

/// Noon of the first of January 2024, when every test begins.
const START_S: u64 = 1_704_110_400;

fn with_room_for(max_size: usize) -> DistributedCache {
    DistributedCache::new(CacheSettings { max_size, ..CacheSettings::default() })
}

fn cache() -> DistributedCache {
    with_room_for(100)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn text(text: &str) -> CacheValue {
    CacheValue::from(text)
}

fn number(number: i64) -> CacheValue {
    CacheValue::from(number)
}

/// The keys that are stored.
fn stored(cache: &DistributedCache) -> Vec<String> {
    cache.storage().into_keys().collect()
}

/// Runs `work(number)` in so many threads at once.
fn spawn(count: i64, work: impl Fn(i64) + Sync) {
    std::thread::scope(|scope| {
        for number in 0..count {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

// 1. TTL.

#[test]
fn ttl_is_precise_to_the_second() {
    let cache = cache();
    cache.set_for("key", text("value"), seconds(10));
    clock::advance(Duration::from_millis(9_900));
    assert_eq!(cache.get("key"), Some(text("value")));
    clock::advance(Duration::from_millis(100));
    assert_eq!(cache.get("key"), None);
    assert_eq!((cache.stats().hits, cache.stats().misses), (1, 1));
}

#[test]
fn get_removes_what_is_expired() {
    let cache = cache();
    cache.set_for("key", text("value"), seconds(10));
    cache.set_for("other", text("value"), seconds(100));
    clock::advance(seconds(11));
    assert_eq!(stored(&cache), ["key", "other"]);
    assert_eq!(cache.get("key"), None);
    assert_eq!(stored(&cache), ["other"]);
}

#[test]
fn no_ttl_means_for_ever() {
    let cache = cache();
    cache.set("key", text("value"));
    clock::advance(seconds(10 * 365 * 86_400));
    assert_eq!(cache.get("key"), Some(text("value")));
}

#[test]
fn reading_does_not_renew_a_ttl() {
    let cache = cache();
    cache.set_for("key", text("value"), seconds(10));
    clock::advance(seconds(6));
    assert!(cache.get("key").is_some());
    clock::advance(seconds(6));
    assert_eq!(cache.get("key"), None);
}

#[test]
fn setting_anew_renews_the_ttl() {
    let cache = cache();
    cache.set_for("key", text("old"), seconds(10));
    clock::advance(seconds(6));
    cache.set_for("key", text("new"), seconds(10));
    clock::advance(seconds(6));
    assert_eq!(cache.get("key"), Some(text("new")));
    cache.set("key", text("last"));
    clock::advance(seconds(1_000));
    assert_eq!(cache.get("key"), Some(text("last")));
}

#[test]
fn default_ttl() {
    let cache = DistributedCache::new(CacheSettings { default_ttl: Some(seconds(5)), ..CacheSettings::default() });
    cache.set("key", text("value"));
    cache.set_for("long", text("value"), seconds(50));
    clock::advance(seconds(5));
    assert_eq!(cache.get("key"), None);
    assert_eq!(cache.get("long"), Some(text("value")));
}

// 2. LRU.

#[test]
fn lru_evicts_the_least_recently_used() {
    let cache = with_room_for(3);
    for key in ["a", "b", "c"] {
        cache.set(key, text(key));
    }
    assert_eq!(cache.stats().evictions, 0);
    cache.get("b");
    cache.set("d", text("d"));
    assert_eq!(stored(&cache), ["b", "c", "d"]);
    assert_eq!(cache.stats().evictions, 1);
    cache.set("e", text("e"));
    assert_eq!(stored(&cache), ["b", "d", "e"]);
    assert_eq!(cache.stats().evictions, 2);
}

#[test]
fn reading_and_writing_both_count_as_use() {
    let cache = with_room_for(3);
    for key in ["a", "b", "c"] {
        cache.set(key, text(key));
    }
    assert_eq!(cache.get("a"), Some(text("a")));
    cache.set("b", text("new"));
    cache.set("d", text("d"));
    assert_eq!(stored(&cache), ["a", "b", "d"]);
}

#[test]
fn overwriting_evicts_nobody() {
    let cache = with_room_for(2);
    cache.set("a", number(1));
    cache.set("b", number(2));
    cache.set("a", number(3));
    assert_eq!(cache.storage().into_iter().collect::<Vec<_>>(), [("a".to_owned(), number(3)), ("b".to_owned(), number(2))]);
    assert_eq!(cache.stats().evictions, 0);
}

// 3. Increments.

#[test]
fn increments_are_atomic() {
    let cache = cache();
    spawn(10, |_| {
        for _ in 0..100 {
            cache.increment("counter", 1).unwrap();
        }
    });
    assert_eq!(cache.get("counter"), Some(number(1_000)));
}

#[test]
fn increment_of_a_missing_key() {
    let cache = cache();
    assert_eq!(cache.increment("new", 5), Ok(5));
    assert_eq!(cache.get("new"), Some(number(5)));
    assert_eq!(cache.increment("new", 3), Ok(8));
    assert_eq!(cache.increment("new", -10), Ok(-2));
}

#[test]
fn increment_keeps_the_ttl() {
    let cache = cache();
    cache.set_for("n", number(1), seconds(10));
    clock::advance(seconds(5));
    assert_eq!(cache.increment("n", 1), Ok(2));
    clock::advance(seconds(5));
    assert_eq!(cache.get("n"), None);
    assert_eq!(cache.increment("n", 7), Ok(7));
}

// 4. Statistics.

#[test]
fn statistics_count_each_event() {
    let cache = with_room_for(2);
    cache.set("a", number(1));
    cache.get("a");
    cache.get("a");
    cache.get("missing");
    cache.set_for("b", number(2), seconds(5));
    clock::advance(seconds(6));
    cache.get("b");
    cache.exists("a");
    cache.set("c", number(3));
    cache.set("d", number(4));
    assert_eq!(cache.stats(), CacheCounts { hits: 2, misses: 2, evictions: 1, size: 2 });
}

#[test]
fn statistics_under_threads() {
    let cache = cache();
    cache.set("there", number(1));
    spawn(10, |thread| {
        for turn in 0..25 {
            cache.get("there");
            cache.get(&format!("missing-{thread}-{turn}"));
        }
    });
    assert_eq!(cache.stats(), CacheCounts { hits: 250, misses: 250, evictions: 0, size: 1 });
}

#[test]
fn clear_resets_everything() {
    let cache = with_room_for(1);
    cache.set("a", number(1));
    cache.set("b", number(1));
    cache.get("b");
    cache.get("a");
    cache.clear();
    assert_eq!(cache.stats(), CacheCounts::default());
    assert!(cache.storage().is_empty());
}

#[test]
fn size_is_that_of_the_storage() {
    let cache = cache();
    cache.set_for("a", number(1), seconds(1));
    cache.set("b", number(1));
    clock::advance(seconds(2));
    assert_eq!((cache.stats().size, cache.storage().len()), (2, 2));
    cache.get("a");
    assert_eq!((cache.stats().size, cache.storage().len()), (1, 1));
}

// 5. Patterns.

#[test]
fn patterns() {
    let cache = cache();
    for key in ["user:1", "user:20", "session:1", "key1", "key2", "key10", "a.b", "axb", "[1]", "1"] {
        cache.set(key, text(key));
    }
    let keys = |pattern: &str| {
        let mut keys = cache.keys(pattern);
        keys.sort();
        keys
    };
    assert_eq!(keys("user:*"), ["user:1", "user:20"]);
    assert_eq!(keys("key?"), ["key1", "key2"]);
    assert_eq!(keys("*:1"), ["session:1", "user:1"]);
    assert_eq!(keys("a.b"), ["a.b"]);
    assert_eq!(keys("[1]"), ["[1]"]);
    assert_eq!(keys("*").len(), 10);
    assert!(keys("").is_empty());
    assert!(keys("nothing*").is_empty());
}

#[test]
fn patterns_see_no_expired_key() {
    let cache = cache();
    cache.set_for("user:1", number(1), seconds(5));
    cache.set("user:2", number(1));
    clock::advance(seconds(5));
    assert_eq!(cache.keys("user:*"), ["user:2"]);
}

#[test]
fn delete_pattern() {
    let cache = cache();
    for key in ["user:1", "user:2", "session:1"] {
        cache.set(key, text(key));
    }
    assert_eq!(cache.delete_pattern("user:*"), 2);
    assert_eq!(stored(&cache), ["session:1"]);
    assert_eq!(cache.delete_pattern("user:*"), 0);
    assert_eq!(cache.delete_pattern(""), 0);
}

// 6. Saving.

#[test]
fn save_leaves_expired_entries_out() {
    let cache = cache();
    cache.set_for("short", number(1), seconds(10));
    cache.set_for("long", number(2), seconds(100));
    cache.set("ever", number(3));
    clock::advance(seconds(11));
    assert!(cache.save("cache.bin"));
    let saved = Saved::read("cache.bin").unwrap();
    let long = SavedEntry { value: number(2), expires_at: Some(seconds(START_S + 100)) };
    let ever = SavedEntry { value: number(3), expires_at: None };
    assert_eq!(saved.entries, [("long".to_owned(), long), ("ever".to_owned(), ever)].into());
}

#[test]
fn save_keeps_the_statistics() {
    let cache = with_room_for(1);
    cache.set("a", number(1));
    cache.set("b", number(2));
    cache.get("b");
    cache.get("b");
    cache.get("a");
    assert!(cache.save("cache.bin"));
    let saved = Saved::read("cache.bin").unwrap();
    assert_eq!((saved.hits, saved.misses, saved.evictions), (2, 1, 1));
}

#[test]
fn a_save_that_fails_harms_nothing() {
    let cache = cache();
    cache.set("key", text("value"));
    assert!(!cache.save("no/such/folder/cache.bin"));
    assert_eq!(cache.get("key"), Some(text("value")));
    assert!(cache.save("cache.bin"));
    assert_eq!(disk::files(), ["cache.bin"]);
}

// 7. Loading.

#[test]
fn load_goes_on_with_the_ttl() {
    let entry = |value: &str, expires_at: Option<u64>| SavedEntry { value: text(value), expires_at: expires_at.map(seconds) };
    let entries = [
        ("ten".to_owned(), entry("x", Some(START_S + 10))),
        ("gone".to_owned(), entry("y", Some(START_S - 1))),
        ("ever".to_owned(), entry("z", None)),
    ];
    let saved = Saved { entries: entries.into(), hits: 7, misses: 5, evictions: 3 };
    assert!(saved.write("cache.bin"));
    let cache = cache();
    assert!(cache.load("cache.bin"));
    assert_eq!(stored(&cache), ["ever", "ten"]);
    assert_eq!(cache.stats(), CacheCounts { hits: 7, misses: 5, evictions: 3, size: 2 });
    clock::advance(Duration::from_millis(9_900));
    assert!(cache.exists("ten"));
    clock::advance(Duration::from_millis(100));
    assert!(!cache.exists("ten"));
    assert!(cache.exists("ever"));
}

#[test]
fn save_and_load_round_trip() {
    let one = cache();
    one.set("number", number(-1));
    one.set("ключ", text("naïve ☃"));
    assert!(one.save("cache.bin"));
    let other = cache();
    other.set("old", number(1));
    assert!(other.load("cache.bin"));
    assert_eq!(other.storage(), one.storage());
}

#[test]
fn a_load_that_fails_harms_nothing() {
    let cache = cache();
    cache.set("key", text("value"));
    cache.get("key");
    assert!(disk::write("damaged", b"no cache at all"));
    assert!(!cache.load("missing"));
    assert!(!cache.load("damaged"));
    assert_eq!(stored(&cache), ["key"]);
    assert_eq!(cache.stats().hits, 1);
}

// 8. Cleaning up.

#[test]
fn cleanup_removes_what_is_expired() {
    let cache = cache();
    for turn in 0..5 {
        cache.set_for(&format!("short-{turn}"), number(turn), seconds(10));
    }
    cache.set_for("long", number(1), seconds(100));
    cache.set("ever", number(2));
    clock::advance(seconds(10));
    assert_eq!(cache.storage().len(), 7);
    assert_eq!(cache.cleanup(), 5);
    assert_eq!(stored(&cache), ["ever", "long"]);
    assert_eq!(cache.cleanup(), 0);
    assert_eq!(cache.stats().misses, 0);
}

#[test]
fn the_cleaner_runs_until_close() {
    let cache = cache();
    assert!(cache.cleaner_is_running());
    cache.close();
    assert!(!cache.cleaner_is_running());
    cache.close();
}

// 9. Threads.

#[test]
fn threads_on_all_methods() {
    let cache = with_room_for(1_000);
    spawn(10, |thread| {
        // Nine turns of six operations are more than fifty.
        for turn in 0..9 {
            let key = format!("{thread}:{}", turn % 5);
            cache.set(&key, number(turn));
            assert_eq!(cache.get(&key), Some(number(turn)));
            assert!(cache.exists(&key));
            assert_eq!(cache.increment(&key, 1), Ok(turn + 1));
            assert!(cache.delete(&key));
            assert_eq!(cache.get(&key), None);
        }
    });
    assert!(cache.storage().is_empty());
    assert_eq!(cache.stats(), CacheCounts { hits: 90, misses: 90, evictions: 0, size: 0 });
}

#[test]
fn threads_that_evict_keep_the_limit() {
    let cache = with_room_for(5);
    spawn(10, |thread| {
        for turn in 0..50 {
            cache.set(&format!("{thread}:{turn}"), number(turn));
        }
    });
    assert_eq!((cache.stats().size, cache.storage().len()), (5, 5));
    assert_eq!(cache.stats().evictions, 495);
}

#[test]
fn every_thread_deletes_its_own() {
    let cache = cache();
    spawn(10, |thread| {
        for turn in 0..10 {
            cache.set(&thread.to_string(), number(turn));
            cache.set("shared", number(turn));
            assert!(cache.delete(&thread.to_string()));
            cache.keys("*");
            cache.delete_pattern("shared");
        }
    });
    assert!(cache.storage().is_empty());
}

#[test]
fn a_key_is_deleted_once() {
    let cache = cache();
    for turn in 0..50 {
        cache.set(&turn.to_string(), number(turn));
    }
    let deleted = AtomicU64::new(0);
    spawn(10, |_| {
        for turn in 0..50 {
            if cache.delete(&turn.to_string()) {
                deleted.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    assert_eq!(deleted.into_inner(), 50);
}

// 10. Edges.

#[test]
fn increment_of_text() {
    let cache = cache();
    cache.set("text", text("abc"));
    let error = cache.increment("text", 1).unwrap_err();
    assert!(!error.message.is_empty());
    assert_eq!(cache.get("text"), Some(text("abc")));
}

#[test]
fn missing_keys() {
    let cache = cache();
    assert_eq!(cache.get("missing"), None);
    assert!(!cache.exists("missing"));
    assert!(!cache.delete("missing"));
}

#[test]
fn exists_removes_what_is_expired() {
    let cache = cache();
    cache.set_for("key", number(1), seconds(5));
    assert!(cache.exists("key"));
    clock::advance(seconds(5));
    assert!(!cache.exists("key"));
    assert!(cache.storage().is_empty());
}

#[test]
fn an_empty_cache() {
    let cache = cache();
    assert!(cache.keys("*").is_empty());
    assert_eq!(cache.delete_pattern("*"), 0);
    assert_eq!(cache.cleanup(), 0);
    cache.clear();
    assert_eq!(cache.stats(), CacheCounts::default());
    assert!(cache.save("empty.bin"));
    assert!(cache.load("empty.bin"));
}

#[test]
fn unicode_and_long_keys() {
    let cache = cache();
    let long = "k".repeat(10_001);
    cache.set(&long, text("long"));
    cache.set(&format!("{long}x"), text("longer"));
    cache.set("ключ", text("значение ☃"));
    assert_eq!(cache.get(&long), Some(text("long")));
    assert_eq!(cache.get(&format!("{long}x")), Some(text("longer")));
    assert_eq!(cache.get("ключ"), Some(text("значение ☃")));
    assert_eq!(cache.keys("кл??"), ["ключ"]);
}

#[test]
fn a_cache_for_one() {
    let cache = with_room_for(1);
    cache.set("a", number(1));
    cache.set("b", number(2));
    assert_eq!(stored(&cache), ["b"]);
    cache.set("b", number(3));
    assert_eq!(cache.get("b"), Some(number(3)));
    assert_eq!(cache.stats().evictions, 1);
}

#[test]
fn a_value_of_zero() {
    let cache = cache();
    cache.set("zero", number(0));
    assert!(cache.exists("zero"));
    assert_eq!(cache.get("zero"), Some(number(0)));
    assert_eq!(cache.increment("zero", 1), Ok(1));
}
