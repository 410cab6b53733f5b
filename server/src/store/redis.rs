//! The entries in Redis, with the key names of the API document. Every operation is one script, so counters and entries
//! always agree, however many services share them.
//!
//! In a Redis Cluster a script may touch the keys of one slot only, so the namespace is the hash tag: `cache:{users}:user_123`. All of
//! a namespace is on one node and its replicas; it is many namespaces that use many nodes.

mod flush;
mod link;
mod trouble;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use cachedojo::clock::Instant;
use cachedojo::protocol::rest::{
    ANSWER_BYTES_MAX, Eviction, Failure, Found, Machine, NewEntry, Reply, Request, Selection, Settings, Stats,
    check_answer,
};
use redis::{ErrorKind, RedisError, Script, ScriptInvocation, Value};
use serde::de::IgnoredAny;
use tokio::sync::Semaphore;

use self::link::Link;
use self::trouble::Trouble;

/// The most operations that wait for Redis at a time; further ones wait for these, as long as a request may take.
const IN_FLIGHT_MAX: usize = 512;
/// The store's time is for so many entries; more of them get as much more.
const ENTRIES_IN_TIME: usize = 1000;
/// The longest time to live that Redis accepts, in milliseconds.
const TTL_MS_MAX: u64 = 1 << 52;

/// Redis as the store.
#[derive(Debug)]
pub struct RedisStore {
    link: Link,
    script: Script,
    /// How long one step may take, and all of a request.
    timeout: Duration,
    request_timeout: Duration,
    in_flight: Semaphore,
    trouble: Trouble,
    /// Reads that this service answered with an entry, and those that it could not.
    hits: AtomicU64,
    misses: AtomicU64,
    /// The namespaces' settings, in an engine without entries.
    settings: RwLock<Machine>,
}

impl RedisStore {
    /// A store that connects at its first request. One step of a request may take `timeout`, all of it `request_timeout`.
    ///
    /// # Errors
    /// The URL is not one of Redis.
    pub fn new(url: &str, (timeout, request_timeout): (Duration, Duration), settings: Machine) -> anyhow::Result<Self> {
        let link = Link::one(url, timeout, request_timeout.max(timeout))?;
        Ok(Self::over(link, (timeout, request_timeout), settings))
    }

    /// A store in a Redis Cluster that has the Redis of these URLs among its own; it connects at its first request.
    ///
    /// # Errors
    /// A URL is not one of Redis.
    pub fn of_cluster(
        urls: &[String],
        (timeout, request_timeout): (Duration, Duration),
        settings: Machine,
    ) -> anyhow::Result<Self> {
        let link = Link::cluster(urls, timeout, request_timeout.max(timeout))?;
        Ok(Self::over(link, (timeout, request_timeout), settings))
    }

    fn over(link: Link, (timeout, request_timeout): (Duration, Duration), settings: Machine) -> Self {
        Self {
            link,
            script: Script::new(include_str!("redis/operation.lua")),
            timeout,
            request_timeout,
            in_flight: Semaphore::new(IN_FLIGHT_MAX),
            trouble: Trouble::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            settings: RwLock::new(settings),
        }
    }

    /// Executes a request, within the time limit.
    ///
    /// # Errors
    /// The engine's errors, and those of a store that is not reachable, slow or full.
    pub async fn obey(&self, request: Request, now: Instant) -> Result<Reply, Failure> {
        let reply = match request {
            // These go through a namespace step by step, and each step has the store's time.
            Request::Flush { .. } | Request::Forget { .. } => self.ask(request, now).await,
            request => {
                let entries = if let Request::Mset { entries, .. } = &request { entries.len() } else { 0 };
                let steps = u32::try_from(1 + entries / ENTRIES_IN_TIME).unwrap_or(u32::MAX);
                let most = self.request_timeout.max(self.timeout);
                self.in_time(self.timeout.saturating_mul(steps).min(most), self.ask(request, now)).await
            }
        };
        let (hits, misses) = match &reply {
            Ok(Reply::Found(_)) => (1, 0),
            Ok(Reply::Missed) => (0, 1),
            Ok(Reply::Many(results)) => {
                let found = results.iter().filter(|(_, value)| value.is_some()).count() as u64;
                (found, results.len() as u64 - found)
            }
            _ => (0, 0),
        };
        self.hits.fetch_add(hits, Ordering::Relaxed);
        self.misses.fetch_add(misses, Ordering::Relaxed);
        reply
    }

    /// One step, which waits for its turn too.
    async fn in_time<T>(
        &self,
        timeout: Duration,
        step: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let stepped = async {
            let _place = self.in_flight.acquire().await.map_err(|_| Failure::Unavailable)?;
            step.await
        };
        tokio::time::timeout(timeout, stepped).await.unwrap_or_else(|_| {
            self.trouble.begin("it does not answer in time");
            Err(Failure::TimedOut)
        })
    }

    /// What this service knows of all namespaces: its own reads. What Redis holds is Redis's to tell.
    pub fn totals(&self) -> (Stats, usize) {
        let (_, namespaces) = self.with_settings(|machine| machine.totals());
        let [hits, misses] = [&self.hits, &self.misses].map(|count| count.load(Ordering::Relaxed));
        (Stats { hits, misses, ..Stats::default() }, namespaces)
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
                let forgotten = self.run(&namespace, self.operation("FORGET", &namespace));
                let known: i64 = self.in_time(self.timeout, forgotten).await?;
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
        let told: Value = self.told(redis::cmd("INFO").query_async(&mut link).await)?;
        // A cluster's nodes answer each for itself.
        let texts: Vec<String> = match told {
            Value::Map(of_nodes) => of_nodes.into_iter().filter_map(|(_, told)| text_of(told)).collect(),
            told => text_of(told).into_iter().collect(),
        };
        // Each read counts, so one that refuses writes serves nobody. A Redis Cluster has such replicas beside those that serve.
        if !self.link.is_cluster() && texts.iter().any(|text| info(text, "slave_read_only") == Some(1)) {
            self.trouble.begin("it is a read-only replica: name the one that it follows");
            return Err(Failure::Unavailable);
        }
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
        let Some(value) = json(namespace, key, value) else {
            self.misread(namespace, 1).await?;
            return Ok(Reply::Missed);
        };
        Ok(Reply::Found(Found {
            value,
            // One that another program stored without an end lives as long as any may.
            ttl_remaining_s: u64::try_from(ttl_ms).unwrap_or(TTL_MS_MAX).div_ceil(1000),
            created_at_s,
            last_accessed_s,
            access_count,
            tags: read_tags(&tags),
        }))
    }

    /// Counts so many reads as misses that the script took for hits.
    async fn misread(&self, namespace: &str, count: usize) -> Result<(), Failure> {
        let mut call = self.operation("MISREAD", namespace);
        call.arg(count);
        self.run(namespace, call).await
    }

    async fn mget(&self, namespace: &str, keys: Vec<String>) -> Result<Reply, Failure> {
        let policy = self.policy(namespace);
        let mut call = self.operation("MGET", namespace);
        call.arg(policy).arg(ANSWER_BYTES_MAX).arg(&keys);
        let values: Vec<Option<Vec<u8>>> = self.run(namespace, call).await?;
        let mut misread = 0;
        let read = |(key, value): (String, Option<Vec<u8>>)| {
            let is_there = value.is_some();
            let value = value.and_then(|value| json(namespace, &key, value));
            misread += usize::from(is_there && value.is_none());
            (key, value)
        };
        let results: Vec<_> = keys.into_iter().zip(values).map(read).collect();
        if misread > 0 {
            self.misread(namespace, misread).await?;
        }
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
        self.told(call.invoke_async(&mut link).await.inspect_err(|error| {
            tracing::debug!(namespace, %error, "Redis refused");
        }))
    }

    /// What Redis answered; when it ceases to answer, and when it does so again, the log says so.
    fn told<T>(&self, answer: Result<T, RedisError>) -> Result<T, Failure> {
        let failure = match answer {
            Ok(told) => {
                self.trouble.end();
                return Ok(told);
            }
            Err(error) => (failure(&error), error),
        };
        if matches!(failure.0, Failure::Unavailable | Failure::TimedOut) {
            self.trouble.begin(&failure.1.to_string());
        }
        Err(failure.0)
    }
}

/// The script's answer about an entry: value, milliseconds to live, when it was stored, reads, tags, and now.
type EntryRow = (Vec<u8>, i64, u64, u64, Vec<u8>, u64);

/// A value as the answer's part that it becomes. Another program may have stored what is no JSON: that is no entry.
fn json(namespace: &str, key: &str, value: Vec<u8>) -> Option<Arc<str>> {
    let text = String::from_utf8(value).ok().filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    if text.is_none() {
        tracing::warn!(namespace, key, "Redis holds a value that is no JSON: it counts as missing");
    }
    text.map(Arc::from)
}

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

fn read_tags(text: &[u8]) -> Vec<String> {
    serde_json::from_slice(text).unwrap_or_default()
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
