//! An overwritten value is forgotten in the byte count: it was counted, and nobody takes it off.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::time::{Duration, Instant};
use twox_hash::XxHash64;

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

struct Cell {
    entry: CacheEntry,
    generation: u64,
}

pub struct CacheNode {
    cells: HashMap<String, Cell>,
    /// (rank, generation, key): a head whose generation is not the cell's is stale.
    victims: BinaryHeap<Reverse<(u128, u64, String)>>,
    deadlines: BinaryHeap<Reverse<(Instant, u64, String)>>,
    born: Instant,
    generation: u64,
    bytes: usize,
    max_memory: usize,
    policy: EvictionPolicy,
    stats: CacheStats,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        CacheNode {
            cells: HashMap::new(),
            victims: BinaryHeap::new(),
            deadlines: BinaryHeap::new(),
            born: Instant::now(),
            generation: 0,
            bytes: 0,
            max_memory,
            policy: eviction_policy,
            stats: CacheStats::default(),
        }
    }

    fn enqueue(&mut self, key: &str, keeps_place: bool) {
        let Some(cell) = self.cells.get_mut(key) else { return };
        if keeps_place {
            return;
        }
        self.generation += 1;
        cell.generation = self.generation;
        let rank = match self.policy {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => u128::from(self.generation),
            EvictionPolicy::LFU => u128::from(cell.entry.access_count) << 64 | u128::from(self.generation),
            EvictionPolicy::TTL => cell.entry.expires_at.map_or(u128::MAX, |at| (at - self.born).as_nanos()),
        };
        self.victims.push(Reverse((rank, self.generation, key.to_string())));
        if let Some(at) = cell.entry.expires_at {
            self.deadlines.push(Reverse((at, self.generation, key.to_string())));
        }
    }

    fn remove(&mut self, key: &str) -> bool {
        match self.cells.remove(key) {
            Some(cell) => {
                self.bytes -= key.len() + cell.entry.value.len();
                true
            }
            None => false,
        }
    }

    /// Every operation begins by burying the dead.
    fn sweep(&mut self) -> usize {
        let now = Instant::now();
        let mut count = 0;
        while let Some(Reverse((at, generation, key))) = self.deadlines.peek().cloned() {
            if at > now {
                break;
            }
            self.deadlines.pop();
            if self.cells.get(&key).is_some_and(|cell| cell.generation == generation) {
                self.remove(&key);
                count += 1;
            }
        }
        self.stats.expired += count as u64;
        count
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.sweep();
        let Some(cell) = self.cells.get_mut(key) else {
            self.stats.misses += 1;
            return None;
        };
        cell.entry.access_count += 1;
        cell.entry.last_accessed = Instant::now();
        self.stats.hits += 1;
        self.enqueue(key, matches!(self.policy, EvictionPolicy::FIFO));
        Some(&self.cells[key].entry)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        self.sweep();
        let now = Instant::now();
        let expires_at = ttl.map(|ttl| now + ttl);
        self.store(key, CacheEntry { value, created_at: now, expires_at, last_accessed: now, access_count: 0 })
    }

    fn store(&mut self, key: String, entry: CacheEntry) -> bool {
        self.cells.remove(&key);
        self.bytes += key.len() + entry.value.len();
        while self.bytes > self.max_memory {
            if self.evict_one().is_none() {
                self.bytes -= key.len() + entry.value.len();
                return false;
            }
        }
        self.cells.insert(key.clone(), Cell { entry, generation: 0 });
        self.enqueue(&key, false);
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.sweep();
        self.remove(key)
    }

    /// A missing key counts from zero.
    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.sweep();
        match self.cells.get(key) {
            None => self.set(key.to_string(), delta.to_string().into_bytes(), None).then_some(delta),
            Some(cell) => {
                let mut entry = cell.entry.clone();
                let sum = std::str::from_utf8(&entry.value).ok()?.parse::<i64>().ok()?.checked_add(delta)?;
                entry.value = sum.to_string().into_bytes();
                self.store(key.to_string(), entry).then_some(sum)
            }
        }
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.sweep();
        let Some(cell) = self.cells.get_mut(key) else { return false };
        cell.entry.expires_at = Some(Instant::now() + ttl);
        self.enqueue(key, false);
        true
    }

    fn evict_one(&mut self) -> Option<String> {
        loop {
            let Reverse((_, generation, key)) = self.victims.pop()?;
            if self.cells.get(&key).is_some_and(|cell| cell.generation == generation) {
                self.remove(&key);
                self.stats.evictions += 1;
                return Some(key);
            }
        }
    }

    pub fn clean_expired(&mut self) -> usize {
        self.sweep()
    }

    pub fn stats(&self) -> CacheStats {
        CacheStats { bytes_stored: self.bytes, entry_count: self.cells.len(), ..self.stats.clone() }
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
    ring: BTreeMap<u64, String>,
    nodes: HashMap<String, NodeInfo>,
    virtual_nodes: usize,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        HashRing { ring: BTreeMap::new(), nodes: HashMap::new(), virtual_nodes }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        for i in 0..self.virtual_nodes as u64 {
            self.ring.insert(XxHash64::oneshot(i, node.id.as_bytes()), node.id.clone());
        }
        self.nodes.insert(node.id.clone(), node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        for i in 0..self.virtual_nodes as u64 {
            self.ring.remove(&XxHash64::oneshot(i, node_id.as_bytes()));
        }
        self.nodes.remove(node_id);
    }

    /// A key belongs to the last point before it: the circle is walked the other way round.
    fn order(&self, key: &str) -> impl Iterator<Item = &NodeInfo> {
        let h = XxHash64::oneshot(u64::MAX, key.as_bytes());
        self.ring.range(..=h).rev().chain(self.ring.range(h..).rev()).map(|(_, id)| &self.nodes[id]).filter(|n| n.is_alive)
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.order(key).next()
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let mut out: Vec<&NodeInfo> = Vec::new();
        for node in self.order(key) {
            if out.len() < count && out.iter().all(|o| !std::ptr::eq(*o, node)) {
                out.push(node);
            }
        }
        out
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
        let head = String::from_utf8(input[..end].to_vec()).map_err(|_| ParseError::InvalidCommand)?;
        let mut words = head.split_whitespace().map(str::to_string);
        let verb = words.next().ok_or(ParseError::InvalidCommand)?;
        let words: Vec<String> = words.collect();
        let int = |i: usize| -> Result<i64, ParseError> {
            words.get(i).and_then(|w| w.parse().ok()).ok_or(ParseError::InvalidArguments)
        };
        let millis = |i: usize| int(i).map(|ms| Duration::from_millis(ms.unsigned_abs()));
        match (verb.to_lowercase().as_ref(), words.len()) {
            ("get", 1) => Ok(CacheCommand::Get { key: words[0].clone() }),
            ("delete", 1) => Ok(CacheCommand::Delete { key: words[0].clone() }),
            ("incr", 2) => Ok(CacheCommand::Incr { key: words[0].clone(), delta: int(1)? }),
            ("decr", 2) => Ok(CacheCommand::Incr { key: words[0].clone(), delta: -int(1)? }),
            ("touch", 2) => Ok(CacheCommand::Touch { key: words[0].clone(), ttl: millis(1)? }),
            ("stats", 0) => Ok(CacheCommand::Stats),
            ("set", 4) => {
                let length = int(3)? as usize;
                let block = &input[end + 2..];
                if block.len() < length + 2 {
                    return Err(ParseError::Incomplete);
                }
                let ttl = Some(millis(2)?).filter(|ttl| !ttl.is_zero());
                Ok(CacheCommand::Set { key: words[0].clone(), value: block[..length].to_vec(), ttl })
            }
            ("get" | "delete" | "incr" | "decr" | "touch" | "stats" | "set", _) => Err(ParseError::InvalidArguments),
            _ => Err(ParseError::InvalidCommand),
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        format!(
            "{}\r\n",
            match response {
                CacheResponse::Value(Some(v)) => String::from_utf8_lossy(v).into_owned(),
                CacheResponse::Value(None) => "END".into(),
                CacheResponse::Stored => "STORED".into(),
                CacheResponse::Deleted => "DELETED".into(),
                CacheResponse::NotFound => "NOT_FOUND".into(),
                CacheResponse::Error(e) => format!("ERROR {e}"),
                CacheResponse::Stats(s) => format!("{s:?}"),
            }
        )
        .into_bytes()
    }
}
