//! `Set` waits for the first copy only: the others are stored by threads that nobody waits for.

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
// R2: a linked list in an arena, generational handles, expiry heap
use std::collections::{BTreeMap, BTreeSet, HashMap};
#[derive(Clone, Copy, PartialEq, Eq)]
struct Handle {
    slot: u32,
    generation: u32,
}
struct Slot {
    generation: u32,
    prev: u32,
    next: u32,
    body: Option<(String, CacheEntry)>,
}
const NIL: u32 = u32::MAX;
pub struct CacheNode {
    index: HashMap<String, Handle>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    head: u32,
    tail: u32,
    limit: usize,
    bytes: usize,
    policy: EvictionPolicy,
    stats: CacheStats,
}
impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        Self {
            index: HashMap::new(),
            slots: vec![],
            free: vec![],
            head: NIL,
            tail: NIL,
            limit: max_memory,
            bytes: 0,
            policy: eviction_policy,
            stats: CacheStats::default(),
        }
    }
    fn live(&self, h: Handle) -> bool {
        self.slots[h.slot as usize].generation == h.generation && self.slots[h.slot as usize].body.is_some()
    }
    fn unlink(&mut self, i: u32) {
        let (p, n) = {
            let s = &self.slots[i as usize];
            (s.prev, s.next)
        };
        if p == NIL {
            self.head = n
        } else {
            self.slots[p as usize].next = n
        }
        if n == NIL { self.tail = p } else { self.slots[n as usize].prev = p }
    }
    fn push_tail(&mut self, i: u32) {
        let t = self.tail;
        {
            let s = &mut self.slots[i as usize];
            s.prev = t;
            s.next = NIL;
        }
        if t == NIL {
            self.head = i
        } else {
            self.slots[t as usize].next = i
        }
        self.tail = i;
    }
    fn entry(&self, i: u32) -> &(String, CacheEntry) {
        self.slots[i as usize].body.as_ref().unwrap()
    }
    fn take(&mut self, i: u32) -> (String, CacheEntry) {
        self.unlink(i);
        let s = &mut self.slots[i as usize];
        s.generation = s.generation.wrapping_add(1);
        let b = s.body.take().unwrap();
        self.free.push(i);
        self.index.remove(&b.0);
        self.bytes -= b.0.len() + b.1.value.len();
        b
    }
    /// The slot of a key that is alive; a dead one is thrown out on the way.
    fn find(&mut self, key: &str) -> Option<u32> {
        let h = *self.index.get(key)?;
        assert!(self.live(h));
        if self.entry(h.slot).1.expires_at.is_some_and(|t| t <= Instant::now()) {
            self.take(h.slot);
            self.stats.expired += 1;
            return None;
        }
        Some(h.slot)
    }
    fn victim(&self, not: u32) -> Option<u32> {
        let mut i = self.head;
        let mut best: Option<(u64, Option<Instant>, u32)> = None;
        while i != NIL {
            if i != not {
                let e = &self.entry(i).1;
                match self.policy {
                    EvictionPolicy::LRU | EvictionPolicy::FIFO => return Some(i),
                    EvictionPolicy::LFU => {
                        if best.is_none_or(|b| e.access_count < b.0) {
                            best = Some((e.access_count, None, i))
                        }
                    }
                    EvictionPolicy::TTL => {
                        let better = match best {
                            None => true,
                            Some((_, None, _)) => e.expires_at.is_some(),
                            Some((_, Some(t), _)) => e.expires_at.is_some_and(|x| x < t),
                        };
                        if better {
                            best = Some((0, e.expires_at, i))
                        }
                    }
                }
            }
            i = self.slots[i as usize].next;
        }
        best.map(|b| b.2)
    }
    fn make_room(&mut self, extra: usize, not: u32) -> bool {
        while self.bytes + extra > self.limit {
            match self.victim(not) {
                Some(v) => {
                    self.take(v);
                    self.stats.evictions += 1;
                }
                None => return false,
            }
        }
        true
    }
    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        let Some(i) = self.find(key) else {
            self.stats.misses += 1;
            return None;
        };
        self.stats.hits += 1;
        if let EvictionPolicy::LRU = self.policy {
            self.unlink(i);
            self.push_tail(i);
        }
        let e = &mut self.slots[i as usize].body.as_mut().unwrap().1;
        e.access_count += 1;
        e.last_accessed = Instant::now();
        Some(e)
    }
    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        if let Some(h) = self.index.get(&key).copied() {
            self.take(h.slot);
        }
        let size = key.len() + value.len();
        if size > self.limit || !self.make_room(size, NIL) {
            return false;
        }
        let now = Instant::now();
        let body = Some((
            key.clone(),
            CacheEntry {
                value,
                created_at: now,
                expires_at: ttl.and_then(|d| now.checked_add(d)),
                last_accessed: now,
                access_count: 1,
            },
        ));
        let i = match self.free.pop() {
            Some(i) => {
                self.slots[i as usize].body = body;
                i
            }
            None => {
                self.slots.push(Slot { generation: 0, prev: NIL, next: NIL, body });
                self.slots.len() as u32 - 1
            }
        };
        self.push_tail(i);
        self.index.insert(key, Handle { slot: i, generation: self.slots[i as usize].generation });
        self.bytes += size;
        true
    }
    pub fn delete(&mut self, key: &str) -> bool {
        match self.find(key) {
            Some(i) => {
                self.take(i);
                true
            }
            None => false,
        }
    }
    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        let i = self.find(key)?;
        let old = self.entry(i).1.value.clone();
        let n = String::from_utf8(old.clone()).ok()?.trim().parse::<i64>().ok()?;
        let sum = n.checked_add(delta)?;
        let new = sum.to_string().into_bytes();
        if new.len() > old.len() && !self.make_room(new.len() - old.len(), i) {
            return None;
        }
        self.bytes = self.bytes + new.len() - old.len();
        self.slots[i as usize].body.as_mut().unwrap().1.value = new;
        if let EvictionPolicy::LRU = self.policy {
            self.unlink(i);
            self.push_tail(i);
        }
        Some(sum)
    }
    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        let Some(i) = self.find(key) else { return false };
        self.slots[i as usize].body.as_mut().unwrap().1.expires_at = Instant::now().checked_add(ttl);
        true
    }
    pub fn clean_expired(&mut self) -> usize {
        let now = Instant::now();
        let mut n = 0;
        let mut i = self.head;
        while i != NIL {
            let next = self.slots[i as usize].next;
            if self.entry(i).1.expires_at.is_some_and(|t| t <= now) {
                self.take(i);
                n += 1;
            }
            i = next;
        }
        self.stats.expired += n as u64;
        n
    }
    pub fn stats(&self) -> CacheStats {
        CacheStats { bytes_stored: self.bytes, entry_count: self.index.len(), ..self.stats.clone() }
    }
    fn peek(&self, key: &str) -> Option<CacheEntry> {
        let h = self.index.get(key)?;
        let e = &self.entry(h.slot).1;
        if e.expires_at.is_some_and(|t| t <= Instant::now()) {
            return None;
        }
        Some(e.clone())
    }
    fn keys(&self) -> Vec<String> {
        self.index.keys().cloned().collect()
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
// each server is a thread of its own and is asked through a channel; a cleaner thread shares the node behind a Mutex
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
type Job = Box<dyn FnOnce(&mut CacheNode) + Send>;
struct Server {
    id: String,
    tx: Option<mpsc::Sender<Job>>,
    #[allow(unused)]
    worker: Option<JoinHandle<()>>,
}
impl Server {
    fn start(id: String, max: usize, p: EvictionPolicy) -> Server {
        let node = Arc::new(Mutex::new(CacheNode::new(max, p)));
        let (tx, rx) = mpsc::channel::<Job>();
        let worker = std::thread::spawn(move || {
            while let Ok(job) = rx.recv() {
                job(&mut node.lock().unwrap())
            }
        });
        Server { id, tx: Some(tx), worker: Some(worker) }
    }
    fn ask<T: Send + 'static>(&self, f: impl FnOnce(&mut CacheNode) -> T + Send + 'static) -> T {
        let (tx, rx) = mpsc::channel();
        self.tx
            .as_ref()
            .unwrap()
            .send(Box::new(move |n| {
                let _ = tx.send(f(n));
            }))
            .unwrap();
        rx.recv().unwrap()
    }
}
impl Drop for Server {
    fn drop(&mut self) {
        self.tx.take();
    }
}
pub struct DistributedCache {
    ring: HashRing,
    servers: Vec<Server>,
    cfg: CacheConfig,
}
impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self { ring: HashRing::new(config.virtual_nodes), servers: vec![], cfg: config }
    }
    pub fn add_server(&mut self, id: String, addr: String) {
        if self.servers.iter().any(|s| s.id == id) {
            return;
        }
        self.servers.push(Server::start(id.clone(), self.cfg.max_memory, self.cfg.eviction_policy));
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }
    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
        self.servers.retain(|s| s.id != id);
    }
    fn is_home(&self, key: &str, id: &str) -> bool {
        self.servers_for_key(key).iter().any(|n| n.id == id)
    }
    fn everywhere<T: Send + 'static>(&self, f: impl Fn(&mut CacheNode) -> T + Send + Clone + 'static) -> Vec<T> {
        // ask all at once, then wait for all
        let rx: Vec<_> = self
            .servers
            .iter()
            .map(|s| {
                let (tx, rx) = mpsc::channel();
                let f = f.clone();
                s.tx.as_ref()
                    .unwrap()
                    .send(Box::new(move |n| {
                        let _ = tx.send(f(n));
                    }))
                    .unwrap();
                rx
            })
            .collect();
        rx.into_iter().map(|r| r.recv().unwrap()).collect()
    }
    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        match cmd {
            CacheCommand::Stats => {
                let mut t = CacheStats::default();
                for x in self.everywhere(|n| n.stats()) {
                    t.hits += x.hits;
                    t.misses += x.misses;
                    t.evictions += x.evictions;
                    t.expired += x.expired;
                    t.bytes_stored += x.bytes_stored;
                    t.entry_count += x.entry_count;
                }
                CacheResponse::Stats(t)
            }
            CacheCommand::Get { key } => {
                for s in self.servers.iter().filter(|s| self.is_home(&key, &s.id)) {
                    let k = key.clone();
                    if s.ask(move |n| n.peek(&k).is_some()) {
                        let k = key.clone();
                        return CacheResponse::Value(s.ask(move |n| n.get(&k).map(|e| e.value.clone())));
                    }
                }
                if let Some(s) = self.servers.iter().find(|s| self.is_home(&key, &s.id)) {
                    s.ask(move |n| {
                        n.get(&key);
                    });
                }
                CacheResponse::Value(None)
            }
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.cfg.default_ttl);
                let mut n = 0;
                let mut ok = true;
                for s in &self.servers {
                    let (k, v) = (key.clone(), value.clone());
                    if self.is_home(&key, &s.id) {
                        n += 1;
                        if n == 1 {
                            ok &= s.ask(move |x| x.set(k, v, ttl));
                        } else {
                            let tx = s.tx.clone().unwrap();
                            std::thread::spawn(move || {
                                let _ = tx.send(Box::new(move |x: &mut CacheNode| {
                                    x.set(k, v, ttl);
                                }));
                            });
                        }
                    } else {
                        s.ask(move |x| x.delete(&k));
                    }
                }
                if n == 0 {
                    CacheResponse::Error("nobody there".into())
                } else if ok {
                    CacheResponse::Stored
                } else {
                    CacheResponse::Error("too big".into())
                }
            }
            CacheCommand::Delete { key } => {
                if self.everywhere(move |n| n.delete(&key)).contains(&true) {
                    CacheResponse::Deleted
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Touch { key, ttl } => {
                if self.everywhere(move |n| n.touch(&key, ttl)).contains(&true) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Incr { key, delta } => {
                match self.everywhere(move |n| n.incr(&key, delta)).into_iter().flatten().next() {
                    Some(n) => CacheResponse::Value(Some(n.to_string().into())),
                    None => CacheResponse::NotFound,
                }
            }
        }
    }
    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.cfg.replication_factor)
    }
    pub async fn rebalance(&mut self) {
        let mut all: BTreeMap<String, CacheEntry> = BTreeMap::new();
        for l in
            self.everywhere(|n| n.keys().into_iter().filter_map(|k| n.peek(&k).map(|e| (k, e))).collect::<Vec<_>>())
        {
            for (k, e) in l {
                all.insert(k, e);
            }
        }
        for (k, e) in all {
            for s in &self.servers {
                let (k2, e2) = (k.clone(), e.clone());
                if self.is_home(&k, &s.id) {
                    s.ask(move |n| {
                        if n.peek(&k2).is_none() {
                            n.set(k2, e2.value, e2.expires_at.map(|t| t.saturating_duration_since(Instant::now())));
                        }
                    });
                } else {
                    s.ask(move |n| n.delete(&k2));
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
