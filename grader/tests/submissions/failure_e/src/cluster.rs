use crate::node::{CacheNode, CacheStats, EvictionPolicy};
use crate::ring::{HashRing, NodeInfo};
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct CacheConfig {
    pub max_memory: usize,
    pub default_ttl: Option<Duration>,
    pub eviction_policy: EvictionPolicy,
    pub replication_factor: usize,
    pub virtual_nodes: usize,
}

#[derive(Debug, Clone)]
pub enum CacheCommand {
    Get { key: String },
    Set { key: String, value: Vec<u8>, ttl: Option<Duration> },
    Delete { key: String },
    Incr { key: String, delta: i64 },
    Touch { key: String, ttl: Duration },
    Stats,
}

#[derive(Debug)]
pub enum CacheResponse {
    Value(Option<Vec<u8>>),
    Stored,
    Deleted,
    NotFound,
    Error(String),
    Stats(CacheStats),
}

pub struct DistributedCache {
    ring: HashRing,
    local_cache: CacheNode,
    replication_factor: usize,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self {
            ring: HashRing::new(config.virtual_nodes),
            local_cache: CacheNode::new(config.max_memory, config.eviction_policy),
            replication_factor: config.replication_factor,
            config,
        }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
    }

    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        match cmd {
            CacheCommand::Get { key } => match self.local_cache.get(&key) {
                Some(entry) => CacheResponse::Value(Some(entry.value.clone())),
                None => CacheResponse::NotFound,
            },
            CacheCommand::Set { key, value, ttl } => {
                if self.local_cache.set(key, value, ttl.or(self.config.default_ttl)) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::Error("SERVER_ERROR object too large for cache".into())
                }
            }
            CacheCommand::Delete { key } => {
                if self.local_cache.delete(&key) {
                    CacheResponse::Deleted
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Incr { key, delta } => match self.local_cache.incr(&key, delta) {
                Some(n) => CacheResponse::Value(Some(n.to_string().into_bytes())),
                None => CacheResponse::NotFound,
            },
            CacheCommand::Touch { key, ttl } => {
                if self.local_cache.touch(&key, ttl) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Stats => CacheResponse::Stats(self.local_cache.stats()),
        }
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.replication_factor)
    }

    pub async fn rebalance(&mut self) {
        // One process, one local cache: the ring alone says where a key belongs, and there is nothing to move.
    }
}
