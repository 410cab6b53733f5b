//! Modules in files, a linked list in a slab, a sorted vector of points, four bytes of overhead an entry.

mod cluster;
mod list;
mod node;
mod protocol;
mod ring;

pub use cluster::{CacheCommand, CacheConfig, CacheResponse, DistributedCache};
pub use node::{CacheEntry, CacheNode, CacheStats, EvictionPolicy};
pub use protocol::{ParseError, ProtocolParser};
pub use ring::{HashRing, NodeInfo};
