//! The exercise's distributed cache: a ring that says who is responsible, and the local node that holds the data.

use std::time::Duration;

use crate::cache::{CacheNode, EvictionPolicy};
use crate::clock::Clock;
use crate::protocol::{CacheCommand, CacheResponse};
use crate::ring::{HashRing, NodeInfo};

/// Cache configuration.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// The local node's limit, in bytes.
    pub max_memory: usize,
    /// The time to live of entries without one of their own.
    pub default_ttl: Option<Duration>,
    /// Which entry leaves when the limit is reached.
    pub eviction_policy: EvictionPolicy,
    /// On how many servers a key lives; fewer while there are fewer alive.
    pub replication_factor: usize,
    /// Points per server on the ring.
    pub virtual_nodes: usize,
}

/// Distributed cache cluster, seen from one of its servers.
#[derive(Debug, Clone)]
pub struct DistributedCache {
    ring: HashRing,
    local_cache: CacheNode,
    replication_factor: usize,
    default_ttl: Option<Duration>,
}

impl DistributedCache {
    /// A cluster without servers, on a clock of its own that stands at zero.
    pub fn new(config: CacheConfig) -> Self {
        Self::with_clock(config, Clock::new())
    }

    /// A cluster without servers, on the given clock.
    #[expect(clippy::needless_pass_by_value, reason = "the prototype's `new` takes its configuration by value")]
    pub fn with_clock(config: CacheConfig, clock: Clock) -> Self {
        Self {
            ring: HashRing::new(config.virtual_nodes),
            local_cache: CacheNode::with_clock(config.max_memory, config.eviction_policy, clock),
            replication_factor: config.replication_factor,
            default_ttl: config.default_ttl,
        }
    }

    /// Adds a server of weight 1; one of the same id is replaced. Cost: that of [`HashRing::add_node`].
    pub fn add_server(&mut self, id: String, addr: String) {
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    /// Removes a server; an unknown id changes nothing. From then on its keys belong to the servers that remain.
    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
    }

    /// Executes a command on the local node. Async because the prototype says so; it never waits.
    #[expect(clippy::unused_async, reason = "the prototype says async, for clusters that cross a network")]
    pub async fn execute(&mut self, command: CacheCommand) -> CacheResponse {
        self.execute_now(command)
    }

    /// [`DistributedCache::execute`] for callers without an executor.
    pub fn execute_now(&mut self, command: CacheCommand) -> CacheResponse {
        let node = &mut self.local_cache;
        match command {
            CacheCommand::Get { key } => CacheResponse::Value(node.get(&key).map(|entry| entry.value.clone())),
            CacheCommand::Set { key, value, ttl } => {
                if node.set(key, value, ttl.or(self.default_ttl)) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::Error("the value is larger than the cache; store a smaller one".into())
                }
            }
            CacheCommand::Delete { key } if node.delete(&key) => CacheResponse::Deleted,
            CacheCommand::Touch { key, ttl } if node.touch(&key, ttl) => CacheResponse::Stored,
            CacheCommand::Incr { key, delta } if node.exists(&key) => match node.increment(&key, delta) {
                Ok(number) => CacheResponse::Value(Some(number.to_string().into_bytes())),
                Err(error) => CacheResponse::Error(error.to_string()),
            },
            CacheCommand::Delete { .. } | CacheCommand::Touch { .. } | CacheCommand::Incr { .. } => {
                CacheResponse::NotFound
            }
            CacheCommand::Stats => CacheResponse::Stats(node.stats()),
        }
    }

    /// The alive servers that hold a key, the responsible one first: as many as the replication factor, fewer while
    /// there are fewer. Cost: that of [`HashRing::get_nodes`].
    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.replication_factor)
    }

    /// Rebalances after a change of servers. The ring is up to date at every moment and the data is local, so all that
    /// is left to do is to remove expired entries.
    #[expect(clippy::unused_async, reason = "the prototype says async, for clusters that cross a network")]
    pub async fn rebalance(&mut self) {
        self.rebalance_now();
    }

    /// [`DistributedCache::rebalance`] for callers without an executor.
    pub fn rebalance_now(&mut self) {
        self.local_cache.clean_expired();
    }

    /// The ring, to look at.
    pub fn ring(&self) -> &HashRing {
        &self.ring
    }

    /// The local node, to look at.
    pub const fn local(&self) -> &CacheNode {
        &self.local_cache
    }

    /// The local node, to set up.
    pub fn local_node(&mut self) -> &mut CacheNode {
        &mut self.local_cache
    }
}
