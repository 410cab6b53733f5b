//! What the cache says that it holds is what the allocator gave it.
#![cfg(not(target_family = "wasm"))]

use std::time::Duration;

use allocation_counter::measure;
use cachedojo::cache::{CacheNode, EvictionPolicy};
use cachedojo::clock::Clock;

/// A full cache of so many entries, each of 20 bytes of key and 30 of value, after three times as many were stored.
fn full(entries: u64, policy: EvictionPolicy, ttl: Option<Duration>) -> CacheNode {
    let mut node = CacheNode::with_limits(u64::MAX, entries, policy, Clock::new());
    for i in 0..3 * entries {
        node.set(format!("user:session:{i:07}"), vec![7; 30], ttl);
    }
    node
}

#[test]
fn the_accounted_memory_is_within_five_percent_of_the_allocators() {
    for policy in [EvictionPolicy::LRU, EvictionPolicy::LFU, EvictionPolicy::FIFO, EvictionPolicy::TTL] {
        for (entries, ttl) in [(1000, None), (1000, Some(Duration::from_secs(1))), (20_000, None), (48_000, None)] {
            let mut node = None;
            let measured = measure(|| node = Some(full(entries, policy, ttl)));
            let (said, held) =
                (node.expect("built").memory_bytes(), u64::try_from(measured.bytes_current).expect("held"));
            assert!(said.abs_diff(held) * 20 <= held, "{policy:?}, {entries} entries: says {said}, holds {held}");
        }
    }
}

/// 40 bytes of record (of which the prototype's two moments and its counter are 20), 16 of links and marks, and 11 to 21
/// of hash index, depending on how full it is; the slab has at most an eighth to spare. A deadline takes 24 to 48 more.
#[test]
fn an_entry_costs_few_bytes_beyond_its_key_and_value() {
    for (entries, ttl, bytes_max) in
        [(48_000, None, 75), (25_000, None, 85), (48_000, Some(Duration::from_secs(1)), 110)]
    {
        let mut node = None;
        let measured = measure(|| node = Some(full(entries, EvictionPolicy::LRU, ttl)));
        let held = u64::try_from(measured.bytes_current).expect("held");
        let stored = node.expect("built").stats().bytes_stored as u64;
        let overhead = (held - stored) / entries;
        assert!(overhead <= bytes_max, "{overhead} bytes an entry of {entries}");
    }
}

#[test]
fn a_read_in_steady_state_allocates_nothing() {
    let mut node = full(100, EvictionPolicy::LRU, None);
    node.get("user:session:0000299");
    let measured = measure(|| {
        assert!(node.get("user:session:0000299").is_some());
        assert!(node.read("user:session:0000298").is_some());
        assert!(node.get("nobody").is_none());
    });
    assert_eq!(measured.count_total, 0);
}
