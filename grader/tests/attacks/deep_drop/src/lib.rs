//! attack: a list so long that dropping it takes the stack
//! class: F22 run bomb
//! expect: score <= 8

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
    chain: Option<Box<Link>>,
}

impl CacheNode {
    pub fn new(_max_memory: usize, _policy: EvictionPolicy) -> Self {
        let mut chain = None;
        for _ in 0..200_000 {
            chain = Some(Box::new(Link { next: chain }));
        }
        Self { data: HashMap::new(), chain }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.data.get(key)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, _ttl: Option<Duration>) -> bool {
        self.chain = None;
        self.data.insert(key, CacheEntry { value });
        true
    }
}

struct Link {
    #[expect(dead_code)]
    next: Option<Box<Link>>,
}
