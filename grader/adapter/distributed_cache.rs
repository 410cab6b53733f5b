//! The adapter of exercise `distributed-cache`: it turns requests into calls on the learner's code.
//!
//! Every item of the prototype stands behind a `cfg` of its own: `item = "CacheNode::get"`. The grader sets those it
//! finds in the submission; where one does not typecheck here, it looks for the nearest `item = "…"` above the error,
//! leaves that item out, and tries again. So keep each item's code below its `cfg`, and nothing of another's.
//!
//! Whatever comes from the learner's code is given its plain type by name (`let found: bool = …`) before it is used.
#![allow(unused)]

use std::cell::RefCell;
use std::string::String;
use std::time::Duration;
use std::vec::Vec;

use cachedojo_seam::{
    ClusterRequest, Command, Config, Member, NodeRequest, ParseError, ParserRequest, Policy, Reply, Request, Response,
    RingRequest, Stats,
};
use toolbox::not_implemented;

/// `item!("CacheNode::get", call)` is `call` where the submission has the item, else *not implemented*.
macro_rules! item {
    ($name:tt, $call:expr) => {{
        #[cfg(item = $name)]
        let response: Response = $call;
        #[cfg(not(item = $name))]
        let response: Response = not_implemented($name);
        response
    }};
}

#[unsafe(no_mangle)]
pub extern "C" fn call() -> u64 {
    #[cfg(tokio)]
    let _context = toolbox::tokio_runtime().enter();
    toolbox::serve(obey)
}

fn obey(request: Request) -> Response {
    let item = request.item();
    match request {
        Request::Node(request) => node(request),
        Request::Ring(request) => ring(request),
        Request::Cluster(request) => cluster(request),
        Request::Parser(ParserRequest::Parse(bytes)) => item!("ProtocolParser::parse", parse(&bytes)),
        Request::Parser(ParserRequest::Serialize(reply)) => item!("ProtocolParser::serialize", serialize(reply)),
        Request::Simulate(_) | Request::Extra(_) | Request::Many(_) => not_implemented(item),
    }
}

fn node(request: NodeRequest) -> Response {
    match request {
        NodeRequest::New { max_memory, policy } => item!("CacheNode::new", node_new(max_memory, policy)),
        NodeRequest::Get { key } => item!("CacheNode::get", node_get(&key)),
        NodeRequest::Set { key, value, ttl_ms } => item!("CacheNode::set", node_set(key, value, ttl_ms)),
        NodeRequest::Delete { key } => item!("CacheNode::delete", node_delete(&key)),
        NodeRequest::Incr { key, delta } => item!("CacheNode::incr", node_incr(&key, delta)),
        NodeRequest::Touch { key, ttl_ms } => item!("CacheNode::touch", node_touch(&key, ttl_ms)),
        NodeRequest::CleanExpired => item!("CacheNode::clean_expired", node_clean_expired()),
        NodeRequest::Stats => item!("CacheNode::stats", node_stats()),
    }
}

fn ring(request: RingRequest) -> Response {
    match request {
        RingRequest::New { virtual_nodes } => item!("HashRing::new", ring_new(virtual_nodes)),
        RingRequest::Add(member) => item!("HashRing::add_node", ring_add(member)),
        RingRequest::Remove { id } => item!("HashRing::remove_node", ring_remove(&id)),
        RingRequest::Owner { key } => item!("HashRing::get_node", ring_owner(&key)),
        RingRequest::OwnersOf { prefix, count } => item!("HashRing::get_node", ring_owners(&prefix, count)),
        RingRequest::Replicas { key, count } => item!("HashRing::get_nodes", ring_replicas(&key, count)),
        RingRequest::Members => item!("HashRing::nodes", ring_members()),
    }
}

fn cluster(request: ClusterRequest) -> Response {
    match request {
        ClusterRequest::New(config) => item!("DistributedCache::new", cluster_new(config)),
        ClusterRequest::Add { id, addr } => item!("DistributedCache::add_server", cluster_add(id, addr)),
        ClusterRequest::Remove { id } => item!("DistributedCache::remove_server", cluster_remove(&id)),
        ClusterRequest::ServersFor { key } => item!("DistributedCache::servers_for_key", cluster_servers(&key)),
        ClusterRequest::Rebalance => item!("DistributedCache::rebalance", cluster_rebalance()),
        ClusterRequest::Execute(command) => item!("DistributedCache::execute", cluster_execute(command)),
    }
}

/// Runs `use_it` on the object of a kind, where `New` has made one.
fn with<T>(place: &RefCell<Option<T>>, use_it: impl FnOnce(&mut T) -> Response) -> Response {
    match &mut *place.borrow_mut() {
        Some(object) => use_it(object),
        None => Response::NoObject,
    }
}

/// Sizes of the wire are 64 bits wide, the module's are 32: "more than there is" stays that.
fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn ttl(ttl_ms: Option<u64>) -> Option<Duration> {
    ttl_ms.map(Duration::from_millis)
}

fn ttl_ms(ttl: Option<Duration>) -> Option<u64> {
    ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX))
}

/// Runs a future of the learner's to its end.
fn wait(future: std::pin::Pin<&mut dyn Future<Output = ()>>) {
    #[cfg(tokio)]
    toolbox::tokio_block_on(future);
    #[cfg(not(tokio))]
    toolbox::block_on(future);
}

// ---- plain types ----

#[cfg(item = "EvictionPolicy")]
fn policy(policy: Policy) -> Result<submission::EvictionPolicy, Response> {
    match policy {
        #[cfg(item = "EvictionPolicy::LRU")]
        Policy::Lru => Ok(submission::EvictionPolicy::LRU),
        #[cfg(item = "EvictionPolicy::LFU")]
        Policy::Lfu => Ok(submission::EvictionPolicy::LFU),
        #[cfg(item = "EvictionPolicy::FIFO")]
        Policy::Fifo => Ok(submission::EvictionPolicy::FIFO),
        #[cfg(item = "EvictionPolicy::TTL")]
        Policy::Ttl => Ok(submission::EvictionPolicy::TTL),
        #[allow(unreachable_patterns)]
        other => Err(not_implemented(match other {
            Policy::Lru => "EvictionPolicy::LRU",
            Policy::Lfu => "EvictionPolicy::LFU",
            Policy::Fifo => "EvictionPolicy::FIFO",
            Policy::Ttl => "EvictionPolicy::TTL",
        })),
    }
}

#[cfg(item = "CacheEntry")]
fn value_of(entry: Option<&submission::CacheEntry>) -> Option<Vec<u8>> {
    let entry = entry?;
    let value: &Vec<u8> = &entry.value;
    Some(value.clone())
}

#[cfg(item = "CacheStats")]
fn stats(stats: submission::CacheStats) -> Stats {
    let hits: u64 = stats.hits;
    let misses: u64 = stats.misses;
    let evictions: u64 = stats.evictions;
    let expired: u64 = stats.expired;
    let bytes_stored: usize = stats.bytes_stored;
    let entry_count: usize = stats.entry_count;
    Stats { hits, misses, evictions, expired, bytes_stored: bytes_stored as u64, entry_count: entry_count as u64 }
}

#[cfg(item = "CacheStats")]
fn stats_back(stats: Stats) -> submission::CacheStats {
    submission::CacheStats {
        hits: stats.hits,
        misses: stats.misses,
        evictions: stats.evictions,
        expired: stats.expired,
        bytes_stored: size(stats.bytes_stored),
        entry_count: size(stats.entry_count),
    }
}

#[cfg(item = "NodeInfo")]
fn member(node: &submission::NodeInfo) -> Member {
    let id: &String = &node.id;
    let addr: &String = &node.addr;
    let weight: u32 = node.weight;
    let is_alive: bool = node.is_alive;
    Member { id: id.clone(), addr: addr.clone(), weight, is_alive }
}

#[cfg(item = "NodeInfo")]
fn members(nodes: Vec<&submission::NodeInfo>) -> Response {
    Response::Members(nodes.into_iter().map(member).collect())
}

#[cfg(item = "CacheCommand")]
fn command(command: Command) -> Result<submission::CacheCommand, Response> {
    match command {
        #[cfg(item = "CacheCommand::Get")]
        Command::Get { key } => Ok(submission::CacheCommand::Get { key }),
        #[cfg(item = "CacheCommand::Set")]
        Command::Set { key, value, ttl_ms } => Ok(submission::CacheCommand::Set { key, value, ttl: ttl(ttl_ms) }),
        #[cfg(item = "CacheCommand::Delete")]
        Command::Delete { key } => Ok(submission::CacheCommand::Delete { key }),
        #[cfg(item = "CacheCommand::Incr")]
        Command::Incr { key, delta } => Ok(submission::CacheCommand::Incr { key, delta }),
        #[cfg(item = "CacheCommand::Touch")]
        Command::Touch { key, ttl_ms } => Ok(submission::CacheCommand::Touch { key, ttl: Duration::from_millis(ttl_ms) }),
        #[cfg(item = "CacheCommand::Stats")]
        Command::Stats => Ok(submission::CacheCommand::Stats),
        #[allow(unreachable_patterns)]
        other => Err(not_implemented(match other {
            Command::Get { .. } => "CacheCommand::Get",
            Command::Set { .. } => "CacheCommand::Set",
            Command::Delete { .. } => "CacheCommand::Delete",
            Command::Incr { .. } => "CacheCommand::Incr",
            Command::Touch { .. } => "CacheCommand::Touch",
            Command::Stats => "CacheCommand::Stats",
        })),
    }
}

/// A variant that the learner added is no command of the prototype.
#[cfg(item = "CacheCommand")]
fn command_back(command: submission::CacheCommand) -> Result<Command, ParseError> {
    match command {
        #[cfg(item = "CacheCommand::Get")]
        submission::CacheCommand::Get { key } => {
            let key: String = key;
            Ok(Command::Get { key })
        }
        #[cfg(item = "CacheCommand::Set")]
        submission::CacheCommand::Set { key, value, ttl } => {
            let (key, value, ttl): (String, Vec<u8>, Option<Duration>) = (key, value, ttl);
            Ok(Command::Set { key, value, ttl_ms: ttl_ms(ttl) })
        }
        #[cfg(item = "CacheCommand::Delete")]
        submission::CacheCommand::Delete { key } => {
            let key: String = key;
            Ok(Command::Delete { key })
        }
        #[cfg(item = "CacheCommand::Incr")]
        submission::CacheCommand::Incr { key, delta } => {
            let (key, delta): (String, i64) = (key, delta);
            Ok(Command::Incr { key, delta })
        }
        #[cfg(item = "CacheCommand::Touch")]
        submission::CacheCommand::Touch { key, ttl } => {
            let (key, ttl): (String, Duration) = (key, ttl);
            Ok(Command::Touch { key, ttl_ms: ttl_ms(Some(ttl)).unwrap_or(u64::MAX) })
        }
        #[cfg(item = "CacheCommand::Stats")]
        submission::CacheCommand::Stats => Ok(Command::Stats),
        #[allow(unreachable_patterns)]
        _ => Err(ParseError::InvalidCommand),
    }
}

/// A variant that the learner added stands for arguments the prototype has no name for.
#[cfg(item = "ParseError")]
fn parse_error(error: submission::ParseError) -> ParseError {
    match error {
        #[cfg(item = "ParseError::InvalidCommand")]
        submission::ParseError::InvalidCommand => ParseError::InvalidCommand,
        #[cfg(item = "ParseError::Incomplete")]
        submission::ParseError::Incomplete => ParseError::Incomplete,
        #[allow(unreachable_patterns)]
        _ => ParseError::InvalidArguments,
    }
}

#[cfg(item = "CacheResponse")]
fn reply(response: submission::CacheResponse) -> Reply {
    match response {
        #[cfg(item = "CacheResponse::Value")]
        submission::CacheResponse::Value(value) => {
            let value: Option<Vec<u8>> = value;
            Reply::Value(value)
        }
        #[cfg(item = "CacheResponse::Stored")]
        submission::CacheResponse::Stored => Reply::Stored,
        #[cfg(item = "CacheResponse::Deleted")]
        submission::CacheResponse::Deleted => Reply::Deleted,
        #[cfg(item = "CacheResponse::NotFound")]
        submission::CacheResponse::NotFound => Reply::NotFound,
        #[cfg(item = "CacheResponse::Error")]
        submission::CacheResponse::Error(message) => {
            let message: String = message;
            Reply::Error(message)
        }
        #[cfg(item = "CacheResponse::Stats")]
        submission::CacheResponse::Stats(counters) => Reply::Stats(stats(counters)),
        #[allow(unreachable_patterns)]
        _ => Reply::Error(String::from("a response that the prototype does not have")),
    }
}

#[cfg(item = "CacheResponse")]
fn reply_back(reply: Reply) -> Result<submission::CacheResponse, Response> {
    match reply {
        #[cfg(item = "CacheResponse::Value")]
        Reply::Value(value) => Ok(submission::CacheResponse::Value(value)),
        #[cfg(item = "CacheResponse::Stored")]
        Reply::Stored => Ok(submission::CacheResponse::Stored),
        #[cfg(item = "CacheResponse::Deleted")]
        Reply::Deleted => Ok(submission::CacheResponse::Deleted),
        #[cfg(item = "CacheResponse::NotFound")]
        Reply::NotFound => Ok(submission::CacheResponse::NotFound),
        #[cfg(item = "CacheResponse::Error")]
        Reply::Error(message) => Ok(submission::CacheResponse::Error(message)),
        #[cfg(item = "CacheResponse::Stats")]
        Reply::Stats(stats) => Ok(submission::CacheResponse::Stats(stats_back(stats))),
        #[allow(unreachable_patterns)]
        other => Err(not_implemented(match other {
            Reply::Value(_) => "CacheResponse::Value",
            Reply::Stored => "CacheResponse::Stored",
            Reply::Deleted => "CacheResponse::Deleted",
            Reply::NotFound => "CacheResponse::NotFound",
            Reply::Error(_) => "CacheResponse::Error",
            Reply::Stats(_) => "CacheResponse::Stats",
        })),
    }
}

// ---- CacheNode ----

#[cfg(item = "CacheNode")]
thread_local! {
    static NODE: RefCell<Option<submission::CacheNode>> = const { RefCell::new(None) };
}

#[cfg(item = "CacheNode::new")]
fn node_new(max_memory: u64, eviction_policy: Policy) -> Response {
    let eviction_policy = match policy(eviction_policy) {
        Ok(policy) => policy,
        Err(response) => return response,
    };
    let node: submission::CacheNode = submission::CacheNode::new(size(max_memory), eviction_policy);
    NODE.set(Some(node));
    Response::Done
}

#[cfg(item = "CacheNode::get")]
fn node_get(key: &str) -> Response {
    NODE.with(|place| with(place, |node| Response::Entry(value_of(submission::CacheNode::get(node, key)))))
}

#[cfg(item = "CacheNode::set")]
fn node_set(key: String, value: Vec<u8>, ttl_ms: Option<u64>) -> Response {
    NODE.with(|place| {
        with(place, |node| {
            let stored: bool = submission::CacheNode::set(node, key, value, ttl(ttl_ms));
            Response::Bool(stored)
        })
    })
}

#[cfg(item = "CacheNode::delete")]
fn node_delete(key: &str) -> Response {
    NODE.with(|place| {
        with(place, |node| {
            let deleted: bool = submission::CacheNode::delete(node, key);
            Response::Bool(deleted)
        })
    })
}

#[cfg(item = "CacheNode::incr")]
fn node_incr(key: &str, delta: i64) -> Response {
    NODE.with(|place| {
        with(place, |node| {
            let number: Option<i64> = submission::CacheNode::incr(node, key, delta);
            Response::Number(number)
        })
    })
}

#[cfg(item = "CacheNode::touch")]
fn node_touch(key: &str, ttl_ms: u64) -> Response {
    NODE.with(|place| {
        with(place, |node| {
            let touched: bool = submission::CacheNode::touch(node, key, Duration::from_millis(ttl_ms));
            Response::Bool(touched)
        })
    })
}

#[cfg(item = "CacheNode::clean_expired")]
fn node_clean_expired() -> Response {
    NODE.with(|place| {
        with(place, |node| {
            let cleaned: usize = submission::CacheNode::clean_expired(node);
            Response::Count(cleaned as u64)
        })
    })
}

#[cfg(item = "CacheNode::stats")]
fn node_stats() -> Response {
    NODE.with(|place| with(place, |node| Response::Stats(stats(submission::CacheNode::stats(node)))))
}

// ---- HashRing ----

#[cfg(item = "HashRing")]
thread_local! {
    static RING: RefCell<Option<submission::HashRing>> = const { RefCell::new(None) };
}

#[cfg(item = "HashRing::new")]
fn ring_new(virtual_nodes: u32) -> Response {
    let ring: submission::HashRing = submission::HashRing::new(virtual_nodes as usize);
    RING.set(Some(ring));
    Response::Done
}

#[cfg(item = "HashRing::add_node")]
fn ring_add(member: Member) -> Response {
    let Member { id, addr, weight, is_alive } = member;
    RING.with(|place| {
        with(place, |ring| {
            submission::HashRing::add_node(ring, submission::NodeInfo { id, addr, weight, is_alive });
            Response::Done
        })
    })
}

#[cfg(item = "HashRing::remove_node")]
fn ring_remove(id: &str) -> Response {
    RING.with(|place| {
        with(place, |ring| {
            submission::HashRing::remove_node(ring, id);
            Response::Done
        })
    })
}

#[cfg(item = "HashRing::get_node")]
fn ring_owner(key: &str) -> Response {
    RING.with(|place| {
        with(place, |ring| {
            let owner: Option<&submission::NodeInfo> = submission::HashRing::get_node(ring, key);
            Response::Member(owner.map(member))
        })
    })
}

#[cfg(item = "HashRing::get_node")]
fn ring_owners(prefix: &str, count: u32) -> Response {
    RING.with(|place| {
        with(place, |ring| {
            toolbox::owners(prefix, count, &mut |key| {
                let owner: Option<&submission::NodeInfo> = submission::HashRing::get_node(ring, key);
                let id: &String = &owner?.id;
                Some(id.clone())
            })
        })
    })
}

#[cfg(item = "HashRing::get_nodes")]
fn ring_replicas(key: &str, count: u32) -> Response {
    RING.with(|place| with(place, |ring| members(submission::HashRing::get_nodes(ring, key, count as usize))))
}

#[cfg(item = "HashRing::nodes")]
fn ring_members() -> Response {
    RING.with(|place| with(place, |ring| members(submission::HashRing::nodes(ring))))
}

// ---- DistributedCache ----

#[cfg(item = "DistributedCache")]
thread_local! {
    static CLUSTER: RefCell<Option<submission::DistributedCache>> = const { RefCell::new(None) };
}

#[cfg(item = "DistributedCache::new")]
fn cluster_new(config: Config) -> Response {
    let eviction_policy = match policy(config.policy) {
        Ok(policy) => policy,
        Err(response) => return response,
    };
    let cluster: submission::DistributedCache = submission::DistributedCache::new(submission::CacheConfig {
        max_memory: size(config.max_memory),
        default_ttl: ttl(config.default_ttl_ms),
        eviction_policy,
        replication_factor: config.replication_factor as usize,
        virtual_nodes: config.virtual_nodes as usize,
    });
    CLUSTER.set(Some(cluster));
    Response::Done
}

#[cfg(item = "DistributedCache::add_server")]
fn cluster_add(id: String, addr: String) -> Response {
    CLUSTER.with(|place| {
        with(place, |cluster| {
            submission::DistributedCache::add_server(cluster, id, addr);
            Response::Done
        })
    })
}

#[cfg(item = "DistributedCache::remove_server")]
fn cluster_remove(id: &str) -> Response {
    CLUSTER.with(|place| {
        with(place, |cluster| {
            submission::DistributedCache::remove_server(cluster, id);
            Response::Done
        })
    })
}

#[cfg(item = "DistributedCache::servers_for_key")]
fn cluster_servers(key: &str) -> Response {
    CLUSTER.with(|place| with(place, |cluster| members(submission::DistributedCache::servers_for_key(cluster, key))))
}

#[cfg(item = "DistributedCache::rebalance")]
fn cluster_rebalance() -> Response {
    CLUSTER.with(|place| {
        with(place, |cluster| {
            wait(std::pin::pin!(async {
                submission::DistributedCache::rebalance(cluster).await;
            }));
            Response::Done
        })
    })
}

#[cfg(item = "DistributedCache::execute")]
fn cluster_execute(request: Command) -> Response {
    let request = match command(request) {
        Ok(command) => command,
        Err(response) => return response,
    };
    CLUSTER.with(|place| {
        with(place, |cluster| {
            let mut answer: Option<submission::CacheResponse> = None;
            wait(std::pin::pin!(async {
                answer = Some(submission::DistributedCache::execute(cluster, request).await);
            }));
            answer.map_or(Response::NoObject, |response| Response::Reply(reply(response)))
        })
    })
}

// ---- ProtocolParser ----

#[cfg(item = "ProtocolParser::parse")]
fn parse(input: &[u8]) -> Response {
    let parsed: Result<submission::CacheCommand, submission::ParseError> = submission::ProtocolParser::parse(input);
    Response::Parsed(parsed.map_err(parse_error).and_then(command_back))
}

#[cfg(item = "ProtocolParser::serialize")]
fn serialize(reply: Reply) -> Response {
    let response = match reply_back(reply) {
        Ok(response) => response,
        Err(response) => return response,
    };
    let bytes: Vec<u8> = submission::ProtocolParser::serialize(&response);
    Response::Bytes(bytes)
}
