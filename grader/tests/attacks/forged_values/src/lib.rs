//! attack: answers with escape sequences and pages
//! class: A6 forged result
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
        let value = b"\x1b[2J<img src=x onerror=alert(1)>\r\nEND\r\n".to_vec();
        self.data.insert(key.to_owned(), CacheEntry { value });
        self.data.get(key)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, _ttl: Option<Duration>) -> bool {
        self.data.insert(key, CacheEntry { value });
        true
    }
}
