//! Exercise 5.1.21-a, `distributed_cache`. Fill in the bodies; every method that works earns its points.
//!
//! Private fields, private functions and further modules are yours to choose. The public names, signatures and fields
//! below are the contract: leave them as they are.

use std::time::{Duration, Instant};

/// A cached value and what is known about it.
#[derive(Debug, Clone)]
pub struct CacheEntry {
    pub value: Vec<u8>,
    pub created_at: Instant,
    /// From when on the entry is gone; `None` lives until it is evicted.
    pub expires_at: Option<Instant>,
    pub last_accessed: Instant,
    pub access_count: u64,
}

/// What a node has counted so far, and what it holds now.
#[derive(Debug, Clone, Default)]
pub struct CacheStats {
    /// Reads that found their key.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Entries that left to make room.
    pub evictions: u64,
    /// Entries that left because their time was over.
    pub expired: u64,
    pub bytes_stored: usize,
    pub entry_count: usize,
}

/// Who leaves when memory runs out.
#[derive(Debug, Clone, Copy)]
pub enum EvictionPolicy {
    /// Least recently used.
    LRU,
    /// Least frequently used.
    LFU,
    /// First in, first out.
    FIFO,
    /// Soonest expiry first.
    TTL,
}

/// A cache bounded in memory.
pub struct CacheNode {
    // Your fields.
}

/// A consistent-hash ring.
pub struct HashRing {
    // Your fields.
}

/// A member of the ring.
#[derive(Debug, Clone)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

/// A cluster of servers behind one ring.
pub struct DistributedCache {
    // Your fields.
}

/// How a cluster is set up.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// What each server holds at most, in bytes.
    pub max_memory: usize,
    /// For entries that are stored without a time to live.
    pub default_ttl: Option<Duration>,
    pub eviction_policy: EvictionPolicy,
    /// On how many servers a key lives.
    pub replication_factor: usize,
    /// Points of each server on the ring.
    pub virtual_nodes: usize,
}

/// A command, as memcached has them.
#[derive(Debug, Clone)]
pub enum CacheCommand {
    Get { key: String },
    Set { key: String, value: Vec<u8>, ttl: Option<Duration> },
    Delete { key: String },
    Incr { key: String, delta: i64 },
    Touch { key: String, ttl: Duration },
    Stats,
}

/// The answer to a command.
#[derive(Debug)]
pub enum CacheResponse {
    Value(Option<Vec<u8>>),
    Stored,
    Deleted,
    NotFound,
    Error(String),
    Stats(CacheStats),
}

impl CacheNode {
    /// An empty cache that holds at most `max_memory` bytes.
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        todo!()
    }

    /// Reads a key: a hit or a miss.
    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        todo!()
    }

    /// Stores a value, for ever or for a while. `false` when it could not be stored.
    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        todo!()
    }

    /// Removes a key. `false` when it was not there.
    pub fn delete(&mut self, key: &str) -> bool {
        todo!()
    }

    /// Adds to a number and returns the sum. `None` when there is no number to add to.
    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        todo!()
    }

    /// Gives a key a new time to live. `false` when it is not there.
    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        todo!()
    }

    /// Removes every expired entry and returns how many there were.
    pub fn clean_expired(&mut self) -> usize {
        todo!()
    }

    /// The counters.
    pub fn stats(&self) -> CacheStats {
        todo!()
    }
}

impl HashRing {
    /// An empty ring on which every node gets so many points.
    pub fn new(virtual_nodes: usize) -> Self {
        todo!()
    }

    /// Adds a node.
    pub fn add_node(&mut self, node: NodeInfo) {
        todo!()
    }

    /// Removes a node and all its points.
    pub fn remove_node(&mut self, node_id: &str) {
        todo!()
    }

    /// The living node that answers for a key.
    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        todo!()
    }

    /// The living nodes that hold a key's copies, the one of `get_node` among them: distinct, at most `count`.
    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        todo!()
    }

    /// Every node, in any order.
    pub fn nodes(&self) -> Vec<&NodeInfo> {
        todo!()
    }
}

impl DistributedCache {
    /// A cluster without servers.
    pub fn new(config: CacheConfig) -> Self {
        todo!()
    }

    /// Adds a server.
    pub fn add_server(&mut self, id: String, addr: String) {
        todo!()
    }

    /// Removes a server.
    pub fn remove_server(&mut self, id: &str) {
        todo!()
    }

    /// Obeys a command.
    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        todo!()
    }

    /// The servers that hold a key.
    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        todo!()
    }

    /// Puts the copies where they belong after the servers have changed.
    pub async fn rebalance(&mut self) {
        todo!()
    }
}

/// Reads and writes memcached's text protocol.
pub struct ProtocolParser;

impl ProtocolParser {
    /// Reads one command.
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        todo!()
    }

    /// Writes one response.
    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        todo!()
    }
}

/// Why there is no command in the input.
#[derive(Debug)]
pub enum ParseError {
    /// No such command.
    InvalidCommand,
    /// A known command with wrong arguments.
    InvalidArguments,
    /// More bytes are needed.
    Incomplete,
}
