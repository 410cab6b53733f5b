//! The entries in Redis, with the key names of the API document. Every operation is one script, so counters and entries
//! always agree, however many services share them.
//!
//! In a Redis Cluster a script may touch the keys of one slot only, so the namespace is the hash tag: `cache:{users}:user_123`. All of
//! a namespace is on one node and its replicas; it is many namespaces that use many nodes.

mod link;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use cachedojo::clock::Instant;
use cachedojo::protocol::rest::{
    ANSWER_BYTES_MAX, Eviction, Failure, Found, Machine, NewEntry, Reply, Request, Selection, Settings, Stats,
    check_answer,
};
use redis::{ErrorKind, RedisError, Script, ScriptInvocation, Value};
use tokio::sync::Semaphore;

use self::link::Link;

/// The most operations that wait for Redis at a time; further ones wait for these, as long as a request may take.
const IN_FLIGHT_MAX: usize = 512;
/// How many keys a flush examines or deletes in one step.
const FLUSH_STEP: usize = 500;
/// The longest time to live that Redis accepts, in milliseconds.
const TTL_MS_MAX: u64 = 1 << 52;

/// Redis as the store.
#[derive(Debug)]
pub struct RedisStore {
    link: Link,
    script: Script,
    timeout: Duration,
    in_flight: Semaphore,
    /// The namespaces' settings, in an engine without entries.
    settings: RwLock<Machine>,
}

impl RedisStore {
    /// A store that connects at its first request.
    ///
    /// # Errors
    /// The URL is not one of Redis.
    pub fn new(url: &str, timeout: Duration, settings: Machine) -> anyhow::Result<Self> {
        Ok(Self::over(Link::one(url, timeout)?, timeout, settings))
    }

    /// A store in a Redis Cluster that has the Redis of these URLs among its own; it connects at its first request.
    ///
    /// # Errors
    /// A URL is not one of Redis.
    pub fn of_cluster(urls: &[String], timeout: Duration, settings: Machine) -> anyhow::Result<Self> {
        Ok(Self::over(Link::cluster(urls, timeout)?, timeout, settings))
    }

    fn over(link: Link, timeout: Duration, settings: Machine) -> Self {
        Self {
            link,
            script: Script::new(include_str!("redis/operation.lua")),
            timeout,
            in_flight: Semaphore::new(IN_FLIGHT_MAX),
            settings: RwLock::new(settings),
        }
    }

    /// Executes a request, within the time limit.
    ///
    /// # Errors
    /// The engine's errors, and those of a store that is not reachable, slow or full.
    pub async fn obey(&self, request: Request, now: Instant) -> Result<Reply, Failure> {
        let obeyed = async {
            let _place = self.in_flight.acquire().await.map_err(|_| Failure::Unavailable)?;
            self.ask(request, now).await
        };
        tokio::time::timeout(self.timeout, obeyed).await.unwrap_or(Err(Failure::TimedOut))
    }

    /// Applies settings that were changed elsewhere, or stored earlier.
    pub fn with_settings<T>(&self, change: impl FnOnce(&mut Machine) -> T) -> T {
        change(&mut self.settings.write().unwrap_or_else(PoisonError::into_inner))
    }

    async fn ask(&self, request: Request, now: Instant) -> Result<Reply, Failure> {
        match request {
            Request::Health => self.health().await,
            Request::Get { namespace, key } => self.get(&namespace, &key).await,
            Request::Put { namespace, entry } => {
                let key = entry.key.clone();
                Ok(Reply::Stored { key, created: self.put(&namespace, &[entry]).await? })
            }
            Request::Delete { namespace, key } => match self.delete(&namespace, &[key]).await? {
                0 => Err(Failure::KeyNotFound),
                _ => Ok(Reply::Deleted),
            },
            Request::Mget { namespace, keys } => self.mget(&namespace, keys).await,
            Request::Mset { namespace, entries } => {
                if !entries.is_empty() {
                    self.put(&namespace, &entries).await?;
                }
                Ok(Reply::StoredMany(entries.len()))
            }
            Request::Flush { namespace, selection } => self.flush(&namespace, &selection).await.map(Reply::Flushed),
            Request::Stats { namespace } => self.stats(&namespace).await,
            Request::Forget { namespace } => {
                let flushed = self.flush(&namespace, &Selection::default()).await?;
                let known: i64 = self.run(&namespace, self.operation("FORGET", &namespace)).await?;
                let was_set = self.with_settings(|machine| machine.obey(Request::Forget { namespace }, now)).is_ok();
                if flushed > 0 || known > 0 || was_set { Ok(Reply::Deleted) } else { Err(Failure::NamespaceNotFound) }
            }
            request @ (Request::Namespaces
            | Request::Settings { .. }
            | Request::Configure { .. }
            | Request::Audit { .. }) => self.with_settings(|machine| machine.obey(request, now)),
        }
    }

    async fn health(&self) -> Result<Reply, Failure> {
        let mut link = self.link.clone();
        let told: Value =
            redis::cmd("INFO").arg("memory").query_async(&mut link).await.map_err(|error| failure(&error))?;
        // A cluster's nodes answer each for itself.
        let texts: Vec<String> = match told {
            Value::Map(of_nodes) => of_nodes.into_iter().filter_map(|(_, told)| text_of(told)).collect(),
            told => text_of(told).into_iter().collect(),
        };
        let sum = |of: &dyn Fn(&str) -> Option<u64>| texts.iter().filter_map(|text| of(text)).sum();
        let bytes = sum(&|text| info(text, "used_memory"));
        // Without a limit of its own, Redis's limit is the machine's memory.
        let bytes_max =
            sum(&|text| info(text, "maxmemory").filter(|max| *max > 0).or_else(|| info(text, "total_system_memory")));
        let bytes_max = if bytes_max > 0 { bytes_max } else { u64::MAX };
        Ok(Reply::Healthy { bytes, bytes_max, store: if self.link.is_cluster() { "redis cluster" } else { "redis" } })
    }

    async fn get(&self, namespace: &str, key: &str) -> Result<Reply, Failure> {
        let policy = self.policy(namespace);
        let mut call = self.operation("GET", namespace);
        call.arg(policy).arg(key);
        let row: Option<EntryRow> = self.run(namespace, call).await?;
        let Some((value, ttl_ms, created_at_s, access_count, tags, last_accessed_s)) = row else {
            return Ok(Reply::Missed);
        };
        Ok(Reply::Found(Found {
            value: value.into(),
            ttl_remaining_s: u64::try_from(ttl_ms).unwrap_or(0).div_ceil(1000),
            created_at_s,
            last_accessed_s,
            access_count,
            tags: read_tags(&tags),
        }))
    }

    async fn mget(&self, namespace: &str, keys: Vec<String>) -> Result<Reply, Failure> {
        let policy = self.policy(namespace);
        let mut call = self.operation("MGET", namespace);
        call.arg(policy).arg(ANSWER_BYTES_MAX).arg(&keys);
        let values: Vec<Option<String>> = self.run(namespace, call).await?;
        let values = values.into_iter().map(|value| value.map(Arc::from));
        let results: Vec<_> = keys.into_iter().zip(values).collect();
        check_answer(&results)?;
        Ok(Reply::Many(results))
    }

    /// Stores all of these or none. Returns whether the last one's key was new.
    async fn put(&self, namespace: &str, entries: &[NewEntry]) -> Result<bool, Failure> {
        let settings = self.settings(namespace);
        let mut call = self.operation("PUT", namespace);
        call.arg(policy_name(settings)).arg(settings.max_bytes);
        for entry in entries {
            let ttl_ms = entry.ttl_s.unwrap_or(settings.default_ttl_s).saturating_mul(1000).min(TTL_MS_MAX);
            let tags: usize = entry.tags.iter().map(String::len).sum();
            let bytes = entry.key.len() + entry.value.len() + tags;
            let tags = if entry.tags.is_empty() { String::new() } else { write_tags(&entry.tags) };
            call.arg(&entry.key).arg(&*entry.value).arg(ttl_ms).arg(bytes).arg(tags);
        }
        let created: i64 = self.run(namespace, call).await?;
        Ok(created == 1)
    }

    async fn delete(&self, namespace: &str, keys: &[String]) -> Result<u64, Failure> {
        let mut call = self.operation("DELETE", namespace);
        call.arg(keys);
        self.run(namespace, call).await
    }

    /// Visits the namespace's index in steps, so that other requests do not wait for long.
    async fn flush(&self, namespace: &str, selection: &Selection) -> Result<u64, Failure> {
        let [_, index, ..] = self.names(namespace);
        let space = self.space(namespace);
        let is_match = selection.matcher::<String>();
        let mut link = self.link.clone();
        let (mut cursor, mut deleted) = (0_u64, 0);
        loop {
            let mut scan = redis::cmd("ZSCAN");
            scan.arg(&index).arg(cursor).arg("COUNT").arg(FLUSH_STEP);
            let (next, rows): (u64, Vec<(String, f64)>) =
                scan.query_async(&mut link).await.map_err(|error| failure(&error))?;
            let mut keys: Vec<String> = rows.into_iter().map(|(key, _)| key).collect();
            let mut tags = vec![Vec::new(); keys.len()];
            // A step may have found none, and an empty pipeline is refused.
            if selection.tag.is_some() && !keys.is_empty() {
                let mut pipeline = redis::pipe();
                for key in &keys {
                    pipeline.hget(format!("cache_meta:{space}:{key}"), "tags");
                }
                let texts: Vec<Option<String>> =
                    pipeline.query_async(&mut link).await.map_err(|error| failure(&error))?;
                tags = texts.into_iter().map(|text| read_tags(&text.unwrap_or_default())).collect();
            }
            let mut tags = tags.into_iter();
            keys.retain(|key| is_match(key, &tags.next().unwrap_or_default()));
            for keys in keys.chunks(FLUSH_STEP) {
                deleted += self.delete(namespace, keys).await?;
            }
            if next == 0 {
                return Ok(deleted);
            }
            cursor = next;
        }
    }

    async fn stats(&self, namespace: &str) -> Result<Reply, Failure> {
        let call = self.operation("STATS", namespace);
        let row: [Option<u64>; 5] = self.run(namespace, call).await?;
        let [hits, misses, evictions, entries, bytes] = row.map(Option::unwrap_or_default);
        Ok(Reply::Stats(Stats { hits, misses, evictions, entries, bytes }))
    }

    fn settings(&self, namespace: &str) -> Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).settings(namespace)
    }

    /// The namespace as Redis's keys have it.
    fn space(&self, namespace: &str) -> String {
        if self.link.is_cluster() { format!("{{{namespace}}}") } else { namespace.to_owned() }
    }

    /// The four Redis keys of a namespace, for the script.
    fn names(&self, namespace: &str) -> [String; 4] {
        let space = self.space(namespace);
        ["stats", "index", "order", "sizes"].map(|name| format!("cache_{name}:{space}"))
    }

    fn policy(&self, namespace: &str) -> &'static str {
        policy_name(self.settings(namespace))
    }

    /// The script for an operation on a namespace.
    fn operation(&self, name: &str, namespace: &str) -> ScriptInvocation<'_> {
        let mut call = self.script.prepare_invoke();
        for key in self.names(namespace) {
            call.key(key);
        }
        call.arg(name);
        call
    }

    async fn run<T: redis::FromRedisValue>(&self, namespace: &str, call: ScriptInvocation<'_>) -> Result<T, Failure> {
        let mut link = self.link.clone();
        call.invoke_async(&mut link).await.map_err(|error| {
            tracing::debug!(namespace, %error, "Redis refused");
            failure(&error)
        })
    }
}

/// The script's answer about an entry: value, milliseconds to live, when it was stored, reads, tags, and now.
type EntryRow = (String, i64, u64, u64, String, u64);

/// The text of an answer that is one.
fn text_of(told: Value) -> Option<String> {
    redis::from_redis_value(told).ok()
}

/// A number in the answer to INFO.
fn info(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok())
}

/// The policy's name in the script: those that Redis cannot do become LRU there.
fn policy_name(settings: Settings) -> &'static str {
    use cachedojo::cache::EvictionPolicy;
    match settings.eviction {
        Eviction::Refuse => "NONE",
        Eviction::Policy(EvictionPolicy::LFU) => "LFU",
        Eviction::Policy(EvictionPolicy::FIFO) => "FIFO",
        Eviction::Policy(EvictionPolicy::TTL) => "TTL",
        Eviction::Policy(_) => "LRU",
    }
}

fn write_tags(tags: &[String]) -> String {
    serde_json::to_string(tags).expect("strings are JSON")
}

fn read_tags(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

/// The failure that a Redis error means for the request.
fn failure(error: &RedisError) -> Failure {
    match error.code() {
        Some("FULL" | "OOM") => return Failure::StorageFull,
        Some("TOOMANY") => return Failure::TooManyKeys,
        _ => {}
    }
    if error.is_timeout() {
        return Failure::TimedOut;
    }
    match error.kind() {
        ErrorKind::UnexpectedReturnType | ErrorKind::Parse => {
            tracing::error!(%error, "Redis answered what the script never does");
        }
        _ => {}
    }
    Failure::Unavailable
}
