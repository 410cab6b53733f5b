//! The contract between a node and its host. Hosts are built against these types: they stay as they are.

use std::time::Duration;

/// How a node is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeConfig {
    /// Its own name.
    pub node_id: String,
    /// The names of all members of the cluster, its own among them.
    pub members: Vec<String>,
    /// On how many nodes a key lives, as far as there are so many.
    pub replication_factor: usize,
    /// How many points a node has on the ring.
    pub virtual_nodes: usize,
}

/// How many replicas of a key must take part in an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsistencyLevel {
    /// Any one.
    One,
    /// A majority: a read sees every write that was acknowledged before it.
    Quorum,
    /// Every one.
    All,
}

/// What a client asks of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Put {
        key: String,
        value: Vec<u8>,
        ttl: Option<Duration>,
        level: ConsistencyLevel,
    },
    Get {
        key: String,
        level: ConsistencyLevel,
    },
    Delete {
        key: String,
        level: ConsistencyLevel,
    },
    /// Every node is to forget its copy.
    Invalidate {
        key: String,
    },
    /// What this very node holds: for operators, and for tests.
    Peek {
        key: String,
    },
}

/// What happens to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A client's command. The answer bears the request's number.
    Client { request: u64, command: Command },
    /// A message from a peer.
    Message { from: String, bytes: Vec<u8> },
    /// The time of a timer is over.
    Timer { timer: u64 },
    /// The membership service says that a node is a member now.
    Joined { node_id: String },
    /// The membership service says that a node is no member any more.
    Left { node_id: String },
}

/// What a node wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Send { to: String, bytes: Vec<u8> },
    Timer { timer: u64, after: Duration },
    Reply { request: u64, reply: Reply },
}

/// What a client hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// What a read found.
    Value(Option<Vec<u8>>),
    /// A write, a deletion or an invalidation is done.
    Done,
    /// It could not be done, and why.
    Failed(String),
}
