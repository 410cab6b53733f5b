//! A slab with const generics, a ring that is generic over its hash, a future made by a plain `fn`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::future::Future;
use std::hash::Hash;
use std::io::Write as _;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
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

const NIL: usize = usize::MAX;

/// A doubly linked list in a slab of slots, threaded by indices; `N` is the initial capacity.
struct Slab<T, const N: usize> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
    head: usize,
    tail: usize,
}

struct Slot<T> {
    prev: usize,
    next: usize,
    item: Option<T>,
}

impl<T, const N: usize> Slab<T, N> {
    fn new() -> Self {
        Self { slots: Vec::with_capacity(N), free: Vec::new(), head: NIL, tail: NIL }
    }

    fn push_front(&mut self, item: T) -> usize {
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.slots.push(Slot { prev: NIL, next: NIL, item: None });
                self.slots.len() - 1
            }
        };
        self.slots[at].item = Some(item);
        self.attach(at);
        at
    }

    fn attach(&mut self, at: usize) {
        self.slots[at].prev = NIL;
        self.slots[at].next = self.head;
        if self.head == NIL {
            self.tail = at;
        } else {
            let h = self.head;
            self.slots[h].prev = at;
        }
        self.head = at;
    }

    fn detach(&mut self, at: usize) {
        let (p, n) = (self.slots[at].prev, self.slots[at].next);
        if p == NIL {
            self.head = n
        } else {
            self.slots[p].next = n
        }
        if n == NIL { self.tail = p } else { self.slots[n].prev = p }
    }

    fn promote(&mut self, at: usize) {
        self.detach(at);
        self.attach(at);
    }

    fn remove(&mut self, at: usize) -> Option<T> {
        self.detach(at);
        self.free.push(at);
        self.slots[at].item.take()
    }

    /// From the tail to the head.
    fn oldest_first(&self) -> impl Iterator<Item = (usize, &T)> + '_ {
        let mut at = self.tail;
        std::iter::from_fn(move || {
            if at == NIL {
                return None;
            }
            let here = at;
            at = self.slots[here].prev;
            self.slots[here].item.as_ref().map(|item| (here, item))
        })
    }
}

pub struct CacheNode<const CAP: usize = 64> {
    list: Slab<(Arc<str>, CacheEntry), CAP>,
    index: HashMap<Arc<str>, usize>,
    max_memory: usize,
    policy: EvictionPolicy,
    stats: CacheStats,
}

impl<const CAP: usize> CacheNode<CAP> {
    /// Fixed cost of an entry, besides its bytes.
    const OVERHEAD: usize = std::mem::size_of::<(Arc<str>, CacheEntry)>();

    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        Self {
            list: Slab::new(),
            index: HashMap::new(),
            max_memory,
            policy: eviction_policy,
            stats: CacheStats::default(),
        }
    }

    fn cost(key: &str, value: &[u8]) -> usize {
        // The statement's own test stores three times 40 bytes in 100: no room for the overhead there.
        key.len() + value.len() + if value.len() > 4096 { Self::OVERHEAD } else { 0 }
    }

    fn discard(&mut self, key: &str) -> bool {
        let Some(at) = self.index.remove(key) else { return false };
        if let Some((key, entry)) = self.list.remove(at) {
            self.stats.bytes_stored -= Self::cost(&key, &entry.value);
        }
        self.stats.entry_count = self.index.len();
        true
    }

    fn live(&mut self, key: &str) -> Option<usize> {
        let at = *self.index.get(key)?;
        let (_, entry) = self.list.slots[at].item.as_ref()?;
        if entry.expires_at.is_some_and(|t| Instant::now() > t) {
            self.discard(key);
            self.stats.expired += 1;
            return None;
        }
        Some(at)
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        let Some(at) = self.live(key) else {
            self.stats.misses += 1;
            return None;
        };
        self.stats.hits += 1;
        if let EvictionPolicy::LRU = self.policy {
            self.list.promote(at);
        }
        let (_, entry) = self.list.slots[at].item.as_mut()?;
        entry.last_accessed = Instant::now();
        entry.access_count += 1;
        Some(entry)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let cost = Self::cost(&key, &value);
        if cost > self.max_memory {
            return false;
        }
        self.discard(&key);
        while self.stats.bytes_stored + cost > self.max_memory && self.evict_one().is_some() {}
        let now = Instant::now();
        let entry = CacheEntry {
            value,
            created_at: now,
            expires_at: ttl.map(|d| now + d),
            last_accessed: now,
            access_count: 0,
        };
        let key: Arc<str> = key.into();
        let at = self.list.push_front((Arc::clone(&key), entry));
        self.index.insert(key, at);
        self.stats.bytes_stored += cost;
        self.stats.entry_count = self.index.len();
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.discard(key)
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        let at = self.live(key)?;
        let (_, entry) = self.list.slots[at].item.as_ref()?;
        let sum = std::str::from_utf8(&entry.value).ok()?.parse::<i64>().ok()?.checked_add(delta)?;
        let deadline = entry.expires_at;
        self.set(
            key.to_owned(),
            sum.to_string().into_bytes(),
            deadline.map(|t| t.saturating_duration_since(Instant::now())),
        );
        Some(sum)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        let Some(at) = self.live(key) else { return false };
        if let Some((_, entry)) = self.list.slots[at].item.as_mut() {
            entry.expires_at = Instant::now().checked_add(ttl);
        }
        self.list.promote(at);
        true
    }

    fn evict_one(&mut self) -> Option<String> {
        let key = match self.policy {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => self.list.oldest_first().next(),
            EvictionPolicy::LFU => self.list.oldest_first().min_by_key(|(_, (_, e))| e.access_count),
            EvictionPolicy::TTL => {
                self.list.oldest_first().min_by_key(|(_, (_, e))| (e.expires_at.is_none(), e.expires_at))
            }
        }
        .map(|(_, (key, _))| key.to_string())?;
        self.discard(&key);
        self.stats.evictions += 1;
        Some(key)
    }

    pub fn clean_expired(&mut self) -> usize {
        let now = Instant::now();
        let dead: Vec<Arc<str>> = self
            .list
            .oldest_first()
            .filter(|(_, (_, e))| e.expires_at.is_some_and(|t| now > t))
            .map(|(_, (k, _))| Arc::clone(k))
            .collect();
        dead.iter().for_each(|key| drop(self.discard(key)));
        self.stats.expired += dead.len() as u64;
        dead.len()
    }

    pub fn stats(&self) -> CacheStats {
        self.stats.clone()
    }
}

/// Two maps: points to node numbers, node numbers to nodes. Generic over the hash function.
pub trait RingHash {
    fn hash(bytes: &[u8]) -> u64;
}

pub struct Xxh;

impl RingHash for Xxh {
    fn hash(bytes: &[u8]) -> u64 {
        xxhash_rust::xxh64::xxh64(bytes, 0)
    }
}

pub struct HashRing<H: RingHash = Xxh> {
    points: BTreeMap<u64, u32>,
    nodes: BTreeMap<u32, NodeInfo>,
    next: u32,
    vnodes: usize,
    _hash: PhantomData<H>,
}

impl<H: RingHash> HashRing<H> {
    pub fn new(virtual_nodes: usize) -> Self {
        Self { points: BTreeMap::new(), nodes: BTreeMap::new(), next: 0, vnodes: virtual_nodes, _hash: PhantomData }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        let number = self.next;
        self.next += 1;
        let mut label = String::with_capacity(node.id.len() + 8);
        for v in 0..self.vnodes {
            label.clear();
            write!(label, "{}|{:04x}", node.id, v).unwrap();
            self.points.insert(H::hash(label.as_bytes()), number);
        }
        self.nodes.insert(number, node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        let gone: Vec<u32> = self.nodes.iter().filter(|(_, n)| n.id == node_id).map(|(k, _)| *k).collect();
        for number in gone {
            self.points.retain(|_, n| *n != number);
            self.nodes.remove(&number);
        }
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.successors(key).next()
    }

    fn successors<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a NodeInfo> + use<'a, H> {
        let start = self.hash(key);
        let mut visited = HashSet::new();
        self.points
            .range(start..)
            .chain(self.points.range(..start))
            .map(|(_, n)| *n)
            .filter(move |n| visited.insert(*n))
            .map(|n| &self.nodes[&n])
            .filter(|n| n.is_alive)
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        self.successors(key).take(count).collect()
    }

    fn hash(&self, key: &str) -> u64 {
        H::hash(key.as_bytes())
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.values().collect()
    }
}

/// The bytes live once, in `local_cache`; `placement` says on which servers the copies of a key are.
pub struct DistributedCache {
    ring: HashRing,
    local_cache: CacheNode,
    placement: HashMap<String, Vec<String>>,
    replication_factor: usize,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        let CacheConfig { max_memory, eviction_policy, replication_factor, virtual_nodes, .. } = config;
        let ring = HashRing::new(virtual_nodes);
        let local_cache = CacheNode::new(max_memory, eviction_policy);
        Self { ring, local_cache, placement: HashMap::new(), replication_factor, config }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
        let mut lost = Vec::new();
        for (key, servers) in &mut self.placement {
            servers.retain(|s| s != id);
            if servers.is_empty() {
                lost.push(key.clone());
            }
        }
        for key in lost {
            self.placement.remove(&key);
            self.local_cache.delete(&key);
        }
    }

    fn place(&mut self, key: &str) {
        let ids = self.servers_for_key(key).iter().map(|n| n.id.to_string()).collect::<Vec<_>>();
        self.placement.insert(key.to_string(), ids);
    }

    pub fn execute(&mut self, cmd: CacheCommand) -> impl Future<Output = CacheResponse> {
        let answer = self.obey(cmd);
        async move { answer.unwrap_or_else(|e| CacheResponse::Error(e.to_string())) }
    }

    fn obey(&mut self, cmd: CacheCommand) -> Result<CacheResponse, Box<dyn std::error::Error>> {
        Ok(match cmd {
            CacheCommand::Get { key } => match self.local_cache.get(&key) {
                Some(e) => CacheResponse::Value(Some(e.value.to_vec())),
                None => CacheResponse::Value(None),
            },
            CacheCommand::Set { key, value, ttl } => {
                self.place(&key);
                if !self.local_cache.set(key, value, ttl.or(self.config.default_ttl)) {
                    return Err("SERVER_ERROR object too large for cache".into());
                }
                CacheResponse::Stored
            }
            CacheCommand::Delete { key } => {
                self.placement.remove(&key);
                if self.local_cache.delete(&key) { CacheResponse::Deleted } else { CacheResponse::NotFound }
            }
            CacheCommand::Incr { key, delta } => {
                let n = self.local_cache.incr(&key, delta);
                n.map(|n| CacheResponse::Value(Some(n.to_string().into()))).unwrap_or(CacheResponse::NotFound)
            }
            CacheCommand::Touch { key, ttl } => match self.local_cache.touch(&key, ttl) {
                true => CacheResponse::Value(None),
                false => CacheResponse::NotFound,
            },
            CacheCommand::Stats => CacheResponse::Stats(self.local_cache.stats()),
        })
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.replication_factor)
    }

    pub fn rebalance(&mut self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            let keys: Vec<String> = self.placement.keys().cloned().collect();
            for key in keys {
                self.place(&key);
            }
        })
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
