//! The entries in Redis, with the key names of the API document. Every operation is one script, so counters and entries
//! always agree, however many services share them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use cachedojo::clock::Instant;
use cachedojo::protocol::rest::{
    ANSWER_BYTES_MAX, Eviction, Failure, Found, Machine, NewEntry, Reply, Request, Selection, Settings, Stats,
    check_answer,
};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{ErrorKind, RedisError, Script, ScriptInvocation};
use tokio::sync::Semaphore;

/// The most operations that wait for Redis at a time; further ones wait for these, as long as a request may take.
const IN_FLIGHT_MAX: usize = 512;
/// The longest pause between two reconnects; pauses grow up to it, with jitter.
const RECONNECT_PAUSE_MAX: Duration = Duration::from_millis(500);
/// How many keys a flush examines or deletes in one step.
const FLUSH_STEP: usize = 500;
/// The longest time to live that Redis accepts, in milliseconds.
const TTL_MS_MAX: u64 = 1 << 52;

/// Redis as the store.
#[derive(Debug)]
pub struct RedisStore {
    connection: ConnectionManager,
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
        let client = redis::Client::open(url)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout))
            .set_number_of_retries(1)
            .set_max_delay(RECONNECT_PAUSE_MAX);
        let connection = client.get_connection_manager_lazy(config)?;
        Ok(Self {
            connection,
            script: Script::new(include_str!("redis.lua")),
            timeout,
            in_flight: Semaphore::new(IN_FLIGHT_MAX),
            settings: RwLock::new(settings),
        })
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
        let mut connection = self.connection.clone();
        let text: String =
            redis::cmd("INFO").arg("memory").query_async(&mut connection).await.map_err(|error| failure(&error))?;
        let field = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse::<u64>().ok())
        };
        let bytes = field("used_memory").unwrap_or(0);
        // Without a limit of its own, Redis's limit is the machine's memory.
        let bytes_max = field("maxmemory").filter(|max| *max > 0).or(field("total_system_memory")).unwrap_or(u64::MAX);
        Ok(Reply::Healthy { bytes, bytes_max })
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
        let index = names(namespace)[1].clone();
        let is_match = selection.matcher::<String>();
        let mut connection = self.connection.clone();
        let (mut cursor, mut deleted) = (0_u64, 0);
        loop {
            let mut scan = redis::cmd("ZSCAN");
            scan.arg(&index).arg(cursor).arg("COUNT").arg(FLUSH_STEP);
            let (next, rows): (u64, Vec<(String, f64)>) =
                scan.query_async(&mut connection).await.map_err(|error| failure(&error))?;
            let mut keys: Vec<String> = rows.into_iter().map(|(key, _)| key).collect();
            let mut tags = vec![Vec::new(); keys.len()];
            if selection.tag.is_some() {
                let mut pipeline = redis::pipe();
                for key in &keys {
                    pipeline.hget(format!("cache_meta:{namespace}:{key}"), "tags");
                }
                let texts: Vec<Option<String>> =
                    pipeline.query_async(&mut connection).await.map_err(|error| failure(&error))?;
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

    fn policy(&self, namespace: &str) -> &'static str {
        policy_name(self.settings(namespace))
    }

    /// The script for an operation on a namespace.
    fn operation(&self, name: &str, namespace: &str) -> ScriptInvocation<'_> {
        let mut call = self.script.prepare_invoke();
        for key in names(namespace) {
            call.key(key);
        }
        call.arg(name);
        call
    }

    async fn run<T: redis::FromRedisValue>(&self, namespace: &str, call: ScriptInvocation<'_>) -> Result<T, Failure> {
        let mut connection = self.connection.clone();
        call.invoke_async(&mut connection).await.map_err(|error| {
            tracing::debug!(namespace, %error, "Redis refused");
            failure(&error)
        })
    }
}

/// The script's answer about an entry: value, milliseconds to live, when it was stored, reads, tags, and now.
type EntryRow = (String, i64, u64, u64, String, u64);

/// The four Redis keys of a namespace, for the script.
fn names(namespace: &str) -> [String; 4] {
    ["stats", "index", "order", "sizes"].map(|name| format!("cache_{name}:{namespace}"))
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
