//! A node for each server behind tokio's locks, copies written to all, places on the ring from xxHash.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, RwLock};
use xxhash_rust::xxh3::xxh3_64;

#[derive(Debug, Clone)]
pub struct CacheEntry {
    pub value: Vec<u8>,
    pub created_at: Instant,
    pub expires_at: Option<Instant>,
    pub last_accessed: Instant,
    pub access_count: u64,
}

#[derive(Debug, Clone, Default)]
pub struct CacheStats {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub expired: u64,
    pub bytes_stored: usize,
    pub entry_count: usize,
}

#[derive(Debug, Clone, Copy)]
pub enum EvictionPolicy {
    LRU,
    LFU,
    FIFO,
    TTL,
}

#[derive(Default)]
pub struct CacheNode {
    entries: BTreeMap<String, CacheEntry>,
    age: HashMap<String, u64>,
    next_age: u64,
    max_memory: usize,
    policy: Option<EvictionPolicy>,
    stats: CacheStats,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        Self { max_memory, policy: Some(eviction_policy), ..Default::default() }
    }

    fn bytes(&self) -> usize {
        self.entries.iter().map(|(k, e)| k.len() + e.value.len()).sum()
    }

    fn purge(&mut self) -> usize {
        let now = Instant::now();
        let before = self.entries.len();
        self.entries.retain(|_, e| e.expires_at.is_none_or(|t| t > now));
        let entries = &self.entries;
        self.age.retain(|k, _| entries.contains_key(k));
        let gone = before - self.entries.len();
        self.stats.expired += gone as u64;
        gone
    }

    fn renew(&mut self, key: &str) {
        self.next_age += 1;
        self.age.insert(key.to_string(), self.next_age);
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.purge();
        if self.entries.contains_key(key) {
            self.stats.hits += 1;
            if !matches!(self.policy, Some(EvictionPolicy::FIFO)) {
                self.renew(key);
            }
            let e = self.entries.get_mut(key)?;
            e.access_count += 1;
            e.last_accessed = Instant::now();
            Some(e)
        } else {
            self.stats.misses += 1;
            None
        }
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        self.purge();
        self.entries.remove(&key);
        self.age.remove(&key);
        let need = key.len() + value.len();
        if need > self.max_memory {
            return false;
        }
        while self.bytes() + need > self.max_memory {
            self.evict_one();
        }
        let now = Instant::now();
        self.renew(&key);
        self.entries.insert(
            key,
            CacheEntry { value, created_at: now, last_accessed: now, expires_at: ttl.map(|t| now + t), access_count: 0 },
        );
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.purge();
        self.age.remove(key);
        self.entries.remove(key).is_some()
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.purge();
        let e = self.entries.get_mut(key)?;
        let n: i64 = std::str::from_utf8(&e.value).ok()?.parse().ok()?;
        let n = n.checked_add(delta)?;
        e.value = n.to_string().into();
        while self.bytes() > self.max_memory {
            self.evict_one();
        }
        Some(n)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.purge();
        if let Some(e) = self.entries.get_mut(key) {
            e.expires_at = Some(Instant::now() + ttl);
            return true;
        }
        false
    }

    fn evict_one(&mut self) -> Option<String> {
        let age = |k: &String| self.age.get(k).copied().unwrap_or(0);
        let key = match self.policy? {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => self.entries.keys().min_by_key(|k| age(k))?,
            EvictionPolicy::LFU => self.entries.iter().min_by_key(|(k, e)| (e.access_count, age(k)))?.0,
            EvictionPolicy::TTL => {
                self.entries.iter().min_by_key(|(k, e)| (e.expires_at.is_none(), e.expires_at, age(k)))?.0
            }
        }
        .clone();
        self.entries.remove(&key);
        self.age.remove(&key);
        self.stats.evictions += 1;
        Some(key)
    }

    pub fn clean_expired(&mut self) -> usize {
        self.purge()
    }

    pub fn stats(&self) -> CacheStats {
        CacheStats { bytes_stored: self.bytes(), entry_count: self.entries.len(), ..self.stats.clone() }
    }
}

#[derive(Debug, Clone)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

#[derive(Clone)]
pub struct HashRing {
    ring: BTreeMap<u64, Arc<str>>,
    nodes: BTreeMap<Arc<str>, NodeInfo>,
    virtual_nodes: usize,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        Self { ring: BTreeMap::new(), nodes: BTreeMap::new(), virtual_nodes }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        let id: Arc<str> = node.id.as_str().into();
        for v in 0..self.virtual_nodes {
            self.ring.insert(self.hash(&format!("{id}/{v}")), id.clone());
        }
        self.nodes.insert(id, node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        self.ring.retain(|_, id| &**id != node_id);
        self.nodes.remove(node_id);
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.get_nodes(key, 1).pop()
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let h = self.hash(key);
        let mut seen = HashSet::new();
        self.ring
            .range(h..)
            .chain(self.ring.range(..h))
            .filter_map(|(_, id)| self.nodes.get(id))
            .filter(|n| n.is_alive)
            .filter(|n| seen.insert(n.id.as_str()))
            .take(count)
            .collect()
    }

    fn hash(&self, key: &str) -> u64 {
        xxh3_64(key.as_bytes())
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.values().collect()
    }
}

#[derive(Debug, Clone)]
pub struct CacheConfig {
    pub max_memory: usize,
    pub default_ttl: Option<Duration>,
    pub eviction_policy: EvictionPolicy,
    pub replication_factor: usize,
    pub virtual_nodes: usize,
}

#[derive(Debug, Clone)]
pub enum CacheCommand {
    Get { key: String },
    Set { key: String, value: Vec<u8>, ttl: Option<Duration> },
    Delete { key: String },
    Incr { key: String, delta: i64 },
    Touch { key: String, ttl: Duration },
    Stats,
}

#[derive(Debug)]
pub enum CacheResponse {
    Value(Option<Vec<u8>>),
    Stored,
    Deleted,
    NotFound,
    Error(String),
    Stats(CacheStats),
}

type Shared = Arc<Mutex<CacheNode>>;

pub struct DistributedCache {
    ring: HashRing,
    caches: RwLock<HashMap<String, Shared>>,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self { ring: HashRing::new(config.virtual_nodes), caches: RwLock::new(HashMap::new()), config }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        let node = CacheNode::new(self.config.max_memory, self.config.eviction_policy);
        self.caches.get_mut().insert(id.clone(), Arc::new(Mutex::new(node)));
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    pub fn remove_server(&mut self, id: &str) {
        self.caches.get_mut().remove(id);
        self.ring.remove_node(id);
    }

    async fn copies(&self, key: &str) -> Vec<Shared> {
        let caches = self.caches.read().await;
        self.servers_for_key(key).iter().filter_map(|n| caches.get(&n.id).cloned()).collect()
    }

    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        match cmd {
            CacheCommand::Get { key } => {
                for copy in self.copies(&key).await {
                    if let Some(entry) = copy.lock().await.get(&key) {
                        return CacheResponse::Value(Some(entry.value.clone()));
                    }
                }
                CacheResponse::Value(None)
            }
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.config.default_ttl);
                for copy in self.copies(&key).await {
                    copy.lock().await.set(key.clone(), value.clone(), ttl);
                }
                CacheResponse::Stored
            }
            CacheCommand::Delete { key } => {
                let mut any = false;
                for copy in self.copies(&key).await {
                    any |= copy.lock().await.delete(&key);
                }
                if any { CacheResponse::Deleted } else { CacheResponse::NotFound }
            }
            CacheCommand::Incr { key, delta } => {
                let mut sum = None;
                for copy in self.copies(&key).await {
                    sum = copy.lock().await.incr(&key, delta).or(sum);
                }
                sum.map_or(CacheResponse::NotFound, |n| CacheResponse::Value(Some(n.to_string().into_bytes())))
            }
            CacheCommand::Touch { key, ttl } => {
                let mut any = false;
                for copy in self.copies(&key).await {
                    any |= copy.lock().await.touch(&key, ttl);
                }
                if any { CacheResponse::Stored } else { CacheResponse::NotFound }
            }
            CacheCommand::Stats => {
                let mut sum = CacheStats::default();
                for cache in self.caches.read().await.values() {
                    let s = cache.lock().await.stats();
                    sum.hits += s.hits;
                    sum.misses += s.misses;
                    sum.evictions += s.evictions;
                    sum.expired += s.expired;
                    sum.bytes_stored += s.bytes_stored;
                    sum.entry_count += s.entry_count;
                }
                CacheResponse::Stats(sum)
            }
        }
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.config.replication_factor)
    }

    pub async fn rebalance(&mut self) {
        let mut everything: HashMap<String, CacheEntry> = HashMap::new();
        for cache in self.caches.read().await.values() {
            let mut cache = cache.lock().await;
            cache.purge();
            everything.extend(cache.entries.iter().map(|(k, e)| (k.clone(), e.clone())));
        }
        tokio::task::yield_now().await;
        for (key, entry) in everything {
            let names: Vec<String> = self.servers_for_key(&key).iter().map(|n| n.id.clone()).collect();
            for (name, cache) in self.caches.read().await.iter() {
                if !names.contains(name) {
                    cache.lock().await.delete(&key);
                }
            }
            for copy in self.copies(&key).await {
                let mut copy = copy.lock().await;
                if !copy.entries.contains_key(&key) {
                    let left = entry.expires_at.map(|t| t.saturating_duration_since(Instant::now()));
                    copy.set(key.clone(), entry.value.clone(), left);
                }
            }
        }
    }
}

pub struct ProtocolParser;

#[derive(Debug)]
pub enum ParseError {
    InvalidCommand,
    InvalidArguments,
    Incomplete,
}

impl From<std::num::ParseIntError> for ParseError {
    fn from(_: std::num::ParseIntError) -> Self {
        ParseError::InvalidArguments
    }
}

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let text = String::from_utf8_lossy(input);
        let Some((line, _)) = text.split_once("\r\n") else { return Err(ParseError::Incomplete) };
        let words: Vec<&str> = line.split(' ').collect();
        let verb = words[0].to_lowercase();
        match (&*verb, &words[1..]) {
            ("get", [key]) => Ok(CacheCommand::Get { key: key.to_string() }),
            ("delete", [key, ..]) => Ok(CacheCommand::Delete { key: key.to_string() }),
            ("incr", [key, n, ..]) => Ok(CacheCommand::Incr { key: key.to_string(), delta: n.parse()? }),
            ("decr", [key, n, ..]) => Ok(CacheCommand::Incr { key: key.to_string(), delta: -n.parse::<i64>()? }),
            ("touch", [key, s, ..]) => {
                Ok(CacheCommand::Touch { key: key.to_string(), ttl: Duration::from_secs(s.parse()?) })
            }
            ("set", [key, _flags, s, n, ..]) => {
                let (s, n): (u64, usize) = (s.parse()?, n.parse()?);
                let start = input.iter().position(|b| *b == b'\n').unwrap() + 1;
                match input.get(start..start + n) {
                    None => Err(ParseError::Incomplete),
                    Some(data) => Ok(CacheCommand::Set {
                        key: key.to_string(),
                        value: data.to_vec(),
                        ttl: Some(s).filter(|s| *s > 0).map(Duration::from_secs),
                    }),
                }
            }
            ("stats", _) => Ok(CacheCommand::Stats),
            ("get" | "set" | "delete" | "incr" | "decr" | "touch", _) => Err(ParseError::InvalidArguments),
            _ => Err(ParseError::InvalidCommand),
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        match response {
            CacheResponse::Value(Some(data)) => {
                let mut bytes = format!("VALUE k 0 {}\r\n", data.len()).into_bytes();
                bytes.extend_from_slice(data);
                bytes.extend_from_slice(b"\r\nEND\r\n");
                bytes
            }
            CacheResponse::Value(None) => "END\r\n".into(),
            CacheResponse::Stored => "STORED\r\n".into(),
            CacheResponse::Deleted => "DELETED\r\n".into(),
            CacheResponse::NotFound => "NOT_FOUND\r\n".into(),
            CacheResponse::Error(e) => format!("SERVER_ERROR {e}\r\n").into(),
            CacheResponse::Stats(s) => format!("STAT get_hits {}\r\nEND\r\n", s.hits).into(),
        }
    }
}
