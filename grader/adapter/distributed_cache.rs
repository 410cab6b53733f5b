//! The adapter of exercise `distributed-cache`: it turns requests into calls on the learner's code.
//!
//! Every item of the prototype stands behind a `cfg` of its own: `item = "CacheNode::get"`. The grader sets those it
//! finds in the submission; where one does not typecheck here, it looks for the nearest `item = "…"` above the error and
//! tries that item's next form: `second`, with results (of a type: its fields) converted; `third`, with arguments
//! converted too (of a type: with more fields, or without names); `fourth`, with an argument less. An item without a form
//! that typechecks is left out. So keep each item's code below its `cfg`, and nothing of another's.
//!
//! Whatever comes from the learner's code is given its plain type by name before it is used.
#![allow(unused)]

use std::cell::RefCell;
use std::string::String;
use std::thread::LocalKey;
use std::time::Duration;
use std::vec::Vec;

use cachedojo_seam::{
    ClusterRequest, Command, Config, Member, NodeRequest, ParseError, ParserRequest, Policy, Reply, Request, Response,
    RingRequest, Stats,
};
use toolbox::not_implemented;

#[cfg(loose)]
mod conversions;
#[cfg(loose)]
use conversions::*;

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

/// `call!("CacheNode::incr", CacheNode::incr, node, [key.as_str() => FromText::from_text(&key), …], strict, loose)` calls
/// the learner's function. `strict` reads a result of just the prototype's type, `loose` any that can be read. What stands
/// right of an arrow makes the argument in the third form.
macro_rules! call {
    ($name:tt, $path:path, $($receiver:ident,)? [$($plain:expr => $fit:expr),*], $strict:expr, $loose:expr) => {{
        #[cfg(not(second = $name))]
        let result = $strict($path($($receiver,)? $($plain),*));
        #[cfg(all(second = $name, not(third = $name)))]
        let result = $loose(awaited!($name, $path($($receiver,)? $($plain),*)));
        #[cfg(third = $name)]
        let result = $loose(awaited!($name, $path($($receiver,)? $($fit),*)));
        result
    }};
}

/// The result of a call that may be a future: the grader says which are, and sets `awaits`.
macro_rules! awaited {
    ($name:tt, $call:expr) => {{
        #[cfg(awaits = $name)]
        let result = wait($call);
        #[cfg(not(awaits = $name))]
        let result = $call;
        result
    }};
}

/// A field of a type of the prototype: just as it is, or in the second form converted.
macro_rules! field {
    ($name:tt, $plain:expr, $converted:expr) => {{
        #[cfg(not(second = $name))]
        let field = $plain;
        #[cfg(second = $name)]
        let field = $converted;
        field
    }};
}

/// A struct of the prototype, in the third form with whatever else the learner gave it.
macro_rules! filled {
    ($name:tt, $kind:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        #[cfg(not(third = $name))]
        let object = submission::$kind { $($field: $value),* };
        #[cfg(third = $name)]
        let object = submission::$kind { $($field: $value,)* ..Default::default() };
        object
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
        Request::Parser(ParserRequest::Parse(bytes)) => item!("ProtocolParser::parse", parse(bytes)),
        Request::Parser(ParserRequest::Serialize(reply)) => item!("ProtocolParser::serialize", serialize(reply)),
        Request::Simulate(_) | Request::Extra(_) | Request::Many(_) => not_implemented(item),
    }
}

fn node(request: NodeRequest) -> Response {
    match request {
        NodeRequest::New { max_memory, policy } => item!("CacheNode::new", node_new(max_memory, policy)),
        NodeRequest::Get { key } => item!("CacheNode::get", node_get(key)),
        NodeRequest::Set { key, value, ttl_ms } => item!("CacheNode::set", node_set(key, value, ttl_ms)),
        NodeRequest::Delete { key } => item!("CacheNode::delete", node_delete(key)),
        NodeRequest::Incr { key, delta } => item!("CacheNode::incr", node_incr(key, delta)),
        NodeRequest::Touch { key, ttl_ms } => item!("CacheNode::touch", node_touch(key, ttl_ms)),
        NodeRequest::CleanExpired => item!("CacheNode::clean_expired", node_clean_expired()),
        NodeRequest::Stats => item!("CacheNode::stats", node_stats()),
    }
}

fn ring(request: RingRequest) -> Response {
    match request {
        RingRequest::New { virtual_nodes } => item!("HashRing::new", ring_new(virtual_nodes)),
        RingRequest::Add(member) => item!("HashRing::add_node", ring_add(member)),
        RingRequest::Remove { id } => item!("HashRing::remove_node", ring_remove(id)),
        RingRequest::Owner { key } => item!("HashRing::get_node", ring_owner(key)),
        RingRequest::OwnersOf { prefix, count } => item!("HashRing::get_node", ring_owners(&prefix, count)),
        RingRequest::Replicas { key, count } => item!("HashRing::get_nodes", ring_replicas(key, count)),
        RingRequest::Members => item!("HashRing::nodes", ring_members()),
    }
}

fn cluster(request: ClusterRequest) -> Response {
    match request {
        ClusterRequest::New(config) => item!("DistributedCache::new", cluster_new(config)),
        ClusterRequest::Add { id, addr } => item!("DistributedCache::add_server", cluster_add(id, addr)),
        ClusterRequest::Remove { id } => item!("DistributedCache::remove_server", cluster_remove(id)),
        ClusterRequest::ServersFor { key } => item!("DistributedCache::servers_for_key", cluster_servers(key)),
        ClusterRequest::Rebalance => item!("DistributedCache::rebalance", cluster_rebalance()),
        ClusterRequest::Execute(command) => item!("DistributedCache::execute", cluster_execute(command)),
    }
}

/// Runs `use_it` on the object of a kind, where `New` has made one.
fn on<T>(place: &'static LocalKey<RefCell<Option<T>>>, use_it: impl FnOnce(&mut T) -> Response) -> Response {
    place.with(|place| match &mut *place.borrow_mut() {
        Some(object) => use_it(object),
        None => Response::NoObject,
    })
}

/// A value whose type its user names: `plain::<bool>`.
fn plain<T>(value: T) -> T {
    value
}

/// Keeps a new object for the calls to come.
fn keep<T>(place: &'static LocalKey<RefCell<Option<T>>>, object: T) -> Response {
    place.set(Some(object));
    Response::Done
}

/// [`keep`] for an object that may come wrapped; a constructor that fails for what it is given has none.
#[cfg(loose)]
fn keep_made<T>(place: &'static LocalKey<RefCell<Option<T>>>, object: impl Made<T>) -> Response {
    place.set(object.made());
    Response::Done
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
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut result = None;
    {
        let future = std::pin::pin!(async { result = Some(future.await) });
        #[cfg(tokio)]
        toolbox::tokio_block_on(future);
        #[cfg(not(tokio))]
        toolbox::block_on(future);
    }
    result.expect("a future that is run to its end has a result")
}

// ---- plain types ----

#[cfg(item = "EvictionPolicy")]
fn policy(policy: Policy) -> Result<submission::EvictionPolicy, Response> {
    match policy {
        #[cfg(item = "EvictionPolicy::LRU")]
        Policy::Lru => {
            Ok(field!("EvictionPolicy::LRU", submission::EvictionPolicy::LRU, submission::EvictionPolicy::Lru))
        }
        #[cfg(item = "EvictionPolicy::LFU")]
        Policy::Lfu => {
            Ok(field!("EvictionPolicy::LFU", submission::EvictionPolicy::LFU, submission::EvictionPolicy::Lfu))
        }
        #[cfg(item = "EvictionPolicy::FIFO")]
        Policy::Fifo => {
            Ok(field!("EvictionPolicy::FIFO", submission::EvictionPolicy::FIFO, submission::EvictionPolicy::Fifo))
        }
        #[cfg(item = "EvictionPolicy::TTL")]
        Policy::Ttl => {
            Ok(field!("EvictionPolicy::TTL", submission::EvictionPolicy::TTL, submission::EvictionPolicy::Ttl))
        }
        #[allow(unreachable_patterns)]
        other => Err(not_implemented(match other {
            Policy::Lru => "EvictionPolicy::LRU",
            Policy::Lfu => "EvictionPolicy::LFU",
            Policy::Fifo => "EvictionPolicy::FIFO",
            Policy::Ttl => "EvictionPolicy::TTL",
        })),
    }
}

#[cfg(all(item = "CacheEntry", not(second = "CacheEntry")))]
fn value_of(entry: Option<&submission::CacheEntry>) -> Option<Vec<u8>> {
    let entry = entry?;
    let value: &Vec<u8> = &entry.value;
    Some(value.clone())
}

#[cfg(all(item = "CacheEntry", second = "CacheEntry"))]
fn value_of(entry: Option<&submission::CacheEntry>) -> Option<Vec<u8>> {
    // Named in full: a type of the learner's that dereferences to bytes is not bytes.
    Some(Bytes::bytes(&entry?.value))
}

#[cfg(all(item = "CacheEntry", loose))]
impl Bytes for submission::CacheEntry {
    fn bytes(&self) -> Vec<u8> {
        value_of(Some(self)).unwrap_or_default()
    }
}

#[cfg(item = "CacheStats")]
fn stats(stats: submission::CacheStats) -> Stats {
    Stats {
        hits: field!("CacheStats", plain::<u64>(stats.hits), Count::count(stats.hits)),
        misses: field!("CacheStats", plain::<u64>(stats.misses), Count::count(stats.misses)),
        evictions: field!("CacheStats", plain::<u64>(stats.evictions), Count::count(stats.evictions)),
        expired: field!("CacheStats", plain::<u64>(stats.expired), Count::count(stats.expired)),
        bytes_stored: field!("CacheStats", plain::<usize>(stats.bytes_stored) as u64, Count::count(stats.bytes_stored)),
        entry_count: field!("CacheStats", plain::<usize>(stats.entry_count) as u64, Count::count(stats.entry_count)),
    }
}

#[cfg(item = "CacheStats")]
fn stats_back(stats: Stats) -> submission::CacheStats {
    filled!(
        "CacheStats",
        CacheStats {
            hits: field!("CacheStats", stats.hits, Number::from_number(stats.hits.into())),
            misses: field!("CacheStats", stats.misses, Number::from_number(stats.misses.into())),
            evictions: field!("CacheStats", stats.evictions, Number::from_number(stats.evictions.into())),
            expired: field!("CacheStats", stats.expired, Number::from_number(stats.expired.into())),
            bytes_stored: field!(
                "CacheStats",
                size(stats.bytes_stored),
                Number::from_number(stats.bytes_stored.into())
            ),
            entry_count: field!("CacheStats", size(stats.entry_count), Number::from_number(stats.entry_count.into())),
        }
    )
}

/// The counters, however they are handed out.
#[cfg(all(item = "CacheStats", loose))]
trait Counters {
    fn counters(self) -> Stats;
}

#[cfg(all(item = "CacheStats", loose))]
impl<T: std::borrow::Borrow<submission::CacheStats>> Counters for T {
    fn counters(self) -> Stats {
        let own: &submission::CacheStats = self.borrow();
        let copy = filled!(
            "CacheStats",
            CacheStats {
                hits: own.hits,
                misses: own.misses,
                evictions: own.evictions,
                expired: own.expired,
                bytes_stored: own.bytes_stored,
                entry_count: own.entry_count,
            }
        );
        stats(copy)
    }
}

#[cfg(item = "NodeInfo")]
fn member(node: &submission::NodeInfo) -> Member {
    Member {
        id: field!("NodeInfo", plain::<&String>(&node.id).clone(), node.id.to_string()),
        addr: field!("NodeInfo", plain::<&String>(&node.addr).clone(), node.addr.to_string()),
        weight: field!("NodeInfo", plain::<u32>(node.weight), Number::from_number(node.weight.number())),
        is_alive: node.is_alive,
    }
}

#[cfg(item = "NodeInfo")]
fn node_info(member: Member) -> submission::NodeInfo {
    filled!(
        "NodeInfo",
        NodeInfo {
            id: field!("NodeInfo", member.id, FromText::from_text(&member.id)),
            addr: field!("NodeInfo", member.addr, FromText::from_text(&member.addr)),
            weight: field!("NodeInfo", member.weight, Number::from_number(member.weight.into())),
            is_alive: member.is_alive,
        }
    )
}

#[cfg(item = "NodeInfo")]
fn members_of(nodes: Vec<&submission::NodeInfo>) -> Vec<Member> {
    nodes.into_iter().map(member).collect()
}

#[cfg(all(item = "NodeInfo", loose))]
impl Node for submission::NodeInfo {
    fn member(&self) -> Member {
        member(self)
    }
}

#[cfg(item = "CacheConfig")]
fn config(config: Config) -> Result<submission::CacheConfig, Response> {
    let mut policy = Some(policy(config.policy)?);
    Ok(filled!(
        "CacheConfig",
        CacheConfig {
            max_memory: field!("CacheConfig", size(config.max_memory), Number::from_number(config.max_memory.into())),
            default_ttl: field!("CacheConfig", ttl(config.default_ttl_ms), Ttl::from_ttl(ttl(config.default_ttl_ms))),
            eviction_policy: field!("CacheConfig", policy.take().ok_or(Response::NoObject)?, Own::own(&mut policy)),
            replication_factor: field!(
                "CacheConfig",
                config.replication_factor as usize,
                Number::from_number(config.replication_factor.into())
            ),
            virtual_nodes: field!(
                "CacheConfig",
                config.virtual_nodes as usize,
                Number::from_number(config.virtual_nodes.into())
            ),
        }
    ))
}

#[cfg(item = "CacheCommand")]
fn command(command: Command) -> Result<submission::CacheCommand, Response> {
    match command {
        #[cfg(all(item = "CacheCommand::Get", not(third = "CacheCommand::Get")))]
        Command::Get { key } => {
            Ok(submission::CacheCommand::Get { key: field!("CacheCommand::Get", key, FromText::from_text(&key)) })
        }
        #[cfg(all(item = "CacheCommand::Get", third = "CacheCommand::Get"))]
        Command::Get { key } => Ok(submission::CacheCommand::Get(FromText::from_text(&key))),
        #[cfg(all(item = "CacheCommand::Set", not(third = "CacheCommand::Set")))]
        Command::Set { key, value, ttl_ms } => Ok(submission::CacheCommand::Set {
            key: field!("CacheCommand::Set", key, FromText::from_text(&key)),
            value: field!("CacheCommand::Set", value, FromBytes::from_bytes(&value)),
            ttl: field!("CacheCommand::Set", ttl(ttl_ms), Ttl::from_ttl(ttl(ttl_ms))),
        }),
        #[cfg(all(item = "CacheCommand::Set", third = "CacheCommand::Set"))]
        Command::Set { key, value, ttl_ms } => Ok(submission::CacheCommand::Set(
            FromText::from_text(&key),
            FromBytes::from_bytes(&value),
            Ttl::from_ttl(ttl(ttl_ms)),
        )),
        #[cfg(all(item = "CacheCommand::Delete", not(third = "CacheCommand::Delete")))]
        Command::Delete { key } => {
            Ok(submission::CacheCommand::Delete { key: field!("CacheCommand::Delete", key, FromText::from_text(&key)) })
        }
        #[cfg(all(item = "CacheCommand::Delete", third = "CacheCommand::Delete"))]
        Command::Delete { key } => Ok(submission::CacheCommand::Delete(FromText::from_text(&key))),
        #[cfg(all(item = "CacheCommand::Incr", not(third = "CacheCommand::Incr")))]
        Command::Incr { key, delta } => Ok(submission::CacheCommand::Incr {
            key: field!("CacheCommand::Incr", key, FromText::from_text(&key)),
            delta: field!("CacheCommand::Incr", delta, Number::from_number(delta.into())),
        }),
        #[cfg(all(item = "CacheCommand::Incr", third = "CacheCommand::Incr"))]
        Command::Incr { key, delta } => {
            Ok(submission::CacheCommand::Incr(FromText::from_text(&key), Number::from_number(delta.into())))
        }
        #[cfg(all(item = "CacheCommand::Touch", not(third = "CacheCommand::Touch")))]
        Command::Touch { key, ttl_ms } => Ok(submission::CacheCommand::Touch {
            key: field!("CacheCommand::Touch", key, FromText::from_text(&key)),
            ttl: field!("CacheCommand::Touch", Duration::from_millis(ttl_ms), Ttl::from_ttl(ttl(Some(ttl_ms)))),
        }),
        #[cfg(all(item = "CacheCommand::Touch", third = "CacheCommand::Touch"))]
        Command::Touch { key, ttl_ms } => {
            Ok(submission::CacheCommand::Touch(FromText::from_text(&key), Ttl::from_ttl(ttl(Some(ttl_ms)))))
        }
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
        #[cfg(all(item = "CacheCommand::Get", not(third = "CacheCommand::Get")))]
        submission::CacheCommand::Get { key } => {
            Ok(Command::Get { key: field!("CacheCommand::Get", plain::<String>(key), key.to_string()) })
        }
        #[cfg(all(item = "CacheCommand::Get", third = "CacheCommand::Get"))]
        submission::CacheCommand::Get(key) => Ok(Command::Get { key: key.to_string() }),
        #[cfg(all(item = "CacheCommand::Set", not(third = "CacheCommand::Set")))]
        submission::CacheCommand::Set { key, value, ttl } => Ok(Command::Set {
            key: field!("CacheCommand::Set", plain::<String>(key), key.to_string()),
            value: field!("CacheCommand::Set", plain::<Vec<u8>>(value), value.bytes()),
            ttl_ms: field!("CacheCommand::Set", ttl_ms(plain::<Option<Duration>>(ttl)), ttl_ms(ttl.ttl())),
        }),
        #[cfg(all(item = "CacheCommand::Set", third = "CacheCommand::Set"))]
        submission::CacheCommand::Set(key, value, ttl) => {
            Ok(Command::Set { key: key.to_string(), value: value.bytes(), ttl_ms: ttl_ms(ttl.ttl()) })
        }
        #[cfg(all(item = "CacheCommand::Delete", not(third = "CacheCommand::Delete")))]
        submission::CacheCommand::Delete { key } => {
            Ok(Command::Delete { key: field!("CacheCommand::Delete", plain::<String>(key), key.to_string()) })
        }
        #[cfg(all(item = "CacheCommand::Delete", third = "CacheCommand::Delete"))]
        submission::CacheCommand::Delete(key) => Ok(Command::Delete { key: key.to_string() }),
        #[cfg(all(item = "CacheCommand::Incr", not(third = "CacheCommand::Incr")))]
        submission::CacheCommand::Incr { key, delta } => Ok(Command::Incr {
            key: field!("CacheCommand::Incr", plain::<String>(key), key.to_string()),
            delta: field!("CacheCommand::Incr", plain::<i64>(delta), Number::from_number(delta.number())),
        }),
        #[cfg(all(item = "CacheCommand::Incr", third = "CacheCommand::Incr"))]
        submission::CacheCommand::Incr(key, delta) => {
            Ok(Command::Incr { key: key.to_string(), delta: Number::from_number(delta.number()) })
        }
        #[cfg(all(item = "CacheCommand::Touch", not(third = "CacheCommand::Touch")))]
        submission::CacheCommand::Touch { key, ttl } => Ok(Command::Touch {
            key: field!("CacheCommand::Touch", plain::<String>(key), key.to_string()),
            ttl_ms: field!(
                "CacheCommand::Touch",
                ttl_ms(Some(plain::<Duration>(ttl))).unwrap_or(u64::MAX),
                ttl_ms(ttl.ttl()).unwrap_or(u64::MAX)
            ),
        }),
        #[cfg(all(item = "CacheCommand::Touch", third = "CacheCommand::Touch"))]
        submission::CacheCommand::Touch(key, ttl) => {
            Ok(Command::Touch { key: key.to_string(), ttl_ms: ttl_ms(ttl.ttl()).unwrap_or(u64::MAX) })
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
            Reply::Value(field!("CacheResponse::Value", plain::<Option<Vec<u8>>>(value), value.value()))
        }
        #[cfg(item = "CacheResponse::Stored")]
        submission::CacheResponse::Stored => Reply::Stored,
        #[cfg(item = "CacheResponse::Deleted")]
        submission::CacheResponse::Deleted => Reply::Deleted,
        #[cfg(item = "CacheResponse::NotFound")]
        submission::CacheResponse::NotFound => Reply::NotFound,
        #[cfg(all(item = "CacheResponse::Error", not(third = "CacheResponse::Error")))]
        submission::CacheResponse::Error(message) => {
            Reply::Error(field!("CacheResponse::Error", plain::<String>(message), message.to_string()))
        }
        #[cfg(all(item = "CacheResponse::Error", third = "CacheResponse::Error"))]
        submission::CacheResponse::Error => Reply::Error(String::new()),
        #[cfg(item = "CacheResponse::Stats")]
        submission::CacheResponse::Stats(counters) => {
            Reply::Stats(field!("CacheResponse::Stats", stats(counters), counters.counters()))
        }
        #[allow(unreachable_patterns)]
        _ => Reply::Error(String::from("a response that the prototype does not have")),
    }
}

#[cfg(item = "CacheResponse")]
fn reply_back(reply: Reply) -> Result<submission::CacheResponse, Response> {
    match reply {
        #[cfg(item = "CacheResponse::Value")]
        Reply::Value(value) => Ok(submission::CacheResponse::Value(field!(
            "CacheResponse::Value",
            value,
            FromValue::from_value(value)
                .ok_or(Response::NotImplemented { item: "CacheResponse::Value(None)".into() })?
        ))),
        #[cfg(item = "CacheResponse::Stored")]
        Reply::Stored => Ok(submission::CacheResponse::Stored),
        #[cfg(item = "CacheResponse::Deleted")]
        Reply::Deleted => Ok(submission::CacheResponse::Deleted),
        #[cfg(item = "CacheResponse::NotFound")]
        Reply::NotFound => Ok(submission::CacheResponse::NotFound),
        #[cfg(all(item = "CacheResponse::Error", not(second = "CacheResponse::Error")))]
        Reply::Error(message) => Ok(submission::CacheResponse::Error(message)),
        #[cfg(all(item = "CacheResponse::Stats", not(second = "CacheResponse::Stats")))]
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
    let mut policy = match policy(eviction_policy) {
        Ok(policy) => Some(policy),
        Err(response) => return response,
    };
    // Without a parameter for it, the policy is the one that every row but two asks for.
    #[cfg(fourth = "CacheNode::new")]
    return match eviction_policy {
        Policy::Lru => keep_made(&NODE, submission::CacheNode::new(Number::from_number(max_memory.into()))),
        _ => not_implemented("CacheNode::new with a policy"),
    };
    #[cfg(not(fourth = "CacheNode::new"))]
    call!(
        "CacheNode::new",
        submission::CacheNode::new,
        [
            size(max_memory) => Number::from_number(max_memory.into()),
            policy.take().expect("it was just put there") => Own::own(&mut policy)
        ],
        |node| keep(&NODE, node),
        |node| keep_made(&NODE, node)
    )
}

#[cfg(item = "CacheNode::get")]
fn node_get(key: String) -> Response {
    on(&NODE, |node| {
        Response::Entry(call!(
            "CacheNode::get",
            submission::CacheNode::get,
            node,
            [key.as_str() => FromText::from_text(&key)],
            value_of,
            Value::value
        ))
    })
}

#[cfg(item = "CacheNode::set")]
fn node_set(key: String, value: Vec<u8>, ttl_ms: Option<u64>) -> Response {
    // `None` is no failure here: it may be the value that was there before.
    #[cfg(fourth = "CacheNode::set")]
    return match ttl_ms {
        None => on(&NODE, |node| {
            let stored = submission::CacheNode::set(node, FromText::from_text(&key), FromBytes::from_bytes(&value));
            Response::Bool(awaited!("CacheNode::set", stored).truth(true))
        }),
        Some(_) => not_implemented("CacheNode::set with a time to live"),
    };
    #[cfg(not(fourth = "CacheNode::set"))]
    on(&NODE, |node| {
        Response::Bool(call!(
            "CacheNode::set",
            submission::CacheNode::set,
            node,
            [
                key => FromText::from_text(&key),
                value => FromBytes::from_bytes(&value),
                ttl(ttl_ms) => Ttl::from_ttl(ttl(ttl_ms))
            ],
            plain::<bool>,
            |stored| Truth::truth(stored, true)
        ))
    })
}

#[cfg(item = "CacheNode::delete")]
fn node_delete(key: String) -> Response {
    on(&NODE, |node| {
        Response::Bool(call!(
            "CacheNode::delete",
            submission::CacheNode::delete,
            node,
            [key.as_str() => FromText::from_text(&key)],
            plain::<bool>,
            |deleted| Truth::truth(deleted, false)
        ))
    })
}

#[cfg(item = "CacheNode::incr")]
fn node_incr(key: String, delta: i64) -> Response {
    on(&NODE, |node| {
        Response::Number(call!(
            "CacheNode::incr",
            submission::CacheNode::incr,
            node,
            [key.as_str() => FromText::from_text(&key), delta => Number::from_number(delta.into())],
            plain::<Option<i64>>,
            PerhapsNumber::perhaps
        ))
    })
}

#[cfg(item = "CacheNode::touch")]
fn node_touch(key: String, ttl_ms: u64) -> Response {
    on(&NODE, |node| {
        Response::Bool(call!(
            "CacheNode::touch",
            submission::CacheNode::touch,
            node,
            [
                key.as_str() => FromText::from_text(&key),
                Duration::from_millis(ttl_ms) => Ttl::from_ttl(ttl(Some(ttl_ms)))
            ],
            plain::<bool>,
            |touched| Truth::truth(touched, false)
        ))
    })
}

#[cfg(item = "CacheNode::clean_expired")]
fn node_clean_expired() -> Response {
    on(&NODE, |node| {
        Response::Count(call!(
            "CacheNode::clean_expired",
            submission::CacheNode::clean_expired,
            node,
            [],
            |cleaned: usize| cleaned as u64,
            Count::count
        ))
    })
}

#[cfg(item = "CacheNode::stats")]
fn node_stats() -> Response {
    on(&NODE, |node| {
        Response::Stats(call!("CacheNode::stats", submission::CacheNode::stats, node, [], stats, Counters::counters))
    })
}

// ---- HashRing ----

#[cfg(item = "HashRing")]
thread_local! {
    static RING: RefCell<Option<submission::HashRing>> = const { RefCell::new(None) };
}

#[cfg(item = "HashRing::new")]
fn ring_new(virtual_nodes: u32) -> Response {
    // Without a parameter for it, the ring has as many points as its author thought right.
    #[cfg(fourth = "HashRing::new")]
    return keep_made(&RING, submission::HashRing::new());
    #[cfg(not(fourth = "HashRing::new"))]
    call!(
        "HashRing::new",
        submission::HashRing::new,
        [virtual_nodes as usize => Number::from_number(virtual_nodes.into())],
        |ring| keep(&RING, ring),
        |ring| keep_made(&RING, ring)
    )
}

#[cfg(item = "HashRing::add_node")]
fn ring_add(member: Member) -> Response {
    let mut node = Some(node_info(member));
    on(&RING, |ring| {
        call!(
            "HashRing::add_node",
            submission::HashRing::add_node,
            ring,
            [node.take().expect("it was just put there") => Own::own(&mut node)],
            plain::<()>,
            drop
        );
        Response::Done
    })
}

#[cfg(item = "HashRing::remove_node")]
fn ring_remove(id: String) -> Response {
    on(&RING, |ring| {
        call!(
            "HashRing::remove_node",
            submission::HashRing::remove_node,
            ring,
            [id.as_str() => FromText::from_text(&id)],
            plain::<()>,
            drop
        );
        Response::Done
    })
}

#[cfg(item = "HashRing::get_node")]
fn owner_of(ring: &mut submission::HashRing, key: &String) -> Option<Member> {
    call!(
        "HashRing::get_node",
        submission::HashRing::get_node,
        ring,
        [key.as_str() => FromText::from_text(key)],
        |owner: Option<&submission::NodeInfo>| owner.map(member),
        PerhapsNode::node
    )
}

#[cfg(item = "HashRing::get_node")]
fn ring_owner(key: String) -> Response {
    on(&RING, |ring| Response::Member(owner_of(ring, &key)))
}

#[cfg(item = "HashRing::get_node")]
fn ring_owners(prefix: &str, count: u32) -> Response {
    on(&RING, |ring| toolbox::owners(prefix, count, &mut |key| owner_of(ring, key)))
}

#[cfg(item = "HashRing::get_nodes")]
fn ring_replicas(key: String, count: u32) -> Response {
    on(&RING, |ring| {
        Response::Members(call!(
            "HashRing::get_nodes",
            submission::HashRing::get_nodes,
            ring,
            [key.as_str() => FromText::from_text(&key), count as usize => Number::from_number(count.into())],
            members_of,
            members
        ))
    })
}

#[cfg(item = "HashRing::nodes")]
fn ring_members() -> Response {
    on(&RING, |ring| {
        Response::Members(call!("HashRing::nodes", submission::HashRing::nodes, ring, [], members_of, members))
    })
}

// ---- DistributedCache ----

#[cfg(item = "DistributedCache")]
thread_local! {
    static CLUSTER: RefCell<Option<submission::DistributedCache>> = const { RefCell::new(None) };
}

#[cfg(item = "DistributedCache::new")]
fn cluster_new(settings: Config) -> Response {
    let mut config = match config(settings) {
        Ok(config) => Some(config),
        Err(response) => return response,
    };
    call!(
        "DistributedCache::new",
        submission::DistributedCache::new,
        [config.take().expect("it was just put there") => Own::own(&mut config)],
        |cluster| keep(&CLUSTER, cluster),
        |cluster| keep_made(&CLUSTER, cluster)
    )
}

#[cfg(item = "DistributedCache::add_server")]
fn cluster_add(id: String, addr: String) -> Response {
    on(&CLUSTER, |cluster| {
        call!(
            "DistributedCache::add_server",
            submission::DistributedCache::add_server,
            cluster,
            [id => FromText::from_text(&id), addr => FromText::from_text(&addr)],
            plain::<()>,
            drop
        );
        Response::Done
    })
}

#[cfg(item = "DistributedCache::remove_server")]
fn cluster_remove(id: String) -> Response {
    on(&CLUSTER, |cluster| {
        call!(
            "DistributedCache::remove_server",
            submission::DistributedCache::remove_server,
            cluster,
            [id.as_str() => FromText::from_text(&id)],
            plain::<()>,
            drop
        );
        Response::Done
    })
}

#[cfg(item = "DistributedCache::servers_for_key")]
fn cluster_servers(key: String) -> Response {
    on(&CLUSTER, |cluster| {
        Response::Members(call!(
            "DistributedCache::servers_for_key",
            submission::DistributedCache::servers_for_key,
            cluster,
            [key.as_str() => FromText::from_text(&key)],
            members_of,
            members
        ))
    })
}

#[cfg(item = "DistributedCache::rebalance")]
fn cluster_rebalance() -> Response {
    on(&CLUSTER, |cluster| {
        call!("DistributedCache::rebalance", submission::DistributedCache::rebalance, cluster, [], wait, drop);
        Response::Done
    })
}

#[cfg(item = "DistributedCache::execute")]
fn cluster_execute(request: Command) -> Response {
    let mut request = match command(request) {
        Ok(command) => Some(command),
        Err(response) => return response,
    };
    on(&CLUSTER, |cluster| {
        Response::Reply(call!(
            "DistributedCache::execute",
            submission::DistributedCache::execute,
            cluster,
            [request.take().expect("it was just put there") => Own::own(&mut request)],
            |response| reply(wait(response)),
            Replied::replied
        ))
    })
}

/// A response, perhaps wrapped.
#[cfg(all(item = "CacheResponse", loose))]
trait Replied {
    fn replied(self) -> Reply;
}

#[cfg(all(item = "CacheResponse", loose))]
impl Replied for submission::CacheResponse {
    fn replied(self) -> Reply {
        reply(self)
    }
}

#[cfg(all(item = "CacheResponse", loose))]
impl<E> Replied for Result<submission::CacheResponse, E> {
    fn replied(self) -> Reply {
        self.map_or_else(|_| Reply::Error(String::from("an `Err`")), reply)
    }
}

#[cfg(all(item = "CacheResponse", loose))]
impl Replied for Option<submission::CacheResponse> {
    fn replied(self) -> Reply {
        self.map_or(Reply::Value(None), reply)
    }
}

// ---- ProtocolParser ----

#[cfg(item = "ProtocolParser::parse")]
fn parse(input: Vec<u8>) -> Response {
    #[cfg(fourth = "ProtocolParser::parse")]
    return {
        let parser = submission::ProtocolParser;
        Response::Parsed(submission::ProtocolParser::parse(&parser, FromBytes::from_bytes(&input)).read())
    };
    #[cfg(not(fourth = "ProtocolParser::parse"))]
    Response::Parsed(call!(
        "ProtocolParser::parse",
        submission::ProtocolParser::parse,
        [input.as_slice() => FromBytes::from_bytes(&input)],
        |parsed: Result<submission::CacheCommand, submission::ParseError>| {
            parsed.map_err(parse_error).and_then(command_back)
        },
        Read::read
    ))
}

/// A command that was read, in whatever it comes. Which error it is nobody asks.
#[cfg(all(item = "CacheCommand", loose))]
trait Read {
    fn read(self) -> Result<Command, ParseError>;
}

#[cfg(all(item = "CacheCommand", loose))]
impl Read for submission::CacheCommand {
    fn read(self) -> Result<Command, ParseError> {
        command_back(self)
    }
}

/// A command and how many bytes it took.
#[cfg(all(item = "CacheCommand", loose))]
impl<T> Read for (submission::CacheCommand, T) {
    fn read(self) -> Result<Command, ParseError> {
        command_back(self.0)
    }
}

#[cfg(all(item = "CacheCommand", loose))]
impl<R: Read> Read for Option<R> {
    fn read(self) -> Result<Command, ParseError> {
        self.map_or(Err(ParseError::Incomplete), Read::read)
    }
}

#[cfg(all(item = "CacheCommand", loose))]
impl<R: Read, E> Read for Result<R, E> {
    fn read(self) -> Result<Command, ParseError> {
        self.map_or(Err(ParseError::InvalidArguments), Read::read)
    }
}

#[cfg(item = "ProtocolParser::serialize")]
fn serialize(reply: Reply) -> Response {
    let mut response = match reply_back(reply) {
        Ok(response) => Some(response),
        Err(response) => return response,
    };
    #[cfg(fourth = "ProtocolParser::serialize")]
    return {
        let parser = submission::ProtocolParser;
        Response::Bytes(submission::ProtocolParser::serialize(&parser, Own::own(&mut response)).bytes())
    };
    #[cfg(not(fourth = "ProtocolParser::serialize"))]
    Response::Bytes(call!(
        "ProtocolParser::serialize",
        submission::ProtocolParser::serialize,
        [&response.take().expect("it was just put there") => Own::own(&mut response)],
        plain::<Vec<u8>>,
        |bytes| Value::value(bytes).unwrap_or_default()
    ))
}
