//! The cleaner looks for what has expired under one lock, and takes it out under another: what was stored in between is lost.

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
pub struct ProtocolParser;
// threads: the node's inside behind Arc<Mutex>, a cleaner thread of its own
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Condvar, Mutex, Weak as AWeak};
struct Inner {
    map: HashMap<String, CacheEntry>,
    used: usize,
    seq: u64,
    rank: HashMap<String, u64>,
    st: CacheStats,
}
pub struct CacheNode {
    inner: Arc<Mutex<Inner>>,
    max: usize,
    policy: EvictionPolicy,
    seen: Option<CacheEntry>,
    #[allow(unused)]
    bell: Arc<Condvar>,
}
impl Inner {
    fn out(&mut self, k: &str) -> bool {
        match self.map.remove(k) {
            Some(e) => {
                self.used -= e.value.len() + k.len();
                self.rank.remove(k);
                true
            }
            None => false,
        }
    }
    fn dead(&self, k: &str) -> bool {
        self.map.get(k).is_some_and(|e| e.expires_at.is_some_and(|t| t <= Instant::now()))
    }
    fn sweep(&mut self) -> usize {
        let d: Vec<String> = self.map.keys().filter(|k| self.dead(k)).cloned().collect();
        for k in &d {
            self.out(k);
        }
        self.st.expired += d.len() as u64;
        d.len()
    }
    fn bump(&mut self, k: &str) {
        self.seq += 1;
        self.rank.insert(k.to_string(), self.seq);
    }
    fn victim(&self, p: EvictionPolicy, not: &str) -> Option<String> {
        let it = self.map.iter().filter(|(k, _)| *k != not);
        match p {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => it.min_by_key(|(k, _)| self.rank[*k]),
            EvictionPolicy::LFU => it.min_by_key(|(k, e)| (e.access_count, self.rank[*k])),
            EvictionPolicy::TTL => it.min_by_key(|(k, e)| (e.expires_at.is_none(), e.expires_at, self.rank[*k])),
        }
        .map(|(k, _)| k.clone())
    }
    fn room(&mut self, need: usize, max: usize, p: EvictionPolicy, not: &str) -> bool {
        while self.used + need > max {
            match self.victim(p, not) {
                Some(v) => {
                    self.out(&v);
                    self.st.evictions += 1;
                }
                None => return false,
            }
        }
        true
    }
}
fn cleaner(w: AWeak<Mutex<Inner>>) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(50));
            let Some(i) = w.upgrade() else { return };
            let d: Vec<String> = {
                let g = i.lock().unwrap();
                g.map.keys().filter(|k| g.dead(k)).cloned().collect()
            };
            for k in d {
                let mut g = i.lock().unwrap();
                if g.out(&k) {
                    g.st.expired += 1;
                }
            }
        }
    });
}
impl CacheNode {
    pub fn new(max_memory: usize, policy: EvictionPolicy) -> Self {
        let inner = Arc::new(Mutex::new(Inner {
            map: HashMap::new(),
            used: 0,
            seq: 0,
            rank: HashMap::new(),
            st: CacheStats::default(),
        }));
        cleaner(Arc::downgrade(&inner));
        Self { inner, max: max_memory, policy, seen: None, bell: Arc::default() }
    }
    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        let mut i = self.inner.lock().unwrap();
        if i.dead(key) {
            i.out(key);
            i.st.expired += 1;
        }
        if !i.map.contains_key(key) {
            i.st.misses += 1;
            return None;
        }
        i.st.hits += 1;
        if matches!(self.policy, EvictionPolicy::LRU | EvictionPolicy::LFU) {
            i.bump(key);
        }
        let e = i.map.get_mut(key).unwrap();
        e.access_count += 1;
        e.last_accessed = Instant::now();
        self.seen = Some(e.clone());
        self.seen.as_ref()
    }
    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let need = key.len() + value.len();
        let mut i = self.inner.lock().unwrap();
        if need > self.max {
            return false;
        }
        i.out(&key);
        i.room(need, self.max, self.policy, "");
        let now = Instant::now();
        i.bump(&key);
        i.used += need;
        i.map.insert(
            key,
            CacheEntry {
                value,
                created_at: now,
                expires_at: ttl.and_then(|t| now.checked_add(t)),
                last_accessed: now,
                access_count: 0,
            },
        );
        true
    }
    pub fn delete(&mut self, key: &str) -> bool {
        let mut i = self.inner.lock().unwrap();
        !i.dead(key) & i.out(key)
    }
    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        let mut i = self.inner.lock().unwrap();
        if i.dead(key) {
            return None;
        }
        let e = i.map.get(key)?;
        let n = str::from_utf8(&e.value).ok()?.parse::<i64>().ok()?.checked_add(delta)?;
        let (old, new) = (e.value.len(), n.to_string());
        if new.len() > old && !i.room(new.len() - old, self.max, self.policy, key) {
            return None;
        }
        i.used = i.used - old + new.len();
        i.map.get_mut(key).unwrap().value = new.into();
        Some(n)
    }
    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        let mut i = self.inner.lock().unwrap();
        if i.dead(key) {
            return false;
        }
        match i.map.get_mut(key) {
            Some(e) => {
                e.expires_at = Instant::now().checked_add(ttl);
                true
            }
            None => false,
        }
    }
    pub fn clean_expired(&mut self) -> usize {
        self.inner.lock().unwrap().sweep()
    }
    pub fn stats(&self) -> CacheStats {
        let i = self.inner.lock().unwrap();
        CacheStats { bytes_stored: i.used, entry_count: i.map.len(), ..i.st.clone() }
    }
    fn peek(&self, key: &str) -> Option<CacheEntry> {
        let i = self.inner.lock().unwrap();
        if i.dead(key) { None } else { i.map.get(key).cloned() }
    }
    fn keys(&self) -> Vec<String> {
        self.inner.lock().unwrap().map.keys().cloned().collect()
    }
}
// sorted Vec + binary search + xxh3, weights, nodes in a Vec
pub struct HashRing {
    pts: Vec<(u64, usize)>,
    nodes: Vec<NodeInfo>,
    vn: usize,
}
fn h64(s: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(s.as_bytes())
}
impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        Self { pts: vec![], nodes: vec![], vn: virtual_nodes }
    }
    fn rebuild(&mut self) {
        self.pts.clear();
        for (i, n) in self.nodes.iter().enumerate() {
            for r in 0..self.vn * n.weight as usize {
                self.pts.push((h64(&format!("{r}/{}", n.id)), i));
            }
        }
        self.pts.sort_unstable_by(|a, b| (a.0, &self.nodes[a.1].id).cmp(&(b.0, &self.nodes[b.1].id)));
    }
    pub fn add_node(&mut self, node: NodeInfo) {
        self.nodes.retain(|n| n.id != node.id);
        self.nodes.push(node);
        self.rebuild();
    }
    pub fn remove_node(&mut self, node_id: &str) {
        self.nodes.retain(|n| n.id != node_id);
        self.rebuild();
    }
    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.get_nodes(key, 1).first().copied()
    }
    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let at = self.pts.partition_point(|p| p.0 <= h64(key));
        let mut seen = BTreeSet::new();
        self.pts[at..]
            .iter()
            .chain(&self.pts[..at])
            .map(|p| p.1)
            .filter(|i| self.nodes[*i].is_alive && seen.insert(*i))
            .take(count)
            .map(|i| &self.nodes[i])
            .collect()
    }
    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.iter().collect()
    }
}
pub struct DistributedCache {
    ring: HashRing,
    shards: Vec<(String, CacheNode)>,
    cfg: CacheConfig,
}
impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self { ring: HashRing::new(config.virtual_nodes), shards: vec![], cfg: config }
    }
    pub fn add_server(&mut self, id: String, addr: String) {
        if self.shards.iter().any(|s| s.0 == id) {
            return;
        }
        self.ring.add_node(NodeInfo { id: id.clone(), addr, weight: 1, is_alive: true });
        self.shards.push((id, CacheNode::new(self.cfg.max_memory, self.cfg.eviction_policy)));
    }
    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
        self.shards.retain(|s| s.0 != id);
    }
    fn homes(&self, key: &str) -> Vec<usize> {
        self.servers_for_key(key).iter().map(|n| self.shards.iter().position(|s| s.0 == n.id).unwrap()).collect()
    }
    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        use CacheResponse as R;
        match cmd {
            CacheCommand::Stats => {
                let mut t = CacheStats::default();
                for (_, s) in &self.shards {
                    let x = s.stats();
                    t.hits += x.hits;
                    t.misses += x.misses;
                    t.evictions += x.evictions;
                    t.expired += x.expired;
                    t.bytes_stored += x.bytes_stored;
                    t.entry_count += x.entry_count;
                }
                R::Stats(t)
            }
            CacheCommand::Get { key } => {
                let mut homes = self.homes(&key);
                homes.extend(0..self.shards.len()); // old places count until a rebalance
                let Some(at) =
                    homes.iter().copied().find(|i| self.shards[*i].1.peek(&key).is_some()).or(homes.first().copied())
                else {
                    return R::Value(None);
                };
                R::Value(self.shards[at].1.get(&key).map(|e| e.value.clone()))
            }
            CacheCommand::Set { key, value, ttl } => {
                let homes = self.homes(&key);
                if homes.is_empty() {
                    return R::Error("no server".into());
                }
                for i in 0..self.shards.len() {
                    if !homes.contains(&i) {
                        self.shards[i].1.delete(&key);
                    }
                }
                let ok = homes.into_iter().fold(true, |ok, i| {
                    self.shards[i].1.set(key.clone(), value.clone(), ttl.or(self.cfg.default_ttl)) && ok
                });
                if ok { R::Stored } else { R::Error("object too large for cache".into()) }
            }
            CacheCommand::Delete { key } => {
                if self.shards.iter_mut().filter_map(|s| s.1.delete(&key).then_some(())).count() > 0 {
                    R::Deleted
                } else {
                    R::NotFound
                }
            }
            CacheCommand::Touch { key, ttl } => {
                if self.shards.iter_mut().filter_map(|s| s.1.touch(&key, ttl).then_some(())).count() > 0 {
                    R::Stored
                } else {
                    R::NotFound
                }
            }
            CacheCommand::Incr { key, delta } => {
                let all: Vec<_> = self
                    .shards
                    .iter_mut()
                    .filter(|s| s.1.peek(&key).is_some())
                    .map(|s| s.1.incr(&key, delta))
                    .collect();
                match all.first() {
                    None => R::NotFound,
                    Some(None) => R::Error("cannot increment or decrement non-numeric value".into()),
                    Some(Some(n)) => R::Value(Some(n.to_string().into_bytes())),
                }
            }
        }
    }
    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.cfg.replication_factor)
    }
    pub async fn rebalance(&mut self) {
        let mut newest: BTreeMap<String, CacheEntry> = BTreeMap::new();
        for (_, s) in &self.shards {
            for k in s.keys() {
                if let Some(e) = s.peek(&k) {
                    match newest.get(&k) {
                        Some(o) if o.created_at >= e.created_at => {}
                        _ => {
                            newest.insert(k, e);
                        }
                    }
                }
            }
        }
        for (k, e) in newest {
            let homes = self.homes(&k);
            for i in 0..self.shards.len() {
                if !homes.contains(&i) {
                    self.shards[i].1.delete(&k);
                    continue;
                }
                if self.shards[i].1.peek(&k).is_none_or(|x| x.value != e.value) {
                    let left = e.expires_at.map(|t| t.saturating_duration_since(Instant::now()));
                    self.shards[i].1.set(k.clone(), e.value.clone(), left);
                }
            }
        }
    }
}
impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let Some(nl) = input.iter().position(|b| *b == b'\n') else { return Err(ParseError::Incomplete) };
        let line = input[..nl].strip_suffix(b"\r").unwrap_or(&input[..nl]);
        let line = String::from_utf8_lossy(line).into_owned();
        let mut w = line.split_ascii_whitespace();
        let verb = w.next().ok_or(ParseError::InvalidCommand)?.to_uppercase();
        if !["GET", "SET", "DELETE", "INCR", "DECR", "TOUCH", "STATS"].contains(&verb.as_str()) {
            return Err(ParseError::InvalidCommand);
        }
        if verb == "STATS" {
            return Ok(CacheCommand::Stats);
        }
        let key = w.next().ok_or(ParseError::InvalidArguments)?.to_string();
        if key.len() > 250 {
            return Err(ParseError::InvalidArguments);
        }
        let mut num = || w.next().and_then(|t| t.parse::<i64>().ok()).ok_or(ParseError::InvalidArguments);
        let ttl = |n: i64| if n < 0 { Duration::ZERO } else { Duration::from_millis(n as u64) };
        Ok(match verb.as_str() {
            "GET" => CacheCommand::Get { key },
            "DELETE" => CacheCommand::Delete { key },
            "INCR" => CacheCommand::Incr { key, delta: num()? },
            "DECR" => CacheCommand::Incr { key, delta: -num()? },
            "TOUCH" => CacheCommand::Touch { key, ttl: ttl(num()?) },
            _ => {
                num()?;
                let exp = num()?;
                let len = usize::try_from(num()?).map_err(|_| ParseError::InvalidArguments)?;
                let data = &input[nl + 1..];
                if data.len() < len.saturating_add(2) {
                    return Err(ParseError::Incomplete);
                }
                if !data[len..].starts_with(b"\r\n") {
                    return Err(ParseError::InvalidArguments);
                }
                CacheCommand::Set { key, value: data[..len].into(), ttl: if exp == 0 { None } else { Some(ttl(exp)) } }
            }
        })
    }
    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        let mut o: Vec<u8> = Vec::new();
        match response {
            CacheResponse::Value(v) => {
                if let Some(v) = v {
                    o.extend(format!("VALUE {} {}\r\n", 0, v.len()).bytes());
                    o.extend(v);
                    o.extend(b"\r\n");
                }
                o.extend(b"END")
            }
            CacheResponse::Stored => o.extend(b"STORED"),
            CacheResponse::Deleted => o.extend(b"DELETED"),
            CacheResponse::NotFound => o.extend(b"NOT_FOUND"),
            CacheResponse::Error(e) => o.extend(format!("ERROR {e}").bytes()),
            CacheResponse::Stats(s) => {
                for (n, v) in [
                    ("hits", s.hits),
                    ("misses", s.misses),
                    ("evictions", s.evictions),
                    ("expired", s.expired),
                    ("bytes_stored", s.bytes_stored as u64),
                    ("entry_count", s.entry_count as u64),
                ] {
                    o.extend(format!("STAT {n} {v}\r\n").bytes())
                }
                o.extend(b"END")
            }
        }
        o.extend(b"\r\n");
        o
    }
}
