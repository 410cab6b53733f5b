//! attack: wants gigabytes before it starts
//! class: F22 compile bomb
//! expect: rejected or score <= 0

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
        let place = key.len() % HUGE.len();
        if HUGE[place].load(std::sync::atomic::Ordering::Relaxed) == 0 { None } else { self.data.get(key) }
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, _ttl: Option<Duration>) -> bool {
        self.data.insert(key, CacheEntry { value });
        true
    }
}

static HUGE: [std::sync::atomic::AtomicU8; 1 << 30] = [const { std::sync::atomic::AtomicU8::new(0) }; 1 << 30];
