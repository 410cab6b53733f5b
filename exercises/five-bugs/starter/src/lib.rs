//! DistributedCache: a cache on several nodes, with consistent hashing, replication with configurable consistency, invalidation and
//! times to live.
//!
//! A node is a state machine. Its host hands it an [`Input`] (a client's command, a peer's message, a timer that is over, a change of
//! membership) and carries out the [`Effect`]s that it returns. Nodes know each other by messages only.
//!
//! ```
//! use distributedcache::{CacheNode, Command, ConsistencyLevel, Effect, Input, NodeConfig, Reply};
//!
//! let config = NodeConfig {
//!     node_id: "node1".to_owned(),
//!     members: vec!["node1".to_owned()],
//!     replication_factor: 3,
//!     virtual_nodes: 150,
//! };
//! let mut node = CacheNode::new(config);
//! node.start();
//! let command = Command::Put {
//!     key: "user:1234".to_owned(),
//!     value: b"Alice".to_vec(),
//!     ttl: None,
//!     level: ConsistencyLevel::Quorum,
//! };
//! let effects = node.handle(Input::Client { request: 1, command });
//! assert!(effects.contains(&Effect::Reply { request: 1, reply: Reply::Done }));
//! ```

mod api;
mod consistency;
mod hash_ring;
mod invalidation;
mod node;
mod protocol;
mod replication;
mod storage;
mod ttl_manager;

pub use api::{Command, ConsistencyLevel, Effect, Input, NodeConfig, Reply};
pub use node::CacheNode;
