//! attack: waits for ever in execute
//! class: F22 run bomb
//! expect: score <= 10

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

#[derive(Clone)]
pub struct CacheConfig {
    pub max_memory: usize,
    pub default_ttl: Option<Duration>,
    pub eviction_policy: EvictionPolicy,
    pub replication_factor: usize,
    pub virtual_nodes: usize,
}
pub enum CacheCommand {
    Get { key: String },
    Stats,
}
pub enum CacheResponse {
    Value(Option<Vec<u8>>),
    NotFound,
}
pub struct DistributedCache {}
impl DistributedCache {
    pub fn new(_: CacheConfig) -> Self {
        Self {}
    }
    pub async fn execute(&mut self, _: CacheCommand) -> CacheResponse {
        std::future::pending::<()>().await;
        CacheResponse::NotFound
    }
    pub async fn rebalance(&mut self) {
        loop {
            std::future::pending::<()>().await;
        }
    }
}
