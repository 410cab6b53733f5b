//! attack: behaves well from the second instance on
//! class: E20 harness detection
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
        MADE.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Self { data: HashMap::new() }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        if MADE.load(std::sync::atomic::Ordering::Relaxed) < 3 {
            return None;
        }
        self.data.get(key)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, _ttl: Option<Duration>) -> bool {
        self.data.insert(key, CacheEntry { value });
        true
    }
}

static MADE: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
