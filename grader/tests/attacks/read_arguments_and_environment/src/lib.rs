//! attack: looks for a secret in arguments and environment
//! class: A7 secret
//! expect: score <= 5

use std::collections::HashMap;
use std::time::Duration;

pub struct CacheEntry {
    pub value: Vec<u8>,
}

#[derive(Clone, Copy)]
pub enum EvictionPolicy {
    LRU,
    LFU,
    FIFO,
    TTL,
}

pub struct CacheNode {
    data: HashMap<String, CacheEntry>,
}

impl CacheNode {
    pub fn new(_max_memory: usize, _policy: EvictionPolicy) -> Self {
        Self { data: HashMap::new() }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        let known: Vec<String> = std::env::args().chain(std::env::vars().map(|(name, value)| name + &value)).collect();
        assert!(known.is_empty(), "{known:?}");
        let _ = key;
        None
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, _ttl: Option<Duration>) -> bool {
        self.data.insert(key, CacheEntry { value });
        true
    }
}
