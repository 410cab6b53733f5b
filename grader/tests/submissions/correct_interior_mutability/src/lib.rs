//! Shared references where the prototype has exclusive ones: state behind `RwLock`, `Mutex`, atomics and `RefCell`.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

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
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    expired: AtomicU64,
    bytes: AtomicUsize,
    tick: AtomicU64,
}

pub struct CacheNode {
    entries: HashMap<String, CacheEntry>,
    recency: RwLock<HashMap<String, u64>>,
    counters: Arc<Counters>,
    limit: usize,
    policy: EvictionPolicy,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        Self {
            entries: HashMap::new(),
            recency: RwLock::default(),
            counters: Arc::default(),
            limit: max_memory,
            policy: eviction_policy,
        }
    }

    fn note(&self, key: &str) {
        let tick = self.counters.tick.fetch_add(1, SeqCst);
        self.recency.write().unwrap().insert(key.to_string(), tick);
    }

    fn erase(&mut self, key: &str) -> bool {
        let Some(entry) = self.entries.remove(key) else { return false };
        self.recency.write().unwrap().remove(key);
        self.counters.bytes.fetch_sub(key.len() + entry.value.len(), SeqCst);
        true
    }

    fn is_dead(&self, key: &str) -> bool {
        self.entries.get(key).and_then(|e| e.expires_at).map(|t| t <= Instant::now()).unwrap_or(false)
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        if self.is_dead(key) {
            self.erase(key);
            self.counters.expired.fetch_add(1, SeqCst);
        }
        let counter = if self.entries.contains_key(key) { &self.counters.hits } else { &self.counters.misses };
        counter.fetch_add(1, SeqCst);
        if self.entries.contains_key(key) && !matches!(self.policy, EvictionPolicy::FIFO) {
            self.note(key);
        }
        self.entries.get_mut(key).map(|e| {
            e.access_count += 1;
            e.last_accessed = Instant::now();
            &*e
        })
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let size = key.len() + value.len();
        self.erase(&key);
        if size > self.limit {
            return false;
        }
        self.counters.bytes.fetch_add(size, SeqCst);
        self.maybe_evict();
        self.note(&key);
        let now = Instant::now();
        let entry =
            CacheEntry { value, created_at: now, expires_at: ttl.map(|d| now + d), last_accessed: now, access_count: 0 };
        self.entries.insert(key, entry);
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        !self.is_dead(key) && self.erase(key)
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        if self.is_dead(key) {
            return None;
        }
        let entry = self.entries.get_mut(key)?;
        let text = std::str::from_utf8(&entry.value).ok()?;
        let new = text.parse::<i64>().ok()?.wrapping_add(delta);
        let digits = new.to_string();
        self.counters.bytes.fetch_add(digits.len(), SeqCst);
        self.counters.bytes.fetch_sub(entry.value.len(), SeqCst);
        entry.value = digits.into_bytes();
        self.maybe_evict();
        Some(new)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        if self.is_dead(key) {
            return false;
        }
        self.entries.get_mut(key).map(|e| e.expires_at = Some(Instant::now() + ttl)).is_some()
    }

    fn maybe_evict(&mut self) {
        while self.counters.bytes.load(SeqCst) > self.limit {
            if self.evict_one().is_none() {
                break;
            }
        }
    }

    fn evict_one(&mut self) -> Option<String> {
        let victim = {
            let recency = self.recency.read().unwrap();
            let rank = |key: &String| {
                let entry = &self.entries[key];
                match self.policy {
                    EvictionPolicy::LRU | EvictionPolicy::FIFO => (None, 0),
                    EvictionPolicy::LFU => (None, entry.access_count),
                    EvictionPolicy::TTL => (entry.expires_at, u64::from(entry.expires_at.is_none())),
                }
            };
            recency.iter().min_by_key(|(key, tick)| (rank(key).1, rank(key).0, **tick)).map(|(key, _)| key.clone())?
        };
        self.erase(&victim);
        self.counters.evictions.fetch_add(1, SeqCst);
        Some(victim)
    }

    pub fn clean_expired(&mut self) -> usize {
        let dead: Vec<String> = self.entries.keys().filter(|k| self.is_dead(k)).cloned().collect();
        dead.iter().for_each(|k| {
            self.erase(k);
        });
        self.counters.expired.fetch_add(dead.len() as u64, SeqCst);
        dead.len()
    }

    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.counters.hits.load(SeqCst),
            misses: self.counters.misses.load(SeqCst),
            evictions: self.counters.evictions.load(SeqCst),
            expired: self.counters.expired.load(SeqCst),
            bytes_stored: self.counters.bytes.load(SeqCst),
            entry_count: self.entries.len(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

pub struct HashRing {
    points: Mutex<BTreeMap<u64, String>>,
    nodes: HashMap<String, NodeInfo>,
    virtual_nodes: usize,
    /// The last answers; cleared whenever the nodes change.
    cache: RefCell<HashMap<String, Vec<String>>>,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        Self { points: Mutex::default(), nodes: HashMap::new(), virtual_nodes, cache: RefCell::default() }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        self.cache.borrow_mut().clear();
        let mut points = self.points.lock().unwrap();
        for i in 0..self.virtual_nodes {
            points.insert(hash(&[node.id.as_bytes(), b"@", &(i as u32).to_be_bytes()].concat()), node.id.clone());
        }
        drop(points);
        self.nodes.insert(node.id.clone(), node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        self.cache.borrow_mut().clear();
        self.points.lock().unwrap().retain(|_, id| id != node_id);
        self.nodes.remove(node_id);
    }

    fn order(&self, key: &str) -> Vec<String> {
        if let Some(order) = self.cache.borrow().get(key) {
            return order.clone();
        }
        let points = self.points.lock().unwrap();
        let h = hash(key.as_bytes());
        let mut seen = HashSet::new();
        let walk = points.range(h..).chain(points.range(..h)).map(|(_, id)| id);
        let order: Vec<String> = walk.filter(|id| seen.insert(id.as_str())).cloned().collect();
        self.cache.borrow_mut().insert(key.to_string(), order.clone());
        order
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.order(key).iter().map(|id| &self.nodes[id]).find(|n| n.is_alive)
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        self.order(key).iter().map(|id| &self.nodes[id]).filter(|n| n.is_alive).take(count).collect()
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.values().collect()
    }
}

/// Jenkins's one-at-a-time over two lanes, then mixed.
fn hash(bytes: &[u8]) -> u64 {
    let lane = |seed: u32| {
        let mut h = bytes.iter().fold(seed, |h, b| {
            let h = h.wrapping_add(u32::from(*b));
            let h = h.wrapping_add(h << 10);
            h ^ (h >> 6)
        });
        h = h.wrapping_add(h << 3);
        h ^= h >> 11;
        u64::from(h.wrapping_add(h << 15))
    };
    let both = lane(0x9e37_79b9) << 32 | lane(0x85eb_ca6b);
    // The lanes alone spread names that differ in few letters unevenly.
    let mixed = (both ^ (both >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
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

pub struct DistributedCache {
    ring: HashRing,
    local_cache: CacheNode,
    replication_factor: usize,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self {
            ring: HashRing::new(config.virtual_nodes),
            local_cache: CacheNode::new(config.max_memory, config.eviction_policy),
            replication_factor: config.replication_factor,
            config,
        }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
    }

    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        match cmd {
            CacheCommand::Get { key } => match self.local_cache.get(&key) {
                Some(entry) => CacheResponse::Value(Some(entry.value.clone())),
                None => CacheResponse::NotFound,
            },
            CacheCommand::Set { key, value, ttl } => {
                if self.local_cache.set(key, value, ttl.or(self.config.default_ttl)) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::Error("SERVER_ERROR object too large for cache".into())
                }
            }
            CacheCommand::Delete { key } => {
                if self.local_cache.delete(&key) {
                    CacheResponse::Deleted
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Incr { key, delta } => match self.local_cache.incr(&key, delta) {
                Some(n) => CacheResponse::Value(Some(n.to_string().into_bytes())),
                None => CacheResponse::NotFound,
            },
            CacheCommand::Touch { key, ttl } => {
                if self.local_cache.touch(&key, ttl) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Stats => CacheResponse::Stats(self.local_cache.stats()),
        }
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.replication_factor)
    }

    pub async fn rebalance(&mut self) {
        // One process, one local cache: the ring alone says where a key belongs, and there is nothing to move.
    }
}

pub struct ProtocolParser;

#[derive(Debug)]
pub enum ParseError {
    InvalidCommand,
    InvalidArguments,
    Incomplete,
}

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let newline = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
        let words: Vec<&[u8]> =
            input[..newline].split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty()).collect();
        let text = |i: usize| -> Result<String, ParseError> {
            let word = words.get(i).ok_or(ParseError::InvalidArguments)?;
            String::from_utf8(word.to_vec()).map_err(|_| ParseError::InvalidArguments)
        };
        let number = |i: usize| text(i)?.parse::<i64>().map_err(|_| ParseError::InvalidArguments);
        let Some(verb) = words.first() else { return Err(ParseError::InvalidCommand) };
        match verb.to_ascii_uppercase().as_slice() {
            b"GET" | b"GETS" => Ok(CacheCommand::Get { key: text(1)? }),
            b"DELETE" => Ok(CacheCommand::Delete { key: text(1)? }),
            b"INCR" => Ok(CacheCommand::Incr { key: text(1)?, delta: number(2)? }),
            b"DECR" => Ok(CacheCommand::Incr { key: text(1)?, delta: -number(2)? }),
            b"TOUCH" => Ok(CacheCommand::Touch { key: text(1)?, ttl: Duration::from_secs(number(2)?.max(0) as u64) }),
            b"STATS" => Ok(CacheCommand::Stats),
            b"SET" => {
                let (key, seconds, length) = (text(1)?, number(3)?, number(4)?);
                let length = usize::try_from(length).map_err(|_| ParseError::InvalidArguments)?;
                let begin = newline + 1;
                let there = input.len().saturating_sub(begin);
                if there < length {
                    return Err(ParseError::Incomplete);
                }
                let ttl = if seconds == 0 { None } else { Some(Duration::from_secs(seconds as u64)) };
                Ok(CacheCommand::Set { key, value: input[begin..begin + length].to_vec(), ttl })
            }
            _ => Err(ParseError::InvalidCommand),
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        match response {
            CacheResponse::Value(None) => b"END\r\n".to_vec(),
            CacheResponse::Value(Some(v)) => v.clone(),
            CacheResponse::Stored => b"STORED\r\n".to_vec(),
            CacheResponse::Deleted => b"DELETED\r\n".to_vec(),
            CacheResponse::NotFound => b"NOT_FOUND\r\n".to_vec(),
            CacheResponse::Error(e) => e.clone().into_bytes(),
            CacheResponse::Stats(_) => b"END\r\n".to_vec(),
        }
    }
}
