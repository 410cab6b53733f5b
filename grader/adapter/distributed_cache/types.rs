//! The prototype's plain types, to and from those of the wire.

use super::*;

#[cfg(item = "EvictionPolicy")]
pub(crate) fn policy(policy: Policy) -> Result<submission::EvictionPolicy, Response> {
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
pub(crate) fn value_of(entry: Option<&submission::CacheEntry>) -> Option<Vec<u8>> {
    let entry = entry?;
    let value: &Vec<u8> = &entry.value;
    Some(value.clone())
}

#[cfg(all(item = "CacheEntry", second = "CacheEntry"))]
pub(crate) fn value_of(entry: Option<&submission::CacheEntry>) -> Option<Vec<u8>> {
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
pub(crate) fn stats(stats: submission::CacheStats) -> Stats {
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
pub(crate) fn stats_back(stats: Stats) -> submission::CacheStats {
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
pub(crate) trait Counters {
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
pub(crate) fn member(node: &submission::NodeInfo) -> Member {
    Member {
        id: field!("NodeInfo", plain::<&String>(&node.id).clone(), node.id.to_string()),
        addr: field!("NodeInfo", plain::<&String>(&node.addr).clone(), node.addr.to_string()),
        weight: field!("NodeInfo", plain::<u32>(node.weight), Number::from_number(node.weight.number())),
        is_alive: node.is_alive,
    }
}

#[cfg(item = "NodeInfo")]
pub(crate) fn node_info(member: Member) -> submission::NodeInfo {
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
pub(crate) fn members_of(nodes: Vec<&submission::NodeInfo>) -> Vec<Member> {
    nodes.into_iter().map(member).collect()
}

#[cfg(all(item = "NodeInfo", loose))]
impl Node for submission::NodeInfo {
    fn member(&self) -> Member {
        member(self)
    }
}

#[cfg(item = "CacheConfig")]
pub(crate) fn config(config: Config) -> Result<submission::CacheConfig, Response> {
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
pub(crate) fn command(command: Command) -> Result<submission::CacheCommand, Response> {
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
pub(crate) fn command_back(command: submission::CacheCommand) -> Result<Command, ParseError> {
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
pub(crate) fn parse_error(error: submission::ParseError) -> ParseError {
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
pub(crate) fn reply(response: submission::CacheResponse) -> Reply {
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
pub(crate) fn reply_back(reply: Reply) -> Result<submission::CacheResponse, Response> {
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
