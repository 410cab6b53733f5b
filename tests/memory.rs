//! The memory that the cache reports is the memory that the allocator gave it.
#![cfg(not(target_family = "wasm"))]

use std::time::Duration;

use allocation_counter::measure;
use cachedojo::cache::{CacheNode, EvictionPolicy};
use cachedojo::clock::{Clock, Instant};
use cachedojo::protocol::memcached::{Session, Store};

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
    for policy in EvictionPolicy::ALL {
        for (entries, ttl) in [(1000, None), (1000, Some(Duration::from_secs(1))), (20_000, None)] {
            let mut node = None;
            let measured = measure(|| node = Some(full(entries, policy, ttl)));
            let (said, held) =
                (node.expect("built").memory_bytes(), u64::try_from(measured.bytes_current).expect("held"));
            assert!(said.abs_diff(held) * 20 <= held, "{policy:?}, {entries} entries: says {said}, holds {held}");
        }
    }
}

/// At every size, so wherever the table stands between two growths. `CacheNode::memory_bytes` says what the
/// bytes are for.
#[test]
fn an_entry_costs_at_most_64_bytes_beyond_its_key_and_value_if_it_has_no_deadline() {
    let ttl = Some(Duration::from_secs(1));
    let (lru, sieve) = (EvictionPolicy::LRU, EvictionPolicy::Sieve);
    for (policy, ttl, overhead_max) in [(lru, None, 57), (lru, ttl, 79), (sieve, None, 62)] {
        let mut worst = 0;
        let mut node = CacheNode::with_limits(u64::MAX, u64::MAX, policy, Clock::new());
        let mut held = 0;
        for entries in 1..=50_000 {
            let key = format!("user:session:{entries:07}");
            held +=
                measure(|| assert!(node.set(key.clone(), vec![7; 30], ttl) && node.read(&key).is_some())).bytes_current;
            let overhead = (held - 50 * entries) / entries;
            if entries > 1000 {
                worst = worst.max(overhead);
            }
        }
        assert_eq!(worst, overhead_max, "{policy:?}, {ttl:?}: the documentation says otherwise");
    }
}

/// As above, at every size: an item is one allocation, and its slot of the table has where that is and the links of the list.
#[test]
fn an_item_of_memcached_costs_at_most_64_bytes_beyond_its_key_and_value() {
    let (mut store, mut session, mut out) = (Store::new(0, 1 << 40), Session::new(), Vec::new());
    let (mut worst, mut held) = (0, 0);
    for items in 1..=50_000 {
        let request = format!("set user:session:{items:07} 5 60 30\r\n{}\r\n", "7".repeat(30));
        held += measure(|| session.feed(&mut store, request.as_bytes(), Instant::default(), &mut out)).bytes_current;
        if items > 1000 {
            worst = worst.max(held / items - 50);
        }
        out.clear();
    }
    assert_eq!((store.len(), worst), (50_000, 64));
}

/// Whichever limit is reached, entries that left are not remembered for ever.
#[test]
fn what_a_policy_remembers_is_bounded_by_the_number_of_entries_too() {
    for policy in EvictionPolicy::ALL {
        for max_bytes in [1 << 40, u64::MAX] {
            let mut node = CacheNode::with_limits(max_bytes, 100, policy, Clock::new());
            for i in 0..10_000 {
                node.set(format!("{i:06}"), Vec::new(), None);
            }
            // An entry of six bytes and its overhead, and two ghosts.
            let bytes_max = 100 * (6 + 64 + 2 * 36);
            assert!(node.memory_bytes() <= bytes_max, "{policy:?}, {max_bytes}: {}", node.memory_bytes());
        }
    }
}

/// At sizes where vectors have just doubled, which is when they hold most.
#[test]
fn a_hostile_file_takes_200_times_its_length_at_most_and_one_of_ours_7_times() {
    let opcodes = [b"N".as_slice(), b")", b"]", b"}", b"(", b"K\x01", b")\x94", b"N\x94", b"N\x85", b"\x94", b"]Na"];
    for opcodes in opcodes {
        let file = [b"\x80\x04](N", opcodes.repeat((1 << 14) + 1).as_slice(), b"e."].concat();
        let mut node = CacheNode::new(1000, EvictionPolicy::LRU);
        let measured = measure(|| assert!(node.load(&file).is_err()));
        assert!(measured.bytes_max <= 200 * file.len() as u64, "{opcodes:?}: {}", measured.bytes_max);
    }
    let mut node = CacheNode::new(1_000_000, EvictionPolicy::LRU);
    for i in 0..=1 << 14 {
        node.set(i.to_string(), Vec::new(), None);
    }
    let file = node.save();
    let measured = measure(|| node.load(&file).expect("ours"));
    assert!(measured.bytes_max <= 7 * file.len() as u64, "{} for {}", measured.bytes_max, file.len());
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
