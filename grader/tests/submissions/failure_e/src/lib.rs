//! Failure E: every read is counted as a hit before anyone looks whether the key is there.

mod cluster;
mod list;
mod node;
mod protocol;
mod ring;

pub use cluster::{CacheCommand, CacheConfig, CacheResponse, DistributedCache};
pub use node::{CacheEntry, CacheNode, CacheStats, EvictionPolicy};
pub use protocol::{ParseError, ProtocolParser};
pub use ring::{HashRing, NodeInfo};
