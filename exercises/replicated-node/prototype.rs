//! Exercise `replicated-node`: what the host of a node calls. Everything else is the learner's.

pub struct NodeConfig {
    pub node_id: String,
    pub members: Vec<String>,
    pub replication_factor: usize,
    pub virtual_nodes: usize,
}

pub enum ConsistencyLevel {
    One,
    Quorum,
    All,
}

pub enum Command {
    Put { key: String, value: Vec<u8>, ttl: Option<Duration>, level: ConsistencyLevel },
    Get { key: String, level: ConsistencyLevel },
    Delete { key: String, level: ConsistencyLevel },
    Invalidate { key: String },
    Peek { key: String },
}

pub enum Input {
    Client { request: u64, command: Command },
    Message { from: String, bytes: Vec<u8> },
    Timer { timer: u64 },
    Joined { node_id: String },
    Left { node_id: String },
}

pub enum Effect {
    Send { to: String, bytes: Vec<u8> },
    Timer { timer: u64, after: Duration },
    Reply { request: u64, reply: Reply },
}

pub enum Reply {
    Value(Option<Vec<u8>>),
    Done,
    Failed(String),
}

pub struct CacheNode;

impl CacheNode {
    pub fn new(config: NodeConfig) -> CacheNode;
    pub fn start(&mut self) -> Vec<Effect>;
    pub fn handle(&mut self, input: Input) -> Vec<Effect>;
}
