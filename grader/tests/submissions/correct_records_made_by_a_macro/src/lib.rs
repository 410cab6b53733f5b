//! The public structs come out of a macro; counters in a `Cell`, and who holds a key in a table of its own.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap, LinkedList};
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};
macro_rules! record {
    ($(#[$m:meta])* $name:ident { $($f:ident : $t:ty),* $(,)? }) => {
        $(#[$m])* pub struct $name { $(pub $f: $t),* }
    };
}
record!(#[derive(Debug, Clone)] CacheEntry { value: Vec<u8>, created_at: Instant, expires_at: Option<Instant>, last_accessed: Instant, access_count: u64 });
record!(
    #[derive(Debug, Clone, Default)]
    CacheStats { hits: u64, misses: u64, evictions: u64, expired: u64, bytes_stored: usize, entry_count: usize }
);
record!(
    #[derive(Debug, Clone)]
    NodeInfo { id: String, addr: String, weight: u32, is_alive: bool }
);
record!(#[derive(Debug, Clone)] CacheConfig { max_memory: usize, default_ttl: Option<Duration>, eviction_policy: EvictionPolicy, replication_factor: usize, virtual_nodes: usize });
#[derive(Debug, Clone, Copy)]
pub enum EvictionPolicy {
    LRU,
    LFU,
    FIFO,
    TTL,
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
/// LinkedList, as the statement's list of allowed collections suggests; lazily expired; evicts after inserting.
pub struct CacheNode {
    data: HashMap<String, CacheEntry>,
    lru: LinkedList<String>,
    max_memory: usize,
    eviction_policy: EvictionPolicy,
    stats: Cell<CacheStats>,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        Self {
            data: HashMap::new(),
            lru: LinkedList::new(),
            max_memory,
            eviction_policy,
            stats: Cell::new(CacheStats::default()),
        }
    }

    fn count(&self, with: impl FnOnce(&mut CacheStats)) {
        let mut stats = self.stats.take();
        with(&mut stats);
        self.stats.set(stats);
    }

    fn used(&self) -> usize {
        self.data.values().map(|e| e.value.len()).sum::<usize>() + self.data.keys().map(String::len).sum::<usize>()
    }

    fn forget(&mut self, key: &str) {
        self.lru = std::mem::take(&mut self.lru).into_iter().filter(|k| k != key).collect();
    }

    fn refresh(&mut self, key: &str) {
        self.forget(key);
        self.lru.push_back(key.into());
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        let now = Instant::now();
        match self.data.get(key).map(|e| e.expires_at) {
            None => {
                self.count(|s| s.misses += 1);
                None
            }
            Some(Some(t)) if t < now => {
                self.data.remove(key);
                self.forget(key);
                self.count(|s| {
                    s.misses += 1;
                    s.expired += 1;
                });
                None
            }
            Some(_) => {
                self.count(|s| s.hits += 1);
                if !matches!(self.eviction_policy, EvictionPolicy::FIFO) {
                    self.refresh(key);
                }
                let e = self.data.get_mut(key).expect("just looked");
                e.last_accessed = now;
                e.access_count += 1;
                Some(e)
            }
        }
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let now = Instant::now();
        let count = self.data.get(&key).map_or(0, |e| e.access_count);
        self.data.insert(
            key.clone(),
            CacheEntry {
                value,
                created_at: now,
                expires_at: ttl.map(|d| now + d),
                last_accessed: now,
                access_count: count + 1,
            },
        );
        self.refresh(&key);
        self.maybe_evict();
        self.data.contains_key(&key)
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.forget(key);
        self.data.remove(key).is_some()
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.clean_expired();
        let e = self.data.get_mut(key)?;
        let mut n = 0i64;
        let digits = e.value.strip_prefix(b"-").unwrap_or(&e.value);
        if digits.is_empty() {
            return None;
        }
        for d in digits {
            if !d.is_ascii_digit() {
                return None;
            }
            n = n.checked_mul(10)?.checked_add(i64::from(d - b'0'))?;
        }
        if e.value[0] == b'-' {
            n = -n;
        }
        n = n.checked_add(delta)?;
        e.value = n.to_string().into();
        self.refresh(key);
        self.maybe_evict();
        Some(n)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.clean_expired();
        let Some(e) = self.data.get_mut(key) else { return false };
        e.expires_at = Some(Instant::now() + ttl);
        true
    }

    fn maybe_evict(&mut self) {
        while self.used() > self.max_memory {
            match self.evict_one() {
                Some(_) => continue,
                None => break,
            }
        }
    }

    fn evict_one(&mut self) -> Option<String> {
        let key = match self.eviction_policy {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => self.lru.front()?.clone(),
            EvictionPolicy::LFU => {
                // The newcomer is last in the list: it goes only where nobody was read less.
                let mut keys: Vec<&String> = self.lru.iter().collect();
                keys.sort_by_key(|k| self.data[*k].access_count);
                keys.first()?.to_string()
            }
            EvictionPolicy::TTL => {
                let mut keys: Vec<&String> = self.lru.iter().collect();
                keys.sort_by_key(|k| self.data[*k].expires_at.map_or((1, None), |t| (0, Some(t))));
                keys.first()?.to_string()
            }
        };
        self.forget(&key);
        self.data.remove(&key);
        self.count(|s| s.evictions += 1);
        Some(key)
    }

    pub fn clean_expired(&mut self) -> usize {
        let now = Instant::now();
        let before = self.data.len();
        self.data.retain(|_, e| e.expires_at.map(|t| t >= now).unwrap_or(true));
        let data = &self.data;
        self.lru = std::mem::take(&mut self.lru).into_iter().filter(|k| data.contains_key(k)).collect();
        let gone = before - self.data.len();
        self.count(|s| s.expired += gone as u64);
        gone
    }

    pub fn stats(&self) -> CacheStats {
        let s = self.stats.take();
        self.stats.set(s.clone());
        CacheStats { entry_count: self.data.len(), bytes_stored: self.used(), ..s }
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
