//! An entry that a read finds expired leaves the map, and its key stays in the order of the evictions.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, LinkedList};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

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

enum Message {
    Get(String, oneshot::Sender<Option<Vec<u8>>>),
    Set(String, Vec<u8>, Option<Duration>, oneshot::Sender<bool>),
    Delete(String, oneshot::Sender<bool>),
    Incr(String, i64, oneshot::Sender<Option<i64>>),
    Touch(String, Duration, oneshot::Sender<bool>),
    Stats(oneshot::Sender<CacheStats>),
}

async fn serve(mut node: CacheNode, mut inbox: mpsc::Receiver<Message>) {
    while let Some(message) = inbox.recv().await {
        match message {
            Message::Get(key, reply) => drop(reply.send(node.get(&key).map(|e| e.value.clone()))),
            Message::Set(key, value, ttl, reply) => drop(reply.send(node.set(key, value, ttl))),
            Message::Delete(key, reply) => drop(reply.send(node.delete(&key))),
            Message::Incr(key, delta, reply) => drop(reply.send(node.incr(&key, delta))),
            Message::Touch(key, ttl, reply) => drop(reply.send(node.touch(&key, ttl))),
            Message::Stats(reply) => drop(reply.send(node.stats())),
        }
    }
}

/// Every server is a task with an inbox. The task is started by the first command that needs it.
pub struct DistributedCache {
    ring: HashRing,
    inboxes: HashMap<String, mpsc::Sender<Message>>,
    seen: HashMap<String, Option<Instant>>,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self { ring: HashRing::new(config.virtual_nodes), inboxes: HashMap::new(), seen: HashMap::new(), config }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
        self.inboxes.remove(id);
    }

    fn inbox(&mut self, id: &str) -> mpsc::Sender<Message> {
        let config = &self.config;
        self.inboxes
            .entry(id.to_string())
            .or_insert_with(|| {
                let (tx, rx) = mpsc::channel(32);
                tokio::spawn(serve(CacheNode::new(config.max_memory, config.eviction_policy), rx));
                tx
            })
            .clone()
    }

    async fn ask<T>(&mut self, id: &str, make: impl FnOnce(oneshot::Sender<T>) -> Message) -> Option<T> {
        let (tx, rx) = oneshot::channel();
        self.inbox(id).send(make(tx)).await.ok()?;
        rx.await.ok()
    }

    fn owners(&self, key: &str) -> Vec<String> {
        self.servers_for_key(key).iter().map(|n| n.id.clone()).collect()
    }

    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        match cmd {
            CacheCommand::Get { key } => {
                for id in self.owners(&key) {
                    if let Some(Some(v)) = self.ask(&id, |tx| Message::Get(key.clone(), tx)).await {
                        return CacheResponse::Value(Some(v));
                    }
                }
                CacheResponse::Value(None)
            }
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.config.default_ttl);
                self.seen.insert(key.clone(), ttl.map(|t| Instant::now() + t));
                let mut stored = false;
                for id in self.owners(&key) {
                    stored |= self.ask(&id, |tx| Message::Set(key.clone(), value.clone(), ttl, tx)).await == Some(true);
                }
                if stored { CacheResponse::Stored } else { CacheResponse::Error("no server took it".into()) }
            }
            CacheCommand::Delete { key } => {
                self.seen.remove(&key);
                let mut any = false;
                for id in self.owners(&key) {
                    any |= self.ask(&id, |tx| Message::Delete(key.clone(), tx)).await == Some(true);
                }
                if any { CacheResponse::Deleted } else { CacheResponse::NotFound }
            }
            CacheCommand::Incr { key, delta } => {
                let mut sum = None;
                for id in self.owners(&key) {
                    sum = self.ask(&id, |tx| Message::Incr(key.clone(), delta, tx)).await.flatten().or(sum);
                }
                match sum {
                    Some(n) => CacheResponse::Value(Some(n.to_string().into_bytes())),
                    None => CacheResponse::NotFound,
                }
            }
            CacheCommand::Touch { key, ttl } => {
                let mut any = false;
                for id in self.owners(&key) {
                    any |= self.ask(&id, |tx| Message::Touch(key.clone(), ttl, tx)).await == Some(true);
                }
                if any { CacheResponse::Stored } else { CacheResponse::NotFound }
            }
            CacheCommand::Stats => {
                let ids: Vec<String> = self.inboxes.keys().cloned().collect();
                let mut total = CacheStats::default();
                for id in ids {
                    if let Some(s) = self.ask(&id, Message::Stats).await {
                        total.hits += s.hits;
                        total.misses += s.misses;
                        total.evictions += s.evictions;
                        total.expired += s.expired;
                        total.bytes_stored += s.bytes_stored;
                        total.entry_count += s.entry_count;
                    }
                }
                CacheResponse::Stats(total)
            }
        }
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.config.replication_factor)
    }

    pub async fn rebalance(&mut self) {
        let ids: Vec<String> = self.ring.nodes().iter().map(|n| n.id.clone()).collect();
        let keys: Vec<(String, Option<Instant>)> = self.seen.iter().map(|(k, t)| (k.clone(), *t)).collect();
        for (key, deadline) in keys {
            let mut value = None;
            for id in &ids {
                if value.is_none() {
                    value = self.ask(id, |tx| Message::Get(key.clone(), tx)).await.flatten();
                }
            }
            let Some(value) = value else { continue };
            let ttl = deadline.map(|t| t.saturating_duration_since(Instant::now()));
            let owners = self.owners(&key);
            for id in &ids {
                if owners.contains(id) {
                    self.ask(id, |tx| Message::Set(key.clone(), value.clone(), ttl, tx)).await;
                } else {
                    self.ask(id, |tx| Message::Delete(key.clone(), tx)).await;
                }
            }
            tokio::task::yield_now().await;
        }
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
