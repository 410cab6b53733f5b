//! Conversions between the wire's types and the engine's.

use std::time::Duration;

use cachedojo::cache::{CacheStats, EvictionPolicy};
use cachedojo::cluster::CacheConfig;
use cachedojo::protocol::{CacheCommand, CacheResponse};
use cachedojo::ring::NodeInfo;
use cachedojo_wire::{Command, Config, Member, Policy, Reply, Stats};

pub(super) fn from_policy(policy: Policy) -> EvictionPolicy {
    match policy {
        Policy::Lru => EvictionPolicy::LRU,
        Policy::Lfu => EvictionPolicy::LFU,
        Policy::Fifo => EvictionPolicy::FIFO,
        Policy::Ttl => EvictionPolicy::TTL,
    }
}

pub(super) fn from_member(member: Member) -> NodeInfo {
    NodeInfo { id: member.id, addr: member.addr, weight: member.weight, is_alive: member.is_alive }
}

pub(super) fn to_member(node: &NodeInfo) -> Member {
    Member { id: node.id.clone(), addr: node.addr.clone(), weight: node.weight, is_alive: node.is_alive }
}

pub(super) fn from_config(config: &Config) -> CacheConfig {
    CacheConfig {
        max_memory: usize::try_from(config.max_memory).unwrap_or(usize::MAX),
        default_ttl: config.default_ttl_ms.map(Duration::from_millis),
        eviction_policy: from_policy(config.policy),
        replication_factor: config.replication_factor as usize,
        virtual_nodes: config.virtual_nodes as usize,
    }
}

pub(super) fn to_stats(stats: &CacheStats) -> Stats {
    Stats {
        hits: stats.hits,
        misses: stats.misses,
        evictions: stats.evictions,
        expired: stats.expired,
        bytes_stored: stats.bytes_stored as u64,
        entry_count: stats.entry_count as u64,
    }
}

pub(super) fn from_command(command: Command) -> CacheCommand {
    match command {
        Command::Get { key } => CacheCommand::Get { key },
        Command::Set { key, value, ttl_ms } => CacheCommand::Set { key, value, ttl: ttl_ms.map(Duration::from_millis) },
        Command::Delete { key } => CacheCommand::Delete { key },
        Command::Incr { key, delta } => CacheCommand::Incr { key, delta },
        Command::Touch { key, ttl_ms } => CacheCommand::Touch { key, ttl: Duration::from_millis(ttl_ms) },
        Command::Stats => CacheCommand::Stats,
    }
}

pub(super) fn to_reply(response: CacheResponse) -> Reply {
    match response {
        CacheResponse::Value(value) => Reply::Value(value),
        CacheResponse::Stored => Reply::Stored,
        CacheResponse::Deleted => Reply::Deleted,
        CacheResponse::NotFound => Reply::NotFound,
        CacheResponse::Error(message) => Reply::Error(message),
        CacheResponse::Stats(stats) => Reply::Stats(to_stats(&stats)),
    }
}

/// The ids of members, in their order.
pub(super) fn member_ids(members: Vec<Member>) -> Vec<String> {
    members.into_iter().map(|member| member.id).collect()
}
