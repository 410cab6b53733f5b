//! A thread is started to clean up.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
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

#[derive(Debug, Clone)]
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

#[derive(Debug)]
pub enum ParseError {
    InvalidCommand,
    InvalidArguments,
    Incomplete,
}

/// No order is kept: the victim is searched by its time stamp.
pub struct CacheNode {
    data: HashMap<String, CacheEntry>,
    max_memory: usize,
    current_memory: usize,
    eviction_policy: EvictionPolicy,
    stats: CacheStats,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_secs(60));
            }
        });
        Self { data: HashMap::new(), max_memory, current_memory: 0, eviction_policy, stats: CacheStats::default() }
    }

    fn entry_size(key: &str, value: &[u8]) -> usize {
        key.len() + value.len()
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        let expired = match self.data.get(key) {
            Some(e) => e.expires_at.map_or(false, |t| Instant::now() >= t),
            None => {
                self.stats.misses += 1;
                return None;
            }
        };
        if expired {
            self.delete(key);
            self.stats.expired += 1;
            self.stats.misses += 1;
            return None;
        }
        self.stats.hits += 1;
        let entry = self.data.get_mut(key).unwrap();
        entry.last_accessed = Instant::now();
        entry.access_count += 1;
        Some(&*entry)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let size = Self::entry_size(&key, &value);
        if size > self.max_memory {
            return false;
        }
        self.delete(&key);
        self.current_memory += size;
        self.maybe_evict();
        let now = Instant::now();
        self.data.insert(
            key,
            CacheEntry {
                value,
                created_at: now,
                expires_at: ttl.map(|t| now + t),
                last_accessed: now,
                access_count: 0,
            },
        );
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        match self.data.remove(key) {
            Some(e) => {
                self.current_memory -= Self::entry_size(key, &e.value);
                true
            }
            None => false,
        }
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        let old = self.data.get(key)?;
        if old.expires_at.map_or(false, |t| Instant::now() >= t) {
            return None;
        }
        let n = std::str::from_utf8(&old.value).ok()?.parse::<i64>().ok()?.checked_add(delta)?;
        let ttl = old.expires_at.map(|t| t - Instant::now());
        self.set(key.to_string(), n.to_string().into_bytes(), ttl);
        Some(n)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        let now = Instant::now();
        match self.data.get_mut(key) {
            Some(e) if e.expires_at.map_or(true, |t| t > now) => {
                e.expires_at = Some(now + ttl);
                e.last_accessed = now;
                true
            }
            _ => false,
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
        let key = match self.eviction_policy {
            EvictionPolicy::LRU => self.data.iter().min_by_key(|(_, e)| e.last_accessed).map(|(k, _)| k.clone()),
            EvictionPolicy::LFU => self.data.iter().min_by_key(|(_, e)| e.access_count).map(|(k, _)| k.clone()),
            EvictionPolicy::FIFO => self.data.iter().min_by_key(|(_, e)| e.created_at).map(|(k, _)| k.clone()),
            EvictionPolicy::TTL => self
                .data
                .iter()
                .min_by_key(|(_, e)| (e.expires_at.is_none(), e.expires_at, e.created_at))
                .map(|(k, _)| k.clone()),
        }?;
        self.delete(&key);
        self.stats.evictions += 1;
        Some(key)
    }

    pub fn clean_expired(&mut self) -> usize {
        let now = Instant::now();
        let dead: Vec<String> = self
            .data
            .iter()
            .filter(|(_, e)| e.expires_at.map_or(false, |t| now >= t))
            .map(|(k, _)| k.clone())
            .collect();
        for k in &dead {
            self.delete(k);
        }
        self.stats.expired += dead.len() as u64;
        dead.len()
    }

    pub fn stats(&self) -> CacheStats {
        let mut s = self.stats.clone();
        s.bytes_stored = self.current_memory;
        s.entry_count = self.data.len();
        s
    }
}

pub struct HashRing {
    ring: BTreeMap<u64, String>,
    nodes: HashMap<String, NodeInfo>,
    virtual_nodes: usize,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        Self { ring: BTreeMap::new(), nodes: HashMap::new(), virtual_nodes }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        for i in 0..self.virtual_nodes {
            let h = self.hash(&format!("{}-vn{}", node.id, i));
            self.ring.insert(h, node.id.clone());
        }
        self.nodes.insert(node.id.clone(), node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        if self.nodes.remove(node_id).is_some() {
            self.ring.retain(|_, id| id.as_str() != node_id);
        }
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        let h = self.hash(key);
        self.ring.range(h..).chain(self.ring.range(..h)).filter_map(|(_, id)| self.nodes.get(id)).find(|n| n.is_alive)
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let mut out: Vec<&NodeInfo> = Vec::with_capacity(count.min(self.nodes.len()));
        let h = self.hash(key);
        for (_, id) in self.ring.range(h..).chain(self.ring.range(..h)) {
            if out.len() == count {
                break;
            }
            let Some(node) = self.nodes.get(id) else { continue };
            if node.is_alive && !out.iter().any(|n| n.id == node.id) {
                out.push(node);
            }
        }
        out
    }

    fn hash(&self, key: &str) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut s = DefaultHasher::new();
        key.hash(&mut s);
        s.finish()
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        let mut v: Vec<_> = self.nodes.values().collect();
        v.sort_by(|a, b| a.id.cmp(&b.id));
        v
    }
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
            CacheCommand::Get { key } => CacheResponse::Value(self.local_cache.get(&key).map(|e| e.value.clone())),
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.config.default_ttl);
                if self.local_cache.set(key, value, ttl) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::Error("object too large for cache".to_string())
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
                Some(v) => CacheResponse::Value(Some(v.to_string().into_bytes())),
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
        self.local_cache.clean_expired();
    }
}

pub struct ProtocolParser;

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let Some(eol) = input.iter().position(|&b| b == b'\n') else {
            return Err(ParseError::Incomplete);
        };
        let line = String::from_utf8_lossy(&input[..eol]);
        let mut words = line.split_whitespace();
        let verb = words.next().ok_or(ParseError::InvalidCommand)?.to_ascii_lowercase();
        let args: Vec<&str> = words.collect();
        let key = || args.first().map(|k| k.to_string()).ok_or(ParseError::InvalidArguments);
        let number = |i: usize| -> Result<u64, ParseError> {
            args.get(i).ok_or(ParseError::InvalidArguments)?.parse().map_err(|_| ParseError::InvalidArguments)
        };
        match verb.as_str() {
            "get" | "gets" => Ok(CacheCommand::Get { key: key()? }),
            "set" => {
                let key = key()?;
                number(1)?;
                let ttl = match number(2)? {
                    0 => None,
                    s => Some(Duration::from_secs(s)),
                };
                let len = number(3)? as usize;
                let data = &input[eol + 1..];
                if data.len() < len {
                    return Err(ParseError::Incomplete);
                }
                Ok(CacheCommand::Set { key, value: data[..len].to_vec(), ttl })
            }
            "delete" => Ok(CacheCommand::Delete { key: key()? }),
            "incr" => Ok(CacheCommand::Incr { key: key()?, delta: number(1)? as i64 }),
            "decr" => Ok(CacheCommand::Incr { key: key()?, delta: -(number(1)? as i64) }),
            "touch" => Ok(CacheCommand::Touch { key: key()?, ttl: Duration::from_secs(number(1)?) }),
            "stats" => Ok(CacheCommand::Stats),
            _ => Err(ParseError::InvalidCommand),
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        match response {
            CacheResponse::Value(Some(v)) => [format!("VALUE key 0 {}\r\n", v.len()).as_bytes(), v, b"\r\nEND\r\n"].concat(),
            CacheResponse::Value(None) => b"END\r\n".to_vec(),
            CacheResponse::Stored => b"STORED\r\n".to_vec(),
            CacheResponse::Deleted => b"DELETED\r\n".to_vec(),
            CacheResponse::NotFound => b"NOT_FOUND\r\n".to_vec(),
            CacheResponse::Error(m) => format!("SERVER_ERROR {m}\r\n").into_bytes(),
            CacheResponse::Stats(s) => format!(
                "STAT get_hits {}\r\nSTAT get_misses {}\r\nSTAT evictions {}\r\nSTAT bytes {}\r\nSTAT curr_items {}\r\nEND\r\n",
                s.hits, s.misses, s.evictions, s.bytes_stored, s.entry_count
            )
            .into_bytes(),
        }
    }
}
