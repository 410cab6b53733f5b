//! `stats` locks its mutex twice.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash};
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, PartialEq)]
pub struct CacheEntry {
    pub value: Vec<u8>,
    pub created_at: Instant,
    pub expires_at: Option<Instant>,
    pub last_accessed: Instant,
    pub access_count: u64,
}

impl CacheEntry {
    fn fresh(value: Vec<u8>, ttl: Option<Duration>) -> Self {
        let t0 = Instant::now();
        CacheEntry {
            value,
            created_at: t0,
            expires_at: ttl.and_then(|d| t0.checked_add(d)),
            last_accessed: t0,
            access_count: 0,
        }
    }
    fn dead(&self) -> bool {
        matches!(self.expires_at, Some(t) if t <= Instant::now())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheStats {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub expired: u64,
    pub bytes_stored: usize,
    pub entry_count: usize,
}

impl CacheStats {
    /// Hit rate in [0, 1].
    pub fn hit_rate(&self) -> f64 {
        let total = self.hits + self.misses;
        if total == 0 { 0.0 } else { self.hits as f64 / total as f64 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EvictionPolicy {
    #[default]
    LRU,
    LFU,
    FIFO,
    TTL,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

#[derive(Debug, Clone)]
pub struct CacheConfig {
    pub max_memory: usize,
    pub default_ttl: Option<Duration>,
    pub eviction_policy: EvictionPolicy,
    pub replication_factor: usize,
    pub virtual_nodes: usize,
}

impl Default for CacheConfig {
    fn default() -> Self {
        CacheConfig {
            max_memory: 64 * 1024 * 1024,
            default_ttl: None,
            eviction_policy: EvictionPolicy::LRU,
            replication_factor: 3,
            virtual_nodes: 150,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum CacheCommand {
    Get { key: String },
    Set { key: String, value: Vec<u8>, ttl: Option<Duration> },
    Delete { key: String },
    Incr { key: String, delta: i64 },
    Touch { key: String, ttl: Duration },
    Stats,
}

#[derive(Debug, PartialEq)]
pub enum CacheResponse {
    Value(Option<Vec<u8>>),
    Stored,
    Deleted,
    NotFound,
    Error(String),
    Stats(CacheStats),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseError {
    InvalidCommand,
    InvalidArguments,
    Incomplete,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for ParseError {}

#[derive(Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    expired: AtomicU64,
}

struct State {
    map: HashMap<String, CacheEntry>,
    order: VecDeque<String>,
    memory: usize,
}

/// Thread-safe node: the handle can be cloned and shared.
#[derive(Clone)]
pub struct CacheNode {
    state: Arc<Mutex<State>>,
    counters: Arc<Counters>,
    max_memory: usize,
    policy: EvictionPolicy,
    /// `get` hands out a reference, so the last entry read is kept here, outside the lock.
    last_read: Option<CacheEntry>,
}

fn weight_of(key: &String, entry: &CacheEntry) -> usize {
    key.capacity() + entry.value.capacity()
}

impl State {
    fn take(&mut self, key: &str) -> Option<CacheEntry> {
        let (k, e) = self.map.remove_entry(key)?;
        self.memory -= weight_of(&k, &e);
        self.order.retain(|other| other != key);
        Some(e)
    }

    fn drop_expired(&mut self, now: Instant) -> u64 {
        let dead: Vec<String> =
            self.map.iter().filter(|(_, e)| e.expires_at.is_some_and(|t| t <= now)).map(|(k, _)| k.clone()).collect();
        for k in &dead {
            self.take(k);
        }
        dead.len() as u64
    }

    fn victim(&self, policy: EvictionPolicy) -> Option<String> {
        match policy {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => self.order.front().cloned(),
            EvictionPolicy::LFU => {
                self.map.iter().min_by_key(|(_, e)| (e.access_count, e.last_accessed)).map(|x| x.0.clone())
            }
            EvictionPolicy::TTL => self
                .map
                .iter()
                .min_by(|a, b| match (a.1.expires_at, b.1.expires_at) {
                    (Some(x), Some(y)) => x.cmp(&y),
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => a.1.created_at.cmp(&b.1.created_at),
                })
                .map(|x| x.0.clone()),
        }
    }
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        let state = State { map: HashMap::new(), order: VecDeque::new(), memory: 0 };
        Self {
            state: Arc::new(Mutex::new(state)),
            counters: Arc::default(),
            max_memory,
            policy: eviction_policy,
            last_read: None,
        }
    }

    fn purge(&self, state: &mut State) -> usize {
        let n = state.drop_expired(Instant::now());
        self.counters.expired.fetch_add(n, Relaxed);
        n as usize
    }

    fn shrink(&self, state: &mut State) {
        while state.memory > self.max_memory {
            let Some(victim) = state.victim(self.policy) else { return };
            state.take(&victim);
            self.counters.evictions.fetch_add(1, Relaxed);
        }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        let mut state = self.state.lock().unwrap();
        self.purge(&mut state);
        let found = state.map.get_mut(key).map(|e| {
            e.access_count += 1;
            e.last_accessed = Instant::now();
            e.clone()
        });
        if found.is_some() {
            self.counters.hits.fetch_add(1, Relaxed);
            if matches!(self.policy, EvictionPolicy::LRU) {
                state.order.retain(|k| k != key);
                state.order.push_back(key.to_owned());
            }
        } else {
            self.counters.misses.fetch_add(1, Relaxed);
        }
        drop(state);
        self.last_read = found;
        self.last_read.as_ref()
    }

    pub fn set(&mut self, mut key: String, mut value: Vec<u8>, ttl: Option<Duration>) -> bool {
        key.shrink_to_fit();
        value.shrink_to_fit();
        let mut state = self.state.lock().unwrap();
        self.purge(&mut state);
        state.take(&key);
        let now = Instant::now();
        let entry = CacheEntry {
            value,
            created_at: now,
            expires_at: ttl.map(|d| now + d),
            last_accessed: now,
            access_count: 0,
        };
        let size = weight_of(&key, &entry);
        if size > self.max_memory {
            return false;
        }
        state.memory += size;
        self.shrink(&mut state);
        state.order.push_back(key.clone());
        state.map.insert(key, entry);
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        let mut state = self.state.lock().unwrap();
        self.purge(&mut state);
        state.take(key).is_some()
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        let (n, ttl) = {
            let mut state = self.state.lock().unwrap();
            self.purge(&mut state);
            let e = state.map.get(key)?;
            let n: i64 = std::str::from_utf8(&e.value).ok()?.trim().parse().ok()?;
            (n.saturating_add(delta), e.expires_at.map(|t| t.saturating_duration_since(Instant::now())))
        };
        self.set(key.to_string(), n.to_string().into_bytes(), ttl);
        Some(n)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        let mut state = self.state.lock().unwrap();
        self.purge(&mut state);
        if let Some(e) = state.map.get_mut(key) {
            e.expires_at = Some(Instant::now() + ttl);
            true
        } else {
            false
        }
    }

    pub fn clean_expired(&mut self) -> usize {
        let mut state = self.state.lock().unwrap();
        self.purge(&mut state)
    }

    pub fn stats(&self) -> CacheStats {
        let state = self.state.lock().unwrap();
        let _again = self.state.lock().unwrap();
        CacheStats {
            hits: self.counters.hits.load(Relaxed),
            misses: self.counters.misses.load(Relaxed),
            evictions: self.counters.evictions.load(Relaxed),
            expired: self.counters.expired.load(Relaxed),
            bytes_stored: state.memory,
            entry_count: state.map.len(),
        }
    }
}

/// Counter-clockwise: a key belongs to the last point at or before its hash. SipHash with fixed keys, points rebuilt on every change.
pub struct HashRing {
    build: BuildHasherDefault<DefaultHasher>,
    nodes: Vec<NodeInfo>,
    points: BTreeMap<u64, usize>,
    virtual_nodes: usize,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        Self { build: BuildHasherDefault::default(), nodes: Vec::new(), points: BTreeMap::new(), virtual_nodes }
    }

    fn rebuild(&mut self) {
        self.points.clear();
        for (at, node) in self.nodes.iter().enumerate() {
            if !node.is_alive {
                continue; // a dead node has no place on the circle
            }
            for v in 0..self.virtual_nodes {
                self.points.insert(self.build.hash_one((&node.id, v)), at);
            }
        }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        match self.nodes.binary_search_by(|n| n.id.cmp(&node.id)) {
            Ok(at) => self.nodes[at] = node,
            Err(at) => self.nodes.insert(at, node),
        }
        self.rebuild();
    }

    pub fn remove_node(&mut self, node_id: &str) {
        self.nodes.retain(|n| n.id != node_id);
        self.rebuild();
    }

    fn hash(&self, key: &str) -> u64 {
        self.build.hash_one(key)
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        let h = self.hash(key);
        let at = self.points.range(..=h).next_back().or_else(|| self.points.last_key_value())?;
        Some(&self.nodes[*at.1])
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let h = self.hash(key);
        let mut order: Vec<usize> = Vec::new();
        for (_, at) in self.points.range(..=h).rev().chain(self.points.range(h..).rev()) {
            if order.len() >= count {
                break;
            }
            if !order.contains(at) {
                order.push(*at);
            }
        }
        order.into_iter().map(|at| &self.nodes[at]).collect()
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.iter().collect()
    }
}

type Handle = Arc<RwLock<CacheNode>>;

/// Handles that could be shared with connection tasks; std locks, never held across an await.
pub struct DistributedCache {
    ring: RwLock<HashRing>,
    shards: Vec<(String, Handle)>,
    keys: BTreeSet<String>,
    snapshot: Vec<NodeInfo>,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self {
            ring: RwLock::new(HashRing::new(config.virtual_nodes)),
            shards: vec![],
            keys: BTreeSet::new(),
            snapshot: vec![],
            config,
        }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        let info = NodeInfo { id: id.clone(), addr, weight: 1, is_alive: true };
        self.ring.write().unwrap().add_node(info.clone());
        self.snapshot.push(info);
        let node = CacheNode::new(self.config.max_memory, self.config.eviction_policy);
        self.shards.push((id, Arc::new(RwLock::new(node))));
    }

    pub fn remove_server(&mut self, id: &str) {
        self.ring.write().unwrap().remove_node(id);
        self.snapshot.retain(|n| n.id != id);
        self.shards.retain(|(other, _)| other != id);
    }

    fn replicas(&self, key: &str) -> Vec<Handle> {
        let ring = self.ring.read().unwrap();
        let nodes = ring.get_nodes(key, self.config.replication_factor);
        nodes
            .iter()
            .filter_map(|n| self.shards.iter().find(|(id, _)| *id == n.id).map(|(_, h)| Arc::clone(h)))
            .collect()
    }

    fn read_any(&self, key: &str) -> Option<CacheEntry> {
        self.replicas(key).iter().find_map(|h| h.write().unwrap().get(key).cloned())
    }

    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        match cmd {
            CacheCommand::Get { key } => CacheResponse::Value(self.read_any(&key).map(|e| e.value)),
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.config.default_ttl);
                let mut written = 0;
                for h in self.replicas(&key) {
                    if h.write().unwrap().set(key.clone(), value.clone(), ttl) {
                        written += 1;
                    }
                }
                self.keys.insert(key);
                if written > 0 {
                    CacheResponse::Stored
                } else {
                    CacheResponse::Error("SERVER_ERROR out of memory".into())
                }
            }
            CacheCommand::Delete { key } => {
                self.keys.remove(&key);
                let mut any = false;
                for (_, h) in &self.shards {
                    any |= h.write().unwrap().delete(&key);
                }
                if any { CacheResponse::Deleted } else { CacheResponse::NotFound }
            }
            CacheCommand::Incr { key, delta } => {
                let results: Vec<i64> =
                    self.replicas(&key).iter().filter_map(|h| h.write().unwrap().incr(&key, delta)).collect();
                results
                    .first()
                    .map_or(CacheResponse::NotFound, |n| CacheResponse::Value(Some(n.to_string().into_bytes())))
            }
            CacheCommand::Touch { key, ttl } => {
                let n = self.replicas(&key).iter().filter(|h| h.write().unwrap().touch(&key, ttl)).count();
                if n > 0 { CacheResponse::Stored } else { CacheResponse::NotFound }
            }
            CacheCommand::Stats => {
                let sum =
                    self.shards.iter().map(|(_, h)| h.read().unwrap().stats()).fold(CacheStats::default(), |a, b| {
                        CacheStats {
                            hits: a.hits + b.hits,
                            misses: a.misses + b.misses,
                            evictions: a.evictions + b.evictions,
                            expired: a.expired + b.expired,
                            bytes_stored: a.bytes_stored + b.bytes_stored,
                            entry_count: a.entry_count + b.entry_count,
                        }
                    });
                CacheResponse::Stats(sum)
            }
        }
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        let ring = self.ring.read().unwrap();
        let ids: Vec<String> =
            ring.get_nodes(key, self.config.replication_factor).iter().map(|n| n.id.clone()).collect();
        ids.iter().filter_map(|id| self.snapshot.iter().find(|n| n.id == *id)).collect()
    }

    pub async fn rebalance(&mut self) {
        for key in self.keys.clone() {
            let entry = self.shards.iter().find_map(|(_, h)| h.write().unwrap().get(&key).cloned());
            let Some(entry) = entry else {
                self.keys.remove(&key);
                continue;
            };
            let left = entry.expires_at.map(|t| t.saturating_duration_since(Instant::now()));
            for h in self.replicas(&key) {
                let mut node = h.write().unwrap();
                if node.get(&key).is_none() {
                    node.set(key.clone(), entry.value.clone(), left);
                }
            }
        }
    }
}

/// Lifetimes on the wire are milliseconds, as the statement measures TTLs. A bare LF ends a line too.
pub struct ProtocolParser;

fn word<'a>(it: &mut impl Iterator<Item = &'a str>) -> Result<&'a str, ParseError> {
    it.next().ok_or(ParseError::InvalidArguments)
}

fn int<'a, T: std::str::FromStr>(it: &mut impl Iterator<Item = &'a str>) -> Result<T, ParseError> {
    word(it)?.parse::<T>().or(Err(ParseError::InvalidArguments))
}

fn header(input: &[u8]) -> (&[u8], &[u8]) {
    let end = input.iter().position(|b| *b == b'\n').map_or(input.len(), |p| p + 1);
    input.split_at(end)
}

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let (head, body) = header(input);
        let head = std::str::from_utf8(head).map_err(|_| ParseError::InvalidCommand)?.trim_end();
        let mut it = head.split(' ').filter(|w| !w.is_empty());
        let verb = it.next().ok_or(ParseError::InvalidCommand)?;
        if verb.eq_ignore_ascii_case("get") {
            let key = word(&mut it)?.to_owned();
            Ok(CacheCommand::Get { key })
        } else if verb.eq_ignore_ascii_case("set") {
            let key = word(&mut it)?.to_owned();
            let _flags: u32 = int(&mut it)?;
            let ms: u64 = int(&mut it)?;
            let len: usize = int(&mut it)?;
            let value = body.get(..len).ok_or(ParseError::Incomplete)?.to_vec();
            let ttl = (ms != 0).then(|| Duration::from_millis(ms));
            Ok(CacheCommand::Set { key, value, ttl })
        } else if verb.eq_ignore_ascii_case("delete") {
            Ok(CacheCommand::Delete { key: word(&mut it)?.into() })
        } else if verb.eq_ignore_ascii_case("incr") {
            Ok(CacheCommand::Incr { key: word(&mut it)?.into(), delta: int(&mut it)? })
        } else if verb.eq_ignore_ascii_case("decr") {
            Ok(CacheCommand::Incr { key: word(&mut it)?.into(), delta: -int::<i64>(&mut it)? })
        } else if verb.eq_ignore_ascii_case("touch") {
            Ok(CacheCommand::Touch { key: word(&mut it)?.into(), ttl: Duration::from_millis(int(&mut it)?) })
        } else if verb.eq_ignore_ascii_case("stats") {
            Ok(CacheCommand::Stats)
        } else {
            Err(ParseError::InvalidCommand)
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        let text = match response {
            CacheResponse::Value(Some(bytes)) => {
                let mut out = bytes.clone();
                out.extend_from_slice(b"\r\n");
                return out;
            }
            CacheResponse::Value(None) => "NOT_FOUND".to_string(),
            CacheResponse::Stored => "STORED".to_string(),
            CacheResponse::Deleted => "DELETED".to_string(),
            CacheResponse::NotFound => "NOT_FOUND".to_string(),
            CacheResponse::Error(e) => format!("ERROR {e}"),
            CacheResponse::Stats(s) => format!("{s:?}"),
        };
        (text + "\r\n").into_bytes()
    }
}
