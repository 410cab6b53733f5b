//! attack: makes ever larger types
//! class: F22 compile bomb
//! expect: build_failed

#![recursion_limit = "1000000"]
#![type_length_limit = "100000000000"]

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
        self.data.get(key)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, _ttl: Option<Duration>) -> bool {
        self.data.insert(key, CacheEntry { value });
        true
    }
}

pub fn grow<T: Clone>(value: T, n: u32) -> usize {
    if n == 0 { size_of::<T>() } else { grow((value.clone(), value), n - 1) }
}
pub fn bomb() -> usize {
    grow(1_u8, 1)
}
