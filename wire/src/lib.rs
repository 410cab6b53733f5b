//! The one seam between a subject and what judges it: requests, responses, and their bytes.
//!
//! A *subject* is whatever obeys commands: the reference engine, a mutant, a learner's submission. The judge speaks
//! to it in [`Request`]s and hears [`Response`]s; for a compiled submission both cross the border of a WebAssembly
//! module as bytes ([`encode`], [`decode`]). Expected values never cross: the judge keeps them.
//!
//! This crate is built for the engine, and for `wasm32-wasip1` beside the submission's adapter. So it knows neither.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod machine;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What can be asked of a subject: one variant per object of the exercise's prototype, and one per wire protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// A `CacheNode`: one at a time; `New` replaces it.
    Node(NodeRequest),
    /// A `HashRing`: one at a time; `New` replaces it.
    Ring(RingRequest),
    /// A `DistributedCache`: one at a time; `New` replaces it.
    Cluster(ClusterRequest),
    /// The stateless `ProtocolParser`.
    Parser(ParserRequest),
    /// A whole run of the line protocol: `simulate_distributed_cache(commands)`; answered by [`Response::Lines`].
    Simulate(Vec<String>),
    /// What only the reference offers, beyond every prototype; a submission answers [`Response::NotImplemented`].
    Extra(ExtraRequest),
    /// A node of a cluster as a state machine: one a subject. See [`machine`].
    Machine(machine::MachineRequest),
}

/// Calls on a `CacheNode`. Everything but `New` needs a node: without one the answer is [`Response::NoObject`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeRequest {
    /// `CacheNode::new`; answered by [`Response::Done`].
    New {
        /// The memory limit, in bytes.
        max_memory: u64,
        /// What leaves when the limit is met.
        policy: Policy,
    },
    /// `get`; answered by [`Response::Entry`].
    Get {
        /// The key.
        key: String,
    },
    /// `set`; answered by [`Response::Bool`]: stored, or refused.
    Set {
        /// The key.
        key: String,
        /// The value.
        value: Vec<u8>,
        /// Time to live in milliseconds; `None` lives until evicted.
        ttl_ms: Option<u64>,
    },
    /// `delete`; answered by [`Response::Bool`]: whether the key was there.
    Delete {
        /// The key.
        key: String,
    },
    /// `incr`; answered by [`Response::Number`].
    Incr {
        /// The key.
        key: String,
        /// What to add; negative to subtract.
        delta: i64,
    },
    /// `touch`; answered by [`Response::Bool`]: whether the key was there.
    Touch {
        /// The key.
        key: String,
        /// The new time to live, in milliseconds.
        ttl_ms: u64,
    },
    /// `clean_expired`; answered by [`Response::Count`].
    CleanExpired,
    /// `stats`; answered by [`Response::Stats`].
    Stats,
}

/// Calls on a `HashRing`. Everything but `New` needs a ring: without one the answer is [`Response::NoObject`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RingRequest {
    /// `HashRing::new`; answered by [`Response::Done`].
    New {
        /// Points per node of weight 1.
        virtual_nodes: u32,
    },
    /// `add_node`; answered by [`Response::Done`].
    Add(Member),
    /// `remove_node`; answered by [`Response::Done`].
    Remove {
        /// The node's id.
        id: String,
    },
    /// `get_node`; answered by [`Response::Member`].
    Owner {
        /// The key.
        key: String,
    },
    /// `get_nodes`; answered by [`Response::Members`].
    Replicas {
        /// The key.
        key: String,
        /// How many nodes are wanted.
        count: u32,
    },
    /// `nodes`; answered by [`Response::Members`].
    Members,
    /// `get_node` for `prefix0`, `prefix1`, … in one crossing; answered by [`Response::Owners`].
    OwnersOf {
        /// What stands before the number, or holds `{}` in its place: see [`numbered`].
        prefix: String,
        /// How many keys.
        count: u32,
    },
}

/// The key with this number: `user` makes `user7`, `user:{}:cart` makes `user:7:cart`.
pub fn numbered(prefix: &str, number: u32) -> String {
    match prefix.split_once("{}") {
        Some((before, after)) => format!("{before}{number}{after}"),
        None => format!("{prefix}{number}"),
    }
}

/// Calls on a `DistributedCache`. Everything but `New` needs a cluster: without one the answer is [`Response::NoObject`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClusterRequest {
    /// `DistributedCache::new`; answered by [`Response::Done`].
    New(Config),
    /// `add_server`; answered by [`Response::Done`].
    Add {
        /// The server's id.
        id: String,
        /// Its address.
        addr: String,
    },
    /// `remove_server`; answered by [`Response::Done`].
    Remove {
        /// The server's id.
        id: String,
    },
    /// `servers_for_key`; answered by [`Response::Members`].
    ServersFor {
        /// The key.
        key: String,
    },
    /// `rebalance`; answered by [`Response::Done`].
    Rebalance,
    /// `execute`; answered by [`Response::Reply`].
    Execute(Command),
}

/// Calls on the `ProtocolParser`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParserRequest {
    /// `parse`; answered by [`Response::Parsed`].
    Parse(Vec<u8>),
    /// `serialize`; answered by [`Response::Bytes`].
    Serialize(Reply),
}

/// What only the reference offers: the protocols as sessions, and the cache's questions beyond the prototype.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExtraRequest {
    /// One line of the `line` protocol; answered by [`Response::Lines`] (no line once `EXIT` was said).
    Line(String),
    /// Bytes for a memcached session; answered by [`Response::Bytes`].
    Memcached(Vec<u8>),
    /// One request of the REST API, as `METHOD path [body]`; answered by [`Response::Lines`].
    Rest(String),
    /// The node's keys, the next victim first; answered by [`Response::Lines`].
    Order,
    /// Whether a key is there, without touching its place; answered by [`Response::Bool`].
    Exists {
        /// The key.
        key: String,
    },
    /// Keys that match a glob, in byte order; answered by [`Response::Lines`].
    Keys {
        /// The glob: `*`, `?`, `[…]`, `\\` escapes.
        pattern: String,
    },
    /// Deletes the keys that match a glob; answered by [`Response::Count`].
    DeletePattern {
        /// The glob.
        pattern: String,
    },
    /// Adds to a number, a missing key counting as 0; answered by [`Response::Number`].
    Increment {
        /// The key.
        key: String,
        /// What to add.
        amount: i64,
    },
    /// Empties the node and its counters; answered by [`Response::Done`].
    Clear,
}

/// What a subject answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// The call returned nothing.
    Done,
    /// A yes or a no.
    Bool(bool),
    /// What `get` found.
    Entry(Option<Vec<u8>>),
    /// What `incr` made of it; `None` when it could not.
    Number(Option<i64>),
    /// How many.
    Count(u64),
    /// The node's counters.
    Stats(Stats),
    /// One ring member, or none.
    Member(Option<Member>),
    /// Ring members, in the order given.
    Members(Vec<Member>),
    /// For each key of a run of keys, the index of its owner in `ids`; `u32::MAX` for no owner.
    Owners {
        /// The owners' ids, in order of first appearance.
        ids: Vec<String>,
        /// One index a key.
        owners: Vec<u32>,
    },
    /// The cluster's reply to a command.
    Reply(Reply),
    /// What the parser read.
    Parsed(Result<Command, ParseError>),
    /// What the serializer wrote.
    Bytes(Vec<u8>),
    /// The answers of a whole run of the line protocol.
    Lines(Vec<String>),
    /// The subject lacks this item of the prototype, or has it with another signature.
    NotImplemented {
        /// The item, as `CacheNode::touch`.
        item: String,
    },
    /// There is no node (ring, cluster) yet to ask.
    NoObject,
    /// What a node of a cluster wants done.
    Effects(Vec<machine::MachineEffect>),
}

/// Eviction policies of the prototype.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Least recently used.
    Lru,
    /// Least frequently used.
    Lfu,
    /// First in, first out.
    Fifo,
    /// Soonest expiry first.
    Ttl,
}

/// A ring member: the prototype's `NodeInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id.
    pub id: String,
    /// Its address.
    pub addr: String,
    /// Its share, in units of `virtual_nodes` points.
    pub weight: u32,
    /// Whether it answers.
    pub is_alive: bool,
}

/// The prototype's `CacheStats`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Reads that found their key.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Entries pushed out by the limit.
    pub evictions: u64,
    /// Entries removed because their time was over.
    pub expired: u64,
    /// Bytes accounted.
    pub bytes_stored: u64,
    /// Entries held.
    pub entry_count: u64,
}

/// The prototype's `CacheConfig`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The memory limit, in bytes.
    pub max_memory: u64,
    /// The time to live of entries that are given none, in milliseconds.
    pub default_ttl_ms: Option<u64>,
    /// What leaves when the limit is met.
    pub policy: Policy,
    /// On how many servers a key lives.
    pub replication_factor: u32,
    /// Points per server.
    pub virtual_nodes: u32,
}

/// The prototype's `CacheCommand`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Read a key.
    Get {
        /// The key.
        key: String,
    },
    /// Write a key.
    Set {
        /// The key.
        key: String,
        /// The value.
        value: Vec<u8>,
        /// Time to live in milliseconds.
        ttl_ms: Option<u64>,
    },
    /// Remove a key.
    Delete {
        /// The key.
        key: String,
    },
    /// Add to a number.
    Incr {
        /// The key.
        key: String,
        /// What to add.
        delta: i64,
    },
    /// Renew a time to live.
    Touch {
        /// The key.
        key: String,
        /// The new time to live, in milliseconds.
        ttl_ms: u64,
    },
    /// Ask for the counters.
    Stats,
}

/// The prototype's `CacheResponse`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// A value, or none.
    Value(Option<Vec<u8>>),
    /// Stored.
    Stored,
    /// Deleted.
    Deleted,
    /// Not found.
    NotFound,
    /// An error, in the subject's own words.
    Error(String),
    /// The counters.
    Stats(Stats),
}

/// The prototype's `ParseError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParseError {
    /// No such command.
    InvalidCommand,
    /// The command is known, its arguments are wrong.
    InvalidArguments,
    /// More bytes are needed.
    Incomplete,
}

impl Request {
    /// The item of the exercise's prototype that answers this request, as `CacheNode::get`.
    pub fn item(&self) -> &'static str {
        match self {
            Self::Node(request) => match request {
                NodeRequest::New { .. } => "CacheNode::new",
                NodeRequest::Get { .. } => "CacheNode::get",
                NodeRequest::Set { .. } => "CacheNode::set",
                NodeRequest::Delete { .. } => "CacheNode::delete",
                NodeRequest::Incr { .. } => "CacheNode::incr",
                NodeRequest::Touch { .. } => "CacheNode::touch",
                NodeRequest::CleanExpired => "CacheNode::clean_expired",
                NodeRequest::Stats => "CacheNode::stats",
            },
            Self::Ring(request) => match request {
                RingRequest::New { .. } => "HashRing::new",
                RingRequest::Add(_) => "HashRing::add_node",
                RingRequest::Remove { .. } => "HashRing::remove_node",
                RingRequest::Owner { .. } | RingRequest::OwnersOf { .. } => "HashRing::get_node",
                RingRequest::Replicas { .. } => "HashRing::get_nodes",
                RingRequest::Members => "HashRing::nodes",
            },
            Self::Cluster(request) => match request {
                ClusterRequest::New(_) => "DistributedCache::new",
                ClusterRequest::Add { .. } => "DistributedCache::add_server",
                ClusterRequest::Remove { .. } => "DistributedCache::remove_server",
                ClusterRequest::ServersFor { .. } => "DistributedCache::servers_for_key",
                ClusterRequest::Rebalance => "DistributedCache::rebalance",
                ClusterRequest::Execute(_) => "DistributedCache::execute",
            },
            Self::Parser(ParserRequest::Parse(_)) => "ProtocolParser::parse",
            Self::Parser(ParserRequest::Serialize(_)) => "ProtocolParser::serialize",
            Self::Simulate(_) => "simulate_distributed_cache",
            Self::Extra(request) => match request {
                ExtraRequest::Line(_) => "the line protocol",
                ExtraRequest::Memcached(_) => "the memcached protocol",
                ExtraRequest::Rest(_) => "the REST API",
                ExtraRequest::Order => "order",
                ExtraRequest::Exists { .. } => "exists",
                ExtraRequest::Keys { .. } => "keys",
                ExtraRequest::DeletePattern { .. } => "delete_pattern",
                ExtraRequest::Increment { .. } => "increment",
                ExtraRequest::Clear => "clear",
            },
            Self::Machine(request) => request.item(),
        }
    }
}

/// The bytes of a message. Cost: O(size).
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    postcard::to_allocvec(message).expect("messages hold nothing that postcard refuses")
}

/// Reads a message; `None` when the bytes are none. Never panics, whatever the bytes. Cost: O(size); no message holds another
/// of its kind, so reading one is a few calls deep, whoever wrote it.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

/// [`decode`] for requests, compiled here once: the adapter of every submission would else compile it again.
pub fn decode_request(bytes: &[u8]) -> Option<Request> {
    decode(bytes)
}

/// [`encode`] for responses, compiled here once: the adapter of every submission would else compile it again.
pub fn encode_response(response: &Response) -> Vec<u8> {
    encode(response)
}
