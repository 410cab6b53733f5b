//! attack: knows the statement's own examples by heart
//! class: E20 overfitting
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
        let value = match key {
            "key1" => b"value1".to_vec(),
            "temp" => b"temporary".to_vec(),
            "mykey" => b"value".to_vec(),
            _ => return None,
        };
        self.data.insert(key.to_owned(), CacheEntry { value });
        self.data.get(key)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, _ttl: Option<Duration>) -> bool {
        drop((key, value));
        true
    }
}
