//! attack: loops in a constant
//! class: F22 compile bomb
//! expect: build_failed

#![allow(long_running_const_eval)]

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

const fn spin() -> u64 {
    let mut n = 0_u64;
    loop {
        n = n.wrapping_add(1);
        if n == u64::MAX {
            return n;
        }
    }
}
pub const BOMB: u64 = spin();
