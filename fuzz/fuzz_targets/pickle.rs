//! Any bytes are either refused without changing anything, or loaded as a cache that saves to the same content.
#![no_main]

use std::time::Duration;

use cachedojo::cache::{CacheNode, EvictionPolicy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let policy = EvictionPolicy::ALL[usize::from(choice) % EvictionPolicy::ALL.len()];
    let mut node = CacheNode::new(64, policy);
    node.set("before".into(), b"kept".to_vec(), Some(Duration::from_millis(5)));
    node.get("before");
    let before = node.save();
    if node.load(bytes).is_err() {
        assert_eq!(node.save(), before);
        return;
    }
    let stats = node.stats();
    assert!(stats.bytes_stored <= 64 && stats.entry_count == node.entries().len());
    let saved = node.save();
    let mut again = CacheNode::new(64, policy);
    again.load(&saved).expect("what was saved can be loaded");
    assert_eq!(again.entries(), node.entries());
    assert_eq!(again.save(), saved);
});
