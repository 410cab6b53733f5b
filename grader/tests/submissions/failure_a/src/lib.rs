//! Failure A: an entry past its TTL is still there until somebody calls `clean_expired`.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
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

pub struct CacheNode {
    data: HashMap<String, CacheEntry>,
    lru_order: VecDeque<String>,
    max_memory: usize,
    current_memory: usize,
    eviction_policy: EvictionPolicy,
    stats: CacheStats,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        Self {
            data: HashMap::new(),
            lru_order: VecDeque::new(),
            max_memory,
            current_memory: 0,
            eviction_policy,
            stats: CacheStats::default(),
        }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        if self.is_expired(key) {
            self.remove_entry(key);
            self.stats.expired += 1;
        }
        if !self.data.contains_key(key) {
            self.stats.misses += 1;
            return None;
        }
        self.stats.hits += 1;
        if matches!(self.eviction_policy, EvictionPolicy::LRU) {
            self.lru_order.retain(|k| k != key);
            self.lru_order.push_back(key.to_string());
        }
        let entry = self.data.get_mut(key)?;
        entry.last_accessed = Instant::now();
        entry.access_count += 1;
        Some(entry)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let size = key.len() + value.len();
        self.remove_entry(&key);
        if size > self.max_memory {
            return false;
        }
        self.current_memory += size;
        self.maybe_evict();
        let now = Instant::now();
        self.data.insert(
            key.clone(),
            CacheEntry { value, created_at: now, expires_at: ttl.map(|d| now + d), last_accessed: now, access_count: 0 },
        );
        self.lru_order.push_back(key);
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.remove_entry(key)
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        if self.is_expired(key) {
            return None;
        }
        let entry = self.data.get(key)?;
        let current: i64 = String::from_utf8(entry.value.clone()).ok()?.trim().parse().ok()?;
        let next = current.checked_add(delta)?;
        let ttl = entry.expires_at.map(|at| at.duration_since(Instant::now()));
        self.set(key.to_string(), next.to_string().into_bytes(), ttl);
        Some(next)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        if self.is_expired(key) {
            return false;
        }
        match self.data.get_mut(key) {
            Some(entry) => {
                entry.expires_at = Some(Instant::now() + ttl);
                true
            }
            None => false,
        }
    }

    fn maybe_evict(&mut self) {
        while self.current_memory > self.max_memory {
            if self.evict_one().is_none() {
                break;
            }
        }
    }

    fn evict_one(&mut self) -> Option<String> {
        let victim = match self.eviction_policy {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => self.lru_order.front().cloned(),
            EvictionPolicy::LFU => {
                self.lru_order.iter().min_by_key(|k| self.data[k.as_str()].access_count).cloned()
            }
            EvictionPolicy::TTL => self
                .lru_order
                .iter()
                .filter(|k| self.data[k.as_str()].expires_at.is_some())
                .min_by_key(|k| self.data[k.as_str()].expires_at)
                .or_else(|| self.lru_order.front())
                .cloned(),
        }?;
        self.remove_entry(&victim);
        self.stats.evictions += 1;
        Some(victim)
    }

    pub fn clean_expired(&mut self) -> usize {
        let now = Instant::now();
        let dead: Vec<String> = self
            .data
            .iter()
            .filter(|(_, e)| e.expires_at.is_some_and(|at| now > at))
            .map(|(k, _)| k.clone())
            .collect();
        for key in &dead {
            self.remove_entry(key);
        }
        self.stats.expired += dead.len() as u64;
        dead.len()
    }

    pub fn stats(&self) -> CacheStats {
        let mut stats = self.stats.clone();
        stats.bytes_stored = self.current_memory;
        stats.entry_count = self.data.len();
        stats
    }

    fn is_expired(&self, key: &str) -> bool {
        self.data.get(key).is_some_and(|e| e.created_at > Instant::now())
    }

    fn remove_entry(&mut self, key: &str) -> bool {
        match self.data.remove(key) {
            Some(entry) => {
                self.current_memory -= key.len() + entry.value.len();
                self.lru_order.retain(|k| k != key);
                true
            }
            None => false,
        }
    }
}

pub struct HashRing {
    ring: BTreeMap<u64, String>,
    nodes: HashMap<String, NodeInfo>,
    virtual_nodes: usize,
}

#[derive(Debug, Clone)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        Self { ring: BTreeMap::new(), nodes: HashMap::new(), virtual_nodes }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        for i in 0..self.virtual_nodes {
            let point = self.hash(&format!("{}#{}", node.id, i));
            self.ring.insert(point, node.id.clone());
        }
        self.nodes.insert(node.id.clone(), node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        self.ring.retain(|_, id| id != node_id);
        self.nodes.remove(node_id);
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.get_nodes(key, 1).into_iter().next()
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let start = self.hash(key);
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for (_, id) in self.ring.range(start..).chain(self.ring.range(..start)) {
            if found.len() >= count {
                break;
            }
            let node = &self.nodes[id];
            if node.is_alive && seen.insert(id) {
                found.push(node);
            }
        }
        found
    }

    fn hash(&self, key: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
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
        let end = input.windows(2).position(|w| w == b"\r\n").ok_or(ParseError::Incomplete)?;
        let line = std::str::from_utf8(&input[..end]).map_err(|_| ParseError::InvalidCommand)?;
        let body = &input[end + 2..];
        let parts: Vec<&str> = line.split_whitespace().collect();
        if parts.is_empty() {
            return Err(ParseError::InvalidCommand);
        }
        match parts[0].to_lowercase().as_str() {
            "get" => {
                if parts.len() != 2 {
                    return Err(ParseError::InvalidArguments);
                }
                Ok(CacheCommand::Get { key: parts[1].to_string() })
            }
            "set" => {
                if parts.len() < 5 {
                    return Err(ParseError::InvalidArguments);
                }
                let secs: u64 = parts[3].parse().map_err(|_| ParseError::InvalidArguments)?;
                let len: usize = parts[4].parse().map_err(|_| ParseError::InvalidArguments)?;
                if body.len() < len + 2 {
                    return Err(ParseError::Incomplete);
                }
                if &body[len..len + 2] != b"\r\n" {
                    return Err(ParseError::InvalidArguments);
                }
                Ok(CacheCommand::Set {
                    key: parts[1].to_string(),
                    value: body[..len].to_vec(),
                    ttl: if secs == 0 { None } else { Some(Duration::from_secs(secs)) },
                })
            }
            "delete" => {
                let key = parts.get(1).ok_or(ParseError::InvalidArguments)?;
                Ok(CacheCommand::Delete { key: key.to_string() })
            }
            verb @ ("incr" | "decr") => {
                if parts.len() < 3 {
                    return Err(ParseError::InvalidArguments);
                }
                let n: i64 = parts[2].parse().map_err(|_| ParseError::InvalidArguments)?;
                Ok(CacheCommand::Incr { key: parts[1].to_string(), delta: if verb == "incr" { n } else { -n } })
            }
            "touch" => {
                if parts.len() < 3 {
                    return Err(ParseError::InvalidArguments);
                }
                let secs: u64 = parts[2].parse().map_err(|_| ParseError::InvalidArguments)?;
                Ok(CacheCommand::Touch { key: parts[1].to_string(), ttl: Duration::from_secs(secs) })
            }
            "stats" => Ok(CacheCommand::Stats),
            _ => Err(ParseError::InvalidCommand),
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        match response {
            CacheResponse::Value(Some(v)) => {
                let mut out = format!("VALUE {}\r\n", v.len()).into_bytes();
                out.extend(v);
                out.extend(b"\r\nEND\r\n");
                out
            }
            CacheResponse::Value(None) => b"END\r\n".to_vec(),
            CacheResponse::Stored => b"STORED\r\n".to_vec(),
            CacheResponse::Deleted => b"DELETED\r\n".to_vec(),
            CacheResponse::NotFound => b"NOT_FOUND\r\n".to_vec(),
            CacheResponse::Error(e) => format!("ERROR {e}\r\n").into_bytes(),
            CacheResponse::Stats(s) => format!("STAT {s:?}\r\nEND\r\n").into_bytes(),
        }
    }
}
