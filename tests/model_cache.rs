//! The cache node against a naive one: a vector, searched from end to end, that follows each rule literally.

mod naive;

use std::time::Duration;

use cachedojo::cache::{CacheNode, CacheStats, EvictionPolicy, IncrementError};
use cachedojo::clock::{Clock, Instant};
use cachedojo::random::Random;
use naive::Naive;

/// Both caches, given the same operations.
struct Pair {
    real: CacheNode,
    naive: Naive,
    clock: Clock,
    /// Every entry weighs one byte, like a page in the papers, so that all branches of their policies are reached.
    is_paged: bool,
    /// How many pages there are.
    pages: u64,
}

const KEYS: [&str; 7] = ["a", "b", "user:1", "user:2", "é", "long-key", ""];
const PAGES: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl Pair {
    fn new(policy: EvictionPolicy, random: &mut Random) -> Self {
        let is_paged = random.below(2) == 0;
        let pages_max = [2, 3, 5, 20, 21][pick(random, 5)];
        let (max_bytes, max_entries) = match random.below(4) {
            0 if is_paged => (u64::MAX, pages_max),
            1 if is_paged => (30, pages_max),
            _ if is_paged => (pages_max, [u64::MAX, 0, 1, 2, 3][pick(random, 5)]),
            0 => (u64::MAX, [0, 1, 2, 3, 6][pick(random, 5)]),
            _ => ([0, 5, 20, 60, 150][pick(random, 5)], [u64::MAX, 0, 1, 2, 3][pick(random, 5)]),
        };
        let clock = Clock::new();
        let mut real = CacheNode::with_limits(max_bytes, max_entries, policy, clock.clone());
        real.record_events(true);
        let naive = Naive::new(policy, max_bytes, max_entries);
        Self { real, naive, clock, is_paged, pages: 2 * pages_max + 2 }
    }

    /// One random operation on both; their answers must be equal.
    fn step(&mut self, random: &mut Random) {
        let key = if self.is_paged {
            let page = random.below(self.pages);
            let page = usize::try_from(random.below(page + 1)).expect("small");
            &PAGES[page..=page]
        } else {
            KEYS[pick(random, KEYS.len())]
        };
        let (real, naive) = (&mut self.real, &mut self.naive);
        match random.below(16) {
            0..=4 => {
                let value = match random.below(3) {
                    _ if self.is_paged => Vec::new(),
                    0 => random.below(2000).to_string().into_bytes(),
                    1 => vec![b'x'; pick(random, 30)],
                    _ => i64::MAX.to_string().into_bytes(),
                };
                let ttl_ms = [None, Some(0), Some(1), Some(10), Some(100), Some(u64::MAX)][pick(random, 6)];
                let is_stored = naive.set(key, &value, ttl_ms);
                assert_eq!(real.set(key.into(), value, ttl_ms.map(Duration::from_millis)), is_stored);
            }
            5..=8 => assert_eq!(real.get(key).map(|entry| entry.value.clone()), naive.get(key)),
            9 => {
                let place = naive.find(key);
                let is_there = place.map(|i| naive.take(i)).is_some();
                assert_eq!(real.delete(key), is_there);
            }
            10 => {
                let delta = [1, -1, 5, i64::MAX, i64::MIN][pick(random, 5)];
                // Sums that need more room are left to another test: here they would have to be modelled twice.
                let has_room = naive.bytes() + 20 <= naive.max_bytes;
                if has_room {
                    let expected = naive.add(key, delta);
                    if random.below(2) == 0 {
                        assert_eq!(real.incr(key, delta), expected.and_then(Result::ok));
                    } else if let Some(expected) = expected {
                        assert_eq!(real.increment(key, delta), expected);
                    } else {
                        let is_stored = naive.set(key, delta.to_string().as_bytes(), None);
                        let expected = if is_stored { Ok(delta) } else { Err(IncrementError::TooLarge) };
                        assert_eq!(real.increment(key, delta), expected);
                    }
                }
            }
            11 => {
                let ttl_ms = [0, 5, u64::MAX][pick(random, 3)];
                let place = naive.find(key);
                if let Some(i) = place {
                    naive.moment += 1;
                    naive.queue[i].deadline = Some((naive.now_ms.saturating_add(ttl_ms), naive.moment));
                }
                assert_eq!(real.touch(key, Duration::from_millis(ttl_ms)), place.is_some());
            }
            12 => {
                let mut count = 0;
                while let Some(i) = naive.first_expired() {
                    naive.expire(i);
                    count += 1;
                }
                assert_eq!(real.clean_expired(), count);
            }
            13 => assert_eq!(real.exists(key), naive.find(key).is_some()),
            14 => {
                let mut living: Vec<_> = naive
                    .queue
                    .iter()
                    .filter(|entry| entry.deadline.is_none_or(|(at, _)| at > naive.now_ms))
                    .map(|entry| entry.key.clone())
                    .filter(|key| key.starts_with("user:"))
                    .collect();
                living.sort();
                assert_eq!(real.keys("user:*"), living);
                if random.below(4) == 0 {
                    assert_eq!(real.delete_pattern("user:?"), living.len());
                    for key in living {
                        let i = naive.find(&key).expect("alive");
                        naive.take(i);
                    }
                }
            }
            _ => {
                let by = Duration::from_millis(random.below(12));
                self.clock.advance(by);
                naive.now_ms = self.clock.now().as_millis();
            }
        }
        assert_eq!(self.real.stats(), self.naive.stats());
        assert!(self.real.stats().bytes_stored as u64 <= self.real.max_bytes());
        assert!(self.real.len() as u64 <= self.real.max_entries());
    }

    /// Everything that can be seen of both is equal.
    fn compare(&mut self) {
        assert_eq!(self.real.take_events(), std::mem::take(&mut self.naive.events));
        let order = self.naive.order();
        let entries = self.real.entries();
        assert_eq!(entries.len(), order.len());
        for (entry, expected) in entries.iter().zip(&order) {
            assert_eq!((entry.key, entry.value), (expected.key.as_str(), expected.value.as_slice()));
            assert_eq!(entry.created_at, Instant::from_millis(expected.created_ms));
            assert_eq!(entry.expires_at, expected.deadline.map(|(at, _)| Instant::from_millis(at)));
            assert_eq!(entry.last_accessed, Instant::from_millis(expected.used_ms));
            assert_eq!(entry.access_count, expected.uses);
        }
    }
}

fn pick(random: &mut Random, count: usize) -> usize {
    usize::try_from(random.below(count as u64)).expect("an index")
}

#[test]
fn a_hundred_thousand_random_sequences_go_as_the_naive_cache_says() {
    for seed in 0..100_000 {
        let random = &mut Random::new(seed);
        let policy = EvictionPolicy::ALL[pick(random, EvictionPolicy::ALL.len())];
        let mut pair = Pair::new(policy, random);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let steps = if pair.is_paged { 120 } else { 40 };
            for _ in 0..random.below(steps) {
                pair.step(random);
            }
            pair.compare();
        }));
        assert!(outcome.is_ok(), "seed {seed}, {policy:?}: {:?}", pair.naive);
    }
}

#[test]
fn every_policy_keeps_the_limits_and_returns_what_was_stored_last() {
    for seed in 0..10_000 {
        let random = &mut Random::new(seed);
        let policy = EvictionPolicy::ALL[pick(random, EvictionPolicy::ALL.len())];
        let clock = Clock::new();
        let max_bytes = 1 + random.below(200);
        let max_entries = 1 + random.below(12);
        let mut node = CacheNode::with_limits(max_bytes, max_entries, policy, clock.clone());
        let mut last = std::collections::BTreeMap::new();
        let (mut reads, mut stored, mut deleted) = (0, 0, 0);
        for i in 0..60_u64 {
            let key = format!("k{}", random.below(12));
            match random.below(8) {
                0..=2 => {
                    let value = vec![b'v'; pick(random, 40)];
                    let ttl = (random.below(3) == 0).then(|| Duration::from_millis(random.below(20)));
                    let is_new = !node.exists(&key);
                    if node.set(key.clone(), value.clone(), ttl) {
                        stored += u64::from(is_new);
                        last.insert(key, value);
                    }
                }
                3 => deleted += u64::from(node.delete(&key)),
                4 => clock.advance(Duration::from_millis(i % 7)),
                5 => {
                    // A number that gets more digits needs room, but never evicts itself to get it.
                    let is_new = !node.exists(&key);
                    let amount = [1, 1_000_000_007][pick(random, 2)];
                    if let Ok(sum) = node.increment(&key, amount) {
                        stored += u64::from(is_new);
                        assert!(node.exists(&key));
                        last.insert(key, sum.to_string().into_bytes());
                    }
                }
                _ => {
                    reads += 1;
                    if let Some(entry) = node.get(&key) {
                        assert_eq!(Some(&entry.value), last.get(&key), "seed {seed}, {policy:?}");
                    }
                }
            }
            let stats = node.stats();
            assert!(stats.bytes_stored as u64 <= max_bytes && stats.entry_count as u64 <= max_entries);
            let entries = node.entries();
            let bytes: usize = entries.iter().map(|entry| entry.key.len() + entry.value.len()).sum();
            assert_eq!((bytes, entries.len()), (stats.bytes_stored, stats.entry_count), "seed {seed}, {policy:?}");
            assert_eq!(stats.hits + stats.misses, reads);
            assert_eq!(
                stored - deleted - stats.evictions - stats.expired,
                stats.entry_count as u64,
                "seed {seed}, {policy:?}"
            );
        }
    }
}

#[test]
fn so_many_entries_are_the_same_limit_as_so_many_bytes_where_each_weighs_one() {
    for policy in EvictionPolicy::ALL {
        for limit in [1, 2, 10, 19, 20, 50] {
            let random = &mut Random::new(limit);
            let clock = Clock::new();
            let mut bytes = CacheNode::with_limits(limit, u64::MAX, policy, clock.clone());
            let mut entries = CacheNode::with_limits(u64::MAX, limit, policy, clock.clone());
            let mut both = CacheNode::with_limits(limit, limit, policy, clock);
            for request in 0..5_000 {
                let popular = 1 + random.below(127);
                let key = u8::try_from(random.below(popular)).map(|byte| char::from(byte).to_string()).expect("ASCII");
                for node in [&mut bytes, &mut entries, &mut both] {
                    if request % 50 == 0 {
                        node.delete(&key);
                    } else if node.read(&key).is_none() {
                        node.set(key.clone(), Vec::new(), None);
                    }
                }
                assert_eq!(bytes.stats(), entries.stats(), "{policy:?}, {limit}, request {request}");
                assert_eq!(bytes.stats(), both.stats(), "{policy:?}, {limit}, request {request}");
            }
            assert_eq!(bytes.keys("*"), entries.keys("*"));
        }
    }
}

#[test]
fn a_number_that_grows_makes_others_leave_but_never_itself() {
    for policy in EvictionPolicy::ALL {
        let mut node = CacheNode::new(8, policy);
        node.set("n".into(), b"999".to_vec(), Some(Duration::from_secs(1)));
        node.set("m".into(), b"111".to_vec(), None);
        assert_eq!(node.increment("n", 1), Ok(1000), "{policy:?}");
        assert_eq!(node.keys("*"), ["n"], "{policy:?}");
        assert_eq!(node.increment("n", 99_999_999), Err(IncrementError::TooLarge), "{policy:?}");
        let entry = node.get("n").expect("still there").clone();
        assert_eq!((entry.value.as_slice(), entry.expires_at), (b"1000".as_slice(), Some(Instant::from_millis(1000))));
        assert_eq!(node.stats().evictions, 1);
    }
}

#[test]
fn any_ttl_is_exact_and_none_overflows() {
    for ttl_ms in [1, 2, 999, 59 * 60 * 1000, u64::from(u32::MAX), 18_446_744_073_709_561, u64::MAX] {
        let clock = Clock::new();
        clock.set(Instant::from_millis(7));
        let mut node = CacheNode::with_clock(100, EvictionPolicy::LRU, clock.clone());
        node.set("k".into(), b"v".to_vec(), Some(Duration::from_millis(ttl_ms)));
        clock.advance(Duration::from_millis(ttl_ms - 1));
        let is_alive = clock.now() < Instant::from_millis(u64::MAX);
        assert_eq!(node.peek("k").is_some(), is_alive, "{ttl_ms}");
        clock.advance(Duration::from_millis(1));
        assert!(node.peek("k").is_none() && node.get("k").is_none(), "{ttl_ms}");
    }
    let mut node = CacheNode::new(100, EvictionPolicy::LRU);
    node.set("k".into(), b"v".to_vec(), Some(Duration::from_nanos(1)));
    assert!(node.get("k").is_some(), "a nanosecond is not yet over at the same moment");
    node.set("k".into(), b"v".to_vec(), Some(Duration::MAX));
    assert!(node.get("k").is_some());
}

#[test]
fn odd_keys_and_sizes_are_fine() {
    let long = "k".repeat(10_000);
    for policy in EvictionPolicy::ALL {
        let mut node = CacheNode::new(20_000, policy);
        assert_eq!((node.get("x").is_none(), node.delete("x"), node.clean_expired()), (true, false, 0));
        assert!(node.keys("").is_empty() && node.entries().is_empty());
        assert!(node.set(long.clone(), "é".as_bytes().to_vec(), None) && node.set("clé".into(), Vec::new(), None));
        assert_eq!(node.get(&long).expect("there").value, "é".as_bytes());
        assert_eq!(node.keys("cl?"), ["clé"]);
        let mut one = CacheNode::with_limits(u64::MAX, 1, policy, Clock::new());
        for key in ["a", "b", "c"] {
            assert!(one.set(key.into(), b"v".to_vec(), None));
            assert_eq!(one.keys("*"), [key], "{policy:?}");
        }
    }
}

#[test]
fn clearing_resets_the_counters_and_keeps_limit_policy_and_clock() {
    let clock = Clock::new();
    let mut node = CacheNode::with_limits(10, 2, EvictionPolicy::LFU, clock.clone());
    node.record_events(true);
    node.set("a".into(), b"1".to_vec(), None);
    node.get("a");
    clock.advance(Duration::from_millis(5));
    node.clear();
    assert_eq!(node.stats(), CacheStats::default());
    assert_eq!((node.policy(), node.max_bytes(), node.max_entries()), (EvictionPolicy::LFU, 10, 2));
    node.set("big".into(), vec![0; 20], None);
    assert_eq!(node.take_events().len(), 1);
    assert_eq!(node.clock().now(), Instant::from_millis(5));
}
