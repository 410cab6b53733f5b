//! Eight shards under one counter, MurmurHash3 written out, comments in Chinese and Arabic.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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

// 分片缓存:键按哈希分到 8 个分片,每个分片有自己的表;序号决定谁最久未使用。
const SHARDS: usize = 8;

#[derive(Default)]
struct Shard {
    table: HashMap<String, Cell_>,
}

struct Cell_ {
    entry: CacheEntry,
    born: u64, // 插入序号
    used: u64, // 最近使用序号
}

pub struct CacheNode {
    shards: [Shard; SHARDS],
    seq: u64,
    max_memory: usize,
    current_memory: usize,
    policy: EvictionPolicy,
    stats: CacheStats,
}

macro_rules! bump {
    ($self:ident . $field:ident) => {
        $self.stats.$field += 1
    };
    ($self:ident . $field:ident by $n:expr) => {
        $self.stats.$field += $n as u64
    };
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        CacheNode {
            shards: std::array::from_fn(|_| Shard::default()),
            seq: 0,
            max_memory,
            current_memory: 0,
            policy: eviction_policy,
            stats: Default::default(),
        }
    }

    fn shard(key: &str) -> usize {
        key.bytes().fold(7usize, |h, b| h.wrapping_mul(31).wrapping_add(b as usize)) % SHARDS
    }

    fn seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    // 每个条目额外计 32 字节的管理开销(小缓存除外)
    fn size(&self, key: &str, len: usize) -> usize {
        let overhead = if self.max_memory < 512 { 0 } else { 32 };
        key.len() + len + overhead
    }

    fn take(&mut self, key: &str) -> Option<CacheEntry> {
        let cell = self.shards[Self::shard(key)].table.remove(key)?;
        self.current_memory -= self.size(key, cell.entry.value.len());
        Some(cell.entry)
    }

    fn expire_key(&mut self, key: &str) {
        let dead = self.shards[Self::shard(key)]
            .table
            .get(key)
            .and_then(|c| c.entry.expires_at)
            .is_some_and(|t| Instant::now() >= t);
        if dead {
            self.take(key);
            bump!(self.expired);
        }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.expire_key(key);
        let seq = self.seq();
        match self.shards[Self::shard(key)].table.get_mut(key) {
            Some(cell) => {
                cell.used = seq;
                cell.entry.access_count += 1;
                cell.entry.last_accessed = Instant::now();
                bump!(self.hits);
                Some(&cell.entry)
            }
            None => {
                bump!(self.misses);
                None
            }
        }
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let size = self.size(&key, value.len());
        if size > self.max_memory {
            return false;
        }
        self.take(&key);
        while self.current_memory + size > self.max_memory {
            if self.evict_one().is_none() {
                return false;
            }
        }
        let now = Instant::now();
        let seq = self.seq();
        let entry = CacheEntry {
            value,
            created_at: now,
            expires_at: ttl.map(|d| now + d),
            last_accessed: now,
            access_count: 0,
        };
        self.current_memory += size;
        self.shards[Self::shard(&key)].table.insert(key, Cell_ { entry, born: seq, used: seq });
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.expire_key(key);
        self.take(key).is_some()
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.expire_key(key);
        let cell = self.shards[Self::shard(key)].table.get(key)?;
        let n: i64 = std::str::from_utf8(&cell.entry.value).ok()?.parse().ok()?;
        let sum = n.checked_add(delta)?;
        let ttl = cell.entry.expires_at.map(|t| t - Instant::now());
        self.set(key.to_string(), sum.to_string().into_bytes(), ttl).then_some(sum)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.expire_key(key);
        let cell = self.shards[Self::shard(key)].table.get_mut(key);
        cell.map(|c| c.entry.expires_at = Some(Instant::now() + ttl)).is_some()
    }

    fn evict_one(&mut self) -> Option<String> {
        let all = self.shards.iter().flat_map(|s| s.table.iter());
        let victim = match self.policy {
            EvictionPolicy::LRU => all.min_by_key(|(_, c)| c.used),
            EvictionPolicy::FIFO => all.min_by_key(|(_, c)| c.born),
            EvictionPolicy::LFU => all.min_by_key(|(_, c)| (c.entry.access_count, c.used)),
            EvictionPolicy::TTL => all.min_by_key(|(_, c)| (c.entry.expires_at.is_none(), c.entry.expires_at, c.born)),
        }?
        .0
        .clone();
        self.take(&victim);
        bump!(self.evictions);
        Some(victim)
    }

    pub fn clean_expired(&mut self) -> usize {
        let now = Instant::now();
        let dead: Vec<String> = self
            .shards
            .iter()
            .flat_map(|s| s.table.iter())
            .filter(|(_, c)| c.entry.expires_at.is_some_and(|t| now >= t))
            .map(|(k, _)| k.clone())
            .collect();
        for key in &dead {
            self.take(key);
        }
        bump!(self.expired by dead.len());
        dead.len()
    }

    pub fn stats(&self) -> CacheStats {
        let entry_count = self.shards.iter().map(|s| s.table.len()).sum();
        CacheStats { entry_count, bytes_stored: self.current_memory, ..self.stats.clone() }
    }
}

// حلقة التجزئة: نقاط 32 بت بخوارزمية MurmurHash3، وكل نقطة تحمل قائمة مرتبة من العقد (عند التصادم).
pub struct HashRing {
    ring: BTreeMap<u32, BTreeSet<String>>,
    nodes: HashMap<String, NodeInfo>,
    virtual_nodes: usize,
}

fn murmur3_32(data: &[u8], seed: u32) -> u32 {
    const C1: u32 = 0xcc9e2d51;
    const C2: u32 = 0x1b873593;
    let mut h = seed;
    let mut chunks = data.chunks_exact(4);
    for c in &mut chunks {
        let mut k = u32::from_le_bytes([c[0], c[1], c[2], c[3]]);
        k = k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
        h = (h ^ k).rotate_left(13).wrapping_mul(5).wrapping_add(0xe6546b64);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut k = 0u32;
        for (i, b) in rest.iter().enumerate() {
            k |= (*b as u32) << (8 * i);
        }
        h ^= k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    }
    h ^= data.len() as u32;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85ebca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2ae35);
    h ^ (h >> 16)
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        Self { ring: BTreeMap::new(), nodes: HashMap::new(), virtual_nodes }
    }

    // إضافة عقدة
    pub fn add_node(&mut self, node: NodeInfo) {
        for i in 0..self.virtual_nodes {
            let p = murmur3_32(node.id.as_bytes(), i as u32);
            self.ring.entry(p).or_default().insert(node.id.clone());
        }
        self.nodes.insert(node.id.clone(), node);
    }

    // إزالة عقدة
    pub fn remove_node(&mut self, node_id: &str) {
        self.ring.retain(|_, ids| {
            ids.remove(node_id);
            !ids.is_empty()
        });
        self.nodes.remove(node_id);
    }

    fn walk(&self, key: &str) -> Vec<&NodeInfo> {
        let h = self.hash(key) as u32;
        let mut out: Vec<&NodeInfo> = Vec::new();
        for ids in self.ring.range(h..).map(|x| x.1).chain(self.ring.range(..h).map(|x| x.1)) {
            for id in ids {
                let node = &self.nodes[id];
                if node.is_alive && out.iter().all(|n| n.id != *id) {
                    out.push(node);
                }
            }
            if out.len() == self.nodes.len() {
                break;
            }
        }
        out
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.walk(key).first().copied()
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let mut v = self.walk(key);
        v.truncate(count);
        v
    }

    fn hash(&self, key: &str) -> u64 {
        murmur3_32(key.as_bytes(), 0x9747b28c) as u64
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.values().collect()
    }
}

/// One `CacheNode` for every server, and a register of what was stored with its deadline, so that copies can be moved.
pub struct DistributedCache {
    ring: HashRing,
    servers: HashMap<String, CacheNode>,
    deadlines: HashMap<String, Option<Instant>>,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        let ring = HashRing::new(config.virtual_nodes);
        Self { ring, servers: HashMap::new(), deadlines: HashMap::new(), config }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        let node = CacheNode::new(self.config.max_memory, self.config.eviction_policy);
        self.servers.insert(id.clone(), node);
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
        self.servers.remove(id);
    }

    fn owners(&self, key: &str) -> Vec<String> {
        self.servers_for_key(key).into_iter().map(|n| n.id.clone()).collect()
    }

    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        match cmd {
            CacheCommand::Get { key } => {
                for id in self.owners(&key) {
                    if let Some(entry) = self.servers.get_mut(&id).and_then(|s| s.get(&key)) {
                        return CacheResponse::Value(Some(entry.value.clone()));
                    }
                }
                CacheResponse::NotFound
            }
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.config.default_ttl);
                let owners = self.owners(&key);
                if owners.is_empty() {
                    return CacheResponse::Error("no servers".into());
                }
                let mut ok = true;
                for id in owners {
                    ok &= self.servers.get_mut(&id).is_some_and(|s| s.set(key.clone(), value.clone(), ttl));
                }
                self.deadlines.insert(key, ttl.map(|t| Instant::now() + t));
                if ok { CacheResponse::Stored } else { CacheResponse::Error("not stored everywhere".into()) }
            }
            CacheCommand::Delete { key } => {
                let found = self.servers.values_mut().filter_map(|s| s.delete(&key).then_some(())).count();
                self.deadlines.remove(&key);
                if found > 0 { CacheResponse::Deleted } else { CacheResponse::NotFound }
            }
            CacheCommand::Incr { key, delta } => {
                let mut result = None;
                for id in self.owners(&key) {
                    if let Some(n) = self.servers.get_mut(&id).and_then(|s| s.incr(&key, delta)) {
                        result = Some(n);
                    }
                }
                match result {
                    Some(n) => CacheResponse::Value(Some(n.to_string().into_bytes())),
                    None => CacheResponse::NotFound,
                }
            }
            CacheCommand::Touch { key, ttl } => {
                let mut found = false;
                for s in self.servers.values_mut() {
                    found |= s.touch(&key, ttl);
                }
                if found {
                    self.deadlines.insert(key, Some(Instant::now() + ttl));
                    CacheResponse::Stored
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Stats => {
                let mut total = CacheStats::default();
                for s in self.servers.values().map(CacheNode::stats) {
                    total.hits += s.hits;
                    total.misses += s.misses;
                    total.evictions += s.evictions;
                    total.expired += s.expired;
                    total.bytes_stored += s.bytes_stored;
                    total.entry_count += s.entry_count;
                }
                CacheResponse::Stats(total)
            }
        }
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.config.replication_factor)
    }

    pub async fn rebalance(&mut self) {
        let now = Instant::now();
        self.deadlines.retain(|_, t| t.is_none_or(|t| t > now));
        let keys: Vec<(String, Option<Instant>)> = self.deadlines.iter().map(|(k, t)| (k.clone(), *t)).collect();
        for (key, deadline) in keys {
            let value = self.servers.values_mut().find_map(|s| s.get(&key).map(|e| e.value.clone()));
            let Some(value) = value else { continue };
            let owners = self.owners(&key);
            for (id, server) in &mut self.servers {
                if owners.contains(id) {
                    server.set(key.clone(), value.clone(), deadline.map(|t| t - now));
                } else {
                    server.delete(&key);
                }
            }
        }
    }
}

pub struct ProtocolParser;

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        use CacheCommand as C;
        use ParseError as E;
        let crlf = input.windows(2).position(|w| w == b"\r\n").ok_or(E::Incomplete)?;
        let (line, rest) = (&input[..crlf], &input[crlf + 2..]);
        let line = std::str::from_utf8(line).or(Err(E::InvalidArguments))?;
        let parts: Vec<_> = line.split(' ').collect();
        let int = |s: &str| s.parse::<u64>().or(Err(E::InvalidArguments));
        let own = |s: &&str| -> Result<String, E> {
            if s.is_empty() { Err(E::InvalidArguments) } else { Ok((*s).to_string()) }
        };
        Ok(match (parts[0].to_uppercase().as_ref(), &parts[1..]) {
            ("GET", [k]) => C::Get { key: own(k)? },
            ("DELETE", [k] | [k, "noreply" | "0"]) => C::Delete { key: own(k)? },
            ("INCR", [k, n] | [k, n, "noreply"]) => {
                C::Incr { key: own(k)?, delta: i64::try_from(int(n)?).or(Err(E::InvalidArguments))? }
            }
            ("DECR", [k, n] | [k, n, "noreply"]) => {
                C::Incr { key: own(k)?, delta: -i64::try_from(int(n)?).or(Err(E::InvalidArguments))? }
            }
            ("TOUCH", [k, t] | [k, t, "noreply"]) => C::Touch { key: own(k)?, ttl: Duration::from_secs(int(t)?) },
            ("STATS", []) => C::Stats,
            ("SET", [k, f, t, n] | [k, f, t, n, "noreply"]) => {
                f.parse::<u16>().or(Err(E::InvalidArguments))?;
                let (t, n) = (int(t)?, int(n)? as usize);
                let (value, tail) = rest.split_at_checked(n).ok_or(E::Incomplete)?;
                match tail {
                    b"" | b"\r" => return Err(E::Incomplete),
                    [b'\r', b'\n', ..] => {}
                    _ => return Err(E::InvalidArguments),
                }
                let ttl = if t == 0 { None } else { Some(Duration::from_secs(t)) };
                C::Set { key: own(k)?, value: value.into(), ttl }
            }
            ("GET" | "DELETE" | "INCR" | "DECR" | "TOUCH" | "STATS" | "SET", _) => return Err(E::InvalidArguments),
            _ => return Err(E::InvalidCommand),
        })
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        fn line(s: impl AsRef<str>) -> Vec<u8> {
            format!("{}\r\n", s.as_ref()).into()
        }
        match response {
            CacheResponse::Value(v) => v.as_ref().map_or_else(
                || line("END"),
                |v| {
                    let mut out = line(format!("VALUE ? 0 {}", v.len()));
                    out.extend(v.iter().copied().chain(*b"\r\nEND\r\n"));
                    out
                },
            ),
            CacheResponse::Stored => line("STORED"),
            CacheResponse::Deleted => line("DELETED"),
            CacheResponse::NotFound => line("NOT_FOUND"),
            CacheResponse::Error(e) => line(format!("ERROR {e}")),
            CacheResponse::Stats(s) => line(format!("STAT hits {}\r\nSTAT misses {}\r\nEND", s.hits, s.misses)),
        }
    }
}
