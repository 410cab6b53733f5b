//! The cache of one node: [`CacheNode`], in the shape of the exercise's prototype, and what it is made of.
//!
//! A [`store`](self) keeps the entries in numbered slots, which are those of a hash table; the policy links them into its lists,
//! and deadlines are in a heap beside it. Every operation hashes its key once (and the keys of entries it evicts), and is O(1),
//! or O(log n) in the number of deadlines when it sets one.

mod deadlines;
#[cfg(not(target_family = "wasm"))]
mod file;
mod glob;
mod hash;
mod index;
mod item;
mod node;
mod nodes;
mod pickle;
mod policy;
pub mod replay;
mod shadow;
#[cfg(not(target_family = "wasm"))]
mod shared;
mod store;
mod typed;

#[cfg(not(target_family = "wasm"))]
pub use file::{load_from_file, save_to_file};
pub use glob::Glob;
pub use node::{CacheNode, EntryView, IncrementError, LoadError};
#[cfg(not(target_family = "wasm"))]
pub use shared::{CLEANING_PERIOD, SharedCache};
pub use typed::Cache;

pub(crate) use index::{Dense, Index, Lookup, Naming};
pub(crate) use item::{Item, Limits};
pub(crate) use nodes::{List, Nodes};
pub(crate) use policy::{AnyPolicy, Arc, Clock, Fifo, Lfu, Lirs, Lru, Policy, S3Fifo, Sieve, Ttl, TwoQueue, WTinyLfu};
pub(crate) use store::{Departure, Store};

use serde::{Deserialize, Serialize};

use crate::clock::Instant;

/// Cache entry with metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheEntry {
    /// What was stored.
    pub value: Vec<u8>,
    /// When this value was stored.
    pub created_at: Instant,
    /// From when on it is gone; `None` lives until evicted.
    pub expires_at: Option<Instant>,
    /// When it was last stored, read or incremented.
    pub last_accessed: Instant,
    /// Reads and increments since it was stored; stops at 2^32 - 1.
    pub access_count: u64,
}

/// Cache statistics. `hits + misses` is the number of reads; `evictions` counts entries that left to make room,
/// `expired` those whose deadline had passed. No entry is counted as both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheStats {
    /// Reads that found an entry.
    pub hits: u64,
    /// Reads that found none, or only an expired one.
    pub misses: u64,
    /// Entries that left to make room.
    pub evictions: u64,
    /// Entries that were removed because they had expired.
    pub expired: u64,
    /// Keys and values now held, in bytes.
    pub bytes_stored: usize,
    /// Entries now held.
    pub entry_count: usize,
}

impl CacheStats {
    /// Hits per thousand reads, rounded down; `None` before the first read.
    pub fn hit_rate_per_mille(&self) -> Option<u32> {
        let reads = u128::from(self.hits) + u128::from(self.misses);
        let rate = (u128::from(self.hits) * 1000).checked_div(reads)?;
        u32::try_from(rate).ok()
    }
}

/// Which entry leaves when room is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EvictionPolicy {
    /// Least recently used: stored, read or incremented longest ago.
    LRU,
    /// Least frequently used; among equals, the one that has been that rarely used for longest.
    LFU,
    /// First in, first out: stored longest ago.
    FIFO,
    /// Soonest deadline first; entries without one last, oldest first.
    TTL,
    /// A hand sweeps from old to new and spares each entry that was read, once; for comparison.
    Sieve,
    /// Three queues: a small one that filters, a main one, and ghosts (keys of evicted entries); for comparison.
    S3Fifo,
    /// FIFO in which an entry that was read goes round once more; for comparison.
    Clock,
    /// Recency and frequency, balanced by which evicted keys come back; for comparison.
    Arc,
    /// 2Q: a FIFO, and an LRU of keys that were asked for again after they had left it; for comparison.
    #[serde(rename = "2q")]
    TwoQueue,
    /// LIRS: an entry whose last two reads came close together stays; for comparison.
    Lirs,
    /// W-TinyLFU: a window, and behind it a main cache for entries that are read more often than those they replaced; for
    /// comparison.
    WTinyLfu,
}

impl EvictionPolicy {
    /// Every policy, in the order in which they are presented.
    pub const ALL: [Self; 11] = [
        Self::LRU,
        Self::LFU,
        Self::FIFO,
        Self::TTL,
        Self::Sieve,
        Self::S3Fifo,
        Self::Clock,
        Self::Arc,
        Self::TwoQueue,
        Self::Lirs,
        Self::WTinyLfu,
    ];

    /// The name, as scripts and command lines spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LRU => "lru",
            Self::LFU => "lfu",
            Self::FIFO => "fifo",
            Self::TTL => "ttl",
            Self::Sieve => "sieve",
            Self::S3Fifo => "s3fifo",
            Self::Clock => "clock",
            Self::Arc => "arc",
            Self::TwoQueue => "2q",
            Self::Lirs => "lirs",
            Self::WTinyLfu => "wtinylfu",
        }
    }

    /// The policy of that name, in any case and with or without a hyphen (`S3-FIFO`, `W-TinyLFU`).
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.replace('-', "").to_ascii_lowercase();
        Self::ALL.into_iter().find(|policy| policy.name() == plain)
    }
}

/// Something that a cache did on its own, not as the answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum CacheEvent {
    /// An entry left to make room.
    Evicted {
        /// Its key.
        key: String,
        /// The policy that chose it.
        policy: EvictionPolicy,
        /// The key that needed the room.
        for_key: String,
    },
    /// An entry was removed because its time had come.
    Expired {
        /// Its key.
        key: String,
        /// From when on it was gone, in milliseconds of the cache's clock.
        deadline_ms: u64,
    },
    /// A value was not stored: it alone exceeds the limit.
    Refused {
        /// Its key.
        key: String,
        /// What it weighs.
        bytes: u64,
        /// What the cache may hold.
        limit_bytes: u64,
    },
}
