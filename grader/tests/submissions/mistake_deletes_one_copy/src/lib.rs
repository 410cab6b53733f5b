//! A deleted key is removed from its first server only.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::hash::Hash;
use std::io::Write as _;
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

type Tick = u64;

/// Everything is indexed: `by_tick` for LRU and FIFO, `by_freq` for LFU, `by_deadline` for expiry and TTL.
pub struct CacheNode {
    slots: BTreeMap<String, Slot>,
    by_tick: BTreeMap<Tick, String>,
    by_freq: BTreeSet<(u64, Tick, String)>,
    by_deadline: BTreeSet<(Instant, String)>,
    clock: Tick,
    limit: usize,
    used: usize,
    policy: EvictionPolicy,
    hits: u64,
    misses: u64,
    evictions: u64,
    expired: u64,
}

struct Slot {
    entry: CacheEntry,
    tick: Tick,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        CacheNode {
            slots: BTreeMap::new(),
            by_tick: BTreeMap::new(),
            by_freq: BTreeSet::new(),
            by_deadline: BTreeSet::new(),
            clock: 0,
            limit: max_memory,
            used: 0,
            policy: eviction_policy,
            hits: 0,
            misses: 0,
            evictions: 0,
            expired: 0,
        }
    }

    fn unlink(&mut self, key: &str) -> Option<CacheEntry> {
        let Slot { entry, tick } = self.slots.remove(key)?;
        self.by_tick.remove(&tick);
        self.by_freq.remove(&(entry.access_count, tick, key.to_owned()));
        if let Some(at) = entry.expires_at {
            self.by_deadline.remove(&(at, key.to_owned()));
        }
        self.used -= entry.value.len();
        Some(entry)
    }

    fn link(&mut self, key: String, entry: CacheEntry, tick: Tick) {
        self.used += entry.value.len();
        self.by_tick.insert(tick, key.clone());
        self.by_freq.insert((entry.access_count, tick, key.clone()));
        if let Some(at) = entry.expires_at {
            self.by_deadline.insert((at, key.clone()));
        }
        self.slots.insert(key, Slot { entry, tick });
    }

    fn next_tick(&mut self) -> Tick {
        self.clock += 1;
        self.clock
    }

    fn reap(&mut self) -> usize {
        let now = Instant::now();
        let mut n = 0;
        while let Some((at, key)) = self.by_deadline.first().cloned() {
            if at > now {
                break;
            }
            self.unlink(&key);
            n += 1;
        }
        self.expired += n as u64;
        n
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.reap();
        let Some(slot) = self.slots.get(key) else {
            self.misses += 1;
            return None;
        };
        self.hits += 1;
        let old_tick = slot.tick;
        let mut entry = self.unlink(key)?;
        entry.access_count += 1;
        entry.last_accessed = Instant::now();
        let tick = if let EvictionPolicy::FIFO = self.policy { old_tick } else { self.next_tick() };
        self.link(key.to_owned(), entry, tick);
        self.slots.get(key).map(|s| &s.entry)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        self.reap();
        if value.len() > self.limit {
            return false;
        }
        self.unlink(&key);
        while self.used + value.len() > self.limit {
            self.evict_one();
        }
        let now = Instant::now();
        let tick = self.next_tick();
        let entry = CacheEntry {
            value,
            created_at: now,
            expires_at: ttl.map(|d| now + d),
            last_accessed: now,
            access_count: 1,
        };
        self.link(key, entry, tick);
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.reap();
        self.unlink(key).is_some()
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.reap();
        let slot = self.slots.get(key)?;
        let tick = slot.tick;
        let number: i64 = String::from_utf8_lossy(&slot.entry.value).parse().ok()?;
        let number = number.wrapping_add(delta);
        let mut entry = self.unlink(key)?;
        entry.value = format!("{number}").into_bytes();
        self.link(key.to_owned(), entry, tick);
        while self.used > self.limit {
            self.evict_one();
        }
        Some(number)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.reap();
        let Some(slot) = self.slots.get(key) else { return false };
        let tick = slot.tick;
        if let Some(mut entry) = self.unlink(key) {
            entry.expires_at = Some(Instant::now() + ttl);
            self.link(key.to_owned(), entry, tick);
        }
        true
    }

    fn evict_one(&mut self) -> Option<String> {
        let key = match self.policy {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => self.by_tick.values().next()?.clone(),
            EvictionPolicy::LFU => self.by_freq.first()?.2.clone(),
            EvictionPolicy::TTL => match self.by_deadline.first() {
                Some((_, key)) => key.clone(),
                None => self.by_tick.values().next()?.clone(),
            },
        };
        self.unlink(&key)?;
        self.evictions += 1;
        Some(key)
    }

    pub fn clean_expired(&mut self) -> usize {
        self.reap()
    }

    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits,
            misses: self.misses,
            evictions: self.evictions,
            expired: self.expired,
            bytes_stored: self.used,
            entry_count: self.slots.len(),
        }
    }
}

/// Points in a sorted vector; FNV-1a with a final avalanche.
pub struct HashRing {
    points: Vec<(u64, usize)>,
    members: Vec<Option<NodeInfo>>,
    replicas: usize,
}

fn fnv1a(bytes: &[u8]) -> u64 {
    let mut h: u64 = 0xcbf29ce484222325;
    for b in bytes {
        h ^= *b as u64;
        h = h.wrapping_mul(0x100000001b3);
    }
    // fmix64
    h ^= h >> 33;
    h = h.wrapping_mul(0xff51afd7ed558ccd);
    h ^= h >> 33;
    h = h.wrapping_mul(0xc4ceb9fe1a85ec53);
    h ^ (h >> 33)
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        HashRing { points: vec![], members: vec![], replicas: virtual_nodes }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        self.remove_node(&node.id);
        let slot = self.members.len();
        let copies = self.replicas * node.weight.max(1) as usize;
        self.points.extend((0..copies).map(|i| (fnv1a(format!("{}:{}", i, node.id).as_bytes()), slot)));
        self.points.sort_unstable();
        self.members.push(Some(node));
    }

    pub fn remove_node(&mut self, node_id: &str) {
        let Some(slot) = self.members.iter().position(|m| m.as_ref().is_some_and(|m| m.id == node_id)) else { return };
        self.members[slot] = None;
        self.points.retain(|&(_, s)| s != slot);
    }

    fn clockwise(&self, key: &str) -> impl Iterator<Item = &NodeInfo> {
        let h = self.hash(key);
        let start = self.points.partition_point(|&(p, _)| p < h);
        let n = self.points.len();
        (0..n)
            .map(move |i| self.points[(start + i) % n].1)
            .filter_map(|slot| self.members[slot].as_ref())
            .filter(|m| m.is_alive)
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.clockwise(key).next()
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let mut seen = HashSet::new();
        self.clockwise(key).filter(|m| seen.insert(&m.id)).take(count).collect()
    }

    fn hash(&self, key: &str) -> u64 {
        fnv1a(key.as_bytes())
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.members.iter().flatten().collect()
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
                let first = self.owners(&key).first().cloned().unwrap_or_default();
                let found = self.servers.get_mut(&first).is_some_and(|s| s.delete(&key)) as usize;
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

#[derive(Clone, Copy, PartialEq)]
enum Step {
    Gap,
    Word,
    Cr,
    Done,
}

/// Reads the first line byte by byte.
struct Machine<'a> {
    input: &'a [u8],
    words: Vec<&'a [u8]>,
    body: usize,
}

impl<'a> Machine<'a> {
    fn run(input: &'a [u8]) -> Result<Self, ParseError> {
        let mut step = Step::Gap;
        let mut words = Vec::new();
        let mut begin = 0;
        let mut i = 0;
        while step != Step::Done {
            let b = *input.get(i).ok_or(ParseError::Incomplete)?;
            step = match (step, b) {
                (Step::Gap, b' ') => Step::Gap,
                (Step::Gap, b'\r') => Step::Cr,
                (Step::Gap, _) => {
                    begin = i;
                    Step::Word
                }
                (Step::Word, b' ') => {
                    words.push(&input[begin..i]);
                    Step::Gap
                }
                (Step::Word, b'\r') => {
                    words.push(&input[begin..i]);
                    Step::Cr
                }
                (Step::Word, 0..=31 | 127) => return Err(ParseError::InvalidArguments),
                (Step::Word, _) => Step::Word,
                (Step::Cr, b'\n') => Step::Done,
                (Step::Cr, _) => return Err(ParseError::InvalidCommand),
                (Step::Done, _) => unreachable!(),
            };
            i += 1;
        }
        Ok(Self { input, words, body: i })
    }

    fn key(&self) -> Result<String, ParseError> {
        match self.words.get(1) {
            Some(k) if k.len() <= 250 => {
                std::str::from_utf8(k).map(str::to_owned).map_err(|_| ParseError::InvalidArguments)
            }
            _ => Err(ParseError::InvalidArguments),
        }
    }

    fn num(&self, at: usize) -> Result<i64, ParseError> {
        let w = self.words.get(at).ok_or(ParseError::InvalidArguments)?;
        std::str::from_utf8(w).ok().and_then(|w| w.parse().ok()).ok_or(ParseError::InvalidArguments)
    }

    fn expect_words(&self, n: usize) -> Result<(), ParseError> {
        let noreply = self.words.last().is_some_and(|w| *w == b"noreply");
        if self.words.len() == n || (noreply && self.words.len() == n + 1) {
            Ok(())
        } else {
            Err(ParseError::InvalidArguments)
        }
    }

    fn data(&self, len: usize) -> Result<Vec<u8>, ParseError> {
        let rest = &self.input[self.body..];
        if rest.len() < len + 2 {
            return Err(ParseError::Incomplete);
        }
        if &rest[len..len + 2] != b"\r\n" {
            return Err(ParseError::InvalidArguments);
        }
        Ok(rest[..len].to_vec())
    }
}

fn lifetime(secs: i64) -> Option<Duration> {
    match secs {
        0 => None,
        s if s < 0 => Some(Duration::ZERO),
        s => Some(Duration::from_secs(s as u64)),
    }
}

pub struct ProtocolParser;

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let m = Machine::run(input)?;
        let verb = m.words.first().ok_or(ParseError::InvalidCommand)?.to_ascii_uppercase();
        match &verb[..] {
            b"GET" => {
                m.expect_words(2)?;
                Ok(CacheCommand::Get { key: m.key()? })
            }
            b"SET" => {
                m.expect_words(5)?;
                let _flags: u32 = m.num(2)?.try_into().map_err(|_| ParseError::InvalidArguments)?;
                let len = usize::try_from(m.num(4)?).map_err(|_| ParseError::InvalidArguments)?;
                Ok(CacheCommand::Set { key: m.key()?, value: m.data(len)?, ttl: lifetime(m.num(3)?) })
            }
            b"DELETE" => {
                m.expect_words(2)?;
                Ok(CacheCommand::Delete { key: m.key()? })
            }
            b"INCR" => {
                m.expect_words(3)?;
                Ok(CacheCommand::Incr { key: m.key()?, delta: m.num(2)? })
            }
            b"DECR" => {
                m.expect_words(3)?;
                Ok(CacheCommand::Incr {
                    key: m.key()?,
                    delta: m.num(2)?.checked_neg().ok_or(ParseError::InvalidArguments)?,
                })
            }
            b"TOUCH" => {
                m.expect_words(3)?;
                Ok(CacheCommand::Touch { key: m.key()?, ttl: lifetime(m.num(2)?).unwrap_or(Duration::MAX) })
            }
            b"STATS" => Ok(CacheCommand::Stats),
            _ => Err(ParseError::InvalidCommand),
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        let mut out = Vec::new();
        match response {
            CacheResponse::Value(None) => out.extend(b"END"),
            CacheResponse::Value(Some(v)) => {
                write!(out, "VALUE {}\r\n", v.len()).unwrap();
                out.extend_from_slice(v);
                out.extend(b"\r\nEND");
            }
            CacheResponse::Stored => out.extend(b"STORED"),
            CacheResponse::Deleted => out.extend(b"DELETED"),
            CacheResponse::NotFound => out.extend(b"NOT_FOUND"),
            CacheResponse::Error(e) if e.is_empty() => out.extend(b"ERROR"),
            CacheResponse::Error(e) => write!(out, "CLIENT_ERROR {e}").unwrap(),
            CacheResponse::Stats(s) => {
                for (name, n) in
                    [("hits", s.hits), ("misses", s.misses), ("evictions", s.evictions), ("expired", s.expired)]
                {
                    write!(out, "STAT {name} {n}\r\n").unwrap();
                }
                write!(out, "STAT bytes {}\r\nSTAT items {}\r\nEND", s.bytes_stored, s.entry_count).unwrap();
            }
        }
        out.extend(b"\r\n");
        out
    }
}
