//! What the texts of the mission say in so many words, sentence by sentence: the examples of its first text, the tests of its third.
#![cfg(not(target_family = "wasm"))]

use std::time::Duration;

use cachedojo::cache::{CLEANING_PERIOD, CacheNode, EvictionPolicy, SharedCache};
use cachedojo::clock::{Clock, Instant};
use cachedojo::cluster::{CacheConfig, DistributedCache};
use cachedojo::protocol::{CacheCommand, ProtocolParser};
use cachedojo::ring::{HashRing, NodeInfo};

fn node(max_entries: u64) -> (CacheNode, Clock) {
    let clock = Clock::new();
    (CacheNode::with_limits(u64::MAX, max_entries, EvictionPolicy::LRU, clock.clone()), clock)
}

#[test]
fn a_ttl_of_ten_seconds_holds_for_nine_point_nine() {
    let (mut cache, clock) = node(100);
    cache.set("key".into(), b"value".to_vec(), Some(Duration::from_secs(10)));
    clock.advance(Duration::from_millis(9_900));
    assert_eq!(cache.read("key"), Some(b"value".as_slice()));
    clock.advance(Duration::from_millis(100));
    assert_eq!(cache.len(), 1, "nobody has met it");
    assert_eq!(cache.read("key"), None);
    assert_eq!(cache.len(), 0, "who meets it removes it");
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.expired), (1, 1, 1));
}

#[test]
fn of_a_b_and_c_it_is_a_that_leaves_when_b_was_read() {
    let (mut cache, _) = node(3);
    for key in ["a", "b", "c"] {
        cache.set(key.into(), Vec::new(), None);
    }
    cache.get("b");
    cache.set("d".into(), Vec::new(), None);
    assert_eq!(cache.keys("*"), ["b", "c", "d"]);
    assert_eq!(cache.stats().evictions, 1);
    cache.set("c".into(), b"storing is a use as well".to_vec(), None);
    cache.set("e".into(), Vec::new(), None);
    assert_eq!((cache.keys("*"), cache.stats().evictions), (vec!["c".into(), "d".into(), "e".into()], 2));
}

#[test]
fn an_increment_begins_with_its_amount_and_text_is_a_clear_error() {
    let (mut cache, _) = node(10);
    assert_eq!(cache.increment("counter", 5), Ok(5));
    assert_eq!(cache.increment("counter", 5), Ok(10));
    cache.set("name".into(), b"Ada".to_vec(), None);
    let error = cache.increment("name", 1).expect_err("not a number");
    assert!(error.to_string().starts_with("the value is not a whole decimal number"), "{error}");
    assert_eq!(cache.incr("name", 1), None);
    assert_eq!(cache.incr("nobody", 1), None);
    assert_eq!(cache.read("name"), Some(b"Ada".as_slice()));
}

#[test]
fn patterns_list_and_delete_what_they_match_and_nothing_else() {
    let (mut cache, _) = node(100);
    for key in ["user:1", "user:2", "key1", "key2", "key10"] {
        cache.set(key.into(), Vec::new(), None);
    }
    assert_eq!(cache.keys("user:*"), ["user:1", "user:2"]);
    assert_eq!(cache.keys("key?"), ["key1", "key2"]);
    assert!(cache.keys("").is_empty() && cache.keys("nothing*").is_empty());
    assert_eq!((cache.delete_pattern(""), cache.delete_pattern("user:*")), (0, 2));
    assert_eq!(cache.keys("*"), ["key1", "key10", "key2"]);
    // An empty pattern lists nothing, also where the empty key is there.
    cache.set(String::new(), Vec::new(), None);
    assert_eq!((cache.keys(""), cache.delete_pattern("")), (vec![], 0));
    assert_eq!((cache.keys("**").len(), cache.delete_pattern("*")), (4, 4));
}

#[test]
fn a_hit_rate_is_hits_of_reads_and_clearing_forgets_all() {
    let (mut cache, _) = node(10);
    assert_eq!(cache.stats().hit_rate_per_mille(), None);
    cache.set("a".into(), Vec::new(), None);
    for key in ["a", "a", "b"] {
        cache.get(key);
    }
    assert_eq!(cache.stats().hit_rate_per_mille(), Some(666));
    cache.clear();
    assert_eq!((cache.stats().hits, cache.stats().misses, cache.len()), (0, 0, 0));
}

#[test]
fn who_was_saved_until_1704110410_has_ten_seconds_left_at_1704110400() {
    let clock = Clock::new();
    clock.set(Instant::from_millis(1_704_110_399_000));
    let mut cache = CacheNode::with_clock(1000, EvictionPolicy::LRU, clock.clone());
    cache.store_until("ten", b"v", Some(Instant::from_millis(1_704_110_410_000)));
    cache.store_until("none", b"v", Some(Instant::from_millis(1_704_110_400_000)));
    cache.get("ten");
    cache.get("nobody");
    let saved = cache.save();
    clock.set(Instant::from_millis(1_704_110_400_000));
    let mut loaded = CacheNode::with_clock(1000, EvictionPolicy::LRU, clock.clone());
    loaded.load(&saved).expect("a cache");
    assert_eq!(loaded.keys("*"), ["ten"]);
    assert_eq!((loaded.stats().hits, loaded.stats().misses), (1, 1));
    clock.advance(Duration::from_millis(9_999));
    assert!(loaded.exists("ten"));
    clock.advance(Duration::from_millis(1));
    assert!(!loaded.exists("ten"));
    assert_eq!(loaded.len(), 0);
}

#[test]
fn the_cleaner_comes_every_sixty_seconds_and_may_be_called() {
    assert_eq!(CLEANING_PERIOD.as_secs(), 60);
    let (node, clock) = node(10);
    let cache = SharedCache::start(node);
    cache.set("k".into(), b"v".to_vec(), Some(Duration::from_secs(1)));
    clock.advance(Duration::from_secs(1));
    assert_eq!((cache.clean_expired(), cache.stats().entry_count), (1, 0));
    cache.close();
}

#[test]
fn the_lock_is_re_entrant() {
    let (node, _) = node(10);
    let cache = SharedCache::new(node);
    // `with cache.lock: cache.set(…); cache.increment(…)`, each of which takes the lock again.
    let counted = cache.hold(|cache| {
        cache.set("counter".into(), b"1".to_vec(), None);
        cache.hold(|cache| cache.increment("counter", 1))
    });
    assert_eq!(counted, Ok(2));
}

fn info(id: &str) -> NodeInfo {
    NodeInfo { id: id.into(), addr: String::new(), weight: 1, is_alive: true }
}

#[test]
fn the_tests_of_the_exercise_pass() {
    let mut cache = CacheNode::new(100, EvictionPolicy::LRU);
    cache.set("key1".into(), vec![0; 40], None);
    cache.set("key2".into(), vec![0; 40], None);
    cache.get("key1");
    cache.set("key3".into(), vec![0; 40], None);
    assert!(cache.get("key1").is_some() && cache.get("key2").is_none() && cache.get("key3").is_some());

    let mut ring = HashRing::new(150);
    ring.add_node(info("node1"));
    ring.add_node(info("node2"));
    let owned = (0..1000).filter(|i| ring.get_node(&format!("key{i}")).expect("a node").id == "node1").count();
    assert!((445..=545).contains(&owned), "{owned} to {}", 1000 - owned);

    let mut cluster = DistributedCache::new(CacheConfig {
        max_memory: 1024 * 1024,
        default_ttl: None,
        eviction_policy: EvictionPolicy::LRU,
        replication_factor: 3,
        virtual_nodes: 150,
    });
    for i in 1..=3 {
        cluster.add_server(format!("node{i}"), format!("127.0.0.1:1121{i}"));
    }
    assert_eq!(cluster.servers_for_key("mykey").len(), 3);

    let get = ProtocolParser::parse(b"get mykey\r\n");
    assert_eq!(get, Ok(CacheCommand::Get { key: "mykey".into() }));
    let set = ProtocolParser::parse(b"set mykey 0 0 5\r\nvalue\r\n");
    assert_eq!(set, Ok(CacheCommand::Set { key: "mykey".into(), value: b"value".to_vec(), ttl: None }));
}
