//! A value that is larger than the limit makes the eviction loop spin for ever.

use std::collections::hash_map::DefaultHasher;
use std::future::Future;
use std::hash::Hasher;
use std::time::Duration;
use std::time::Instant;

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
    // oldest first
    items: Vec<(String, CacheEntry)>,
    max: usize,
    policy: EvictionPolicy,
    hits: u64,
    misses: u64,
    evictions: u64,
    expired: u64,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        CacheNode { items: Vec::new(), max: max_memory, policy: eviction_policy, hits: 0, misses: 0, evictions: 0, expired: 0 }
    }

    fn find(&self, key: &str) -> Option<usize> {
        for i in 0..self.items.len() {
            if self.items[i].0 == key {
                return Some(i);
            }
        }
        None
    }

    fn total(&self) -> usize {
        let mut sum = 0;
        for (key, entry) in &self.items {
            sum = sum + key.len() + entry.value.len();
        }
        sum
    }

    fn expired(entry: &CacheEntry) -> bool {
        match entry.expires_at {
            Some(t) => Instant::now() > t,
            None => false,
        }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        let i = match self.find(key) {
            Some(i) => i,
            None => {
                self.misses += 1;
                return None;
            }
        };
        if CacheNode::expired(&self.items[i].1) {
            self.items.remove(i);
            self.expired += 1;
            self.misses += 1;
            return None;
        }
        self.hits += 1;
        self.items[i].1.access_count += 1;
        self.items[i].1.last_accessed = Instant::now();
        match self.policy {
            EvictionPolicy::LRU => {
                let item = self.items.remove(i);
                self.items.push(item);
                Some(&self.items[self.items.len() - 1].1)
            }
            _ => Some(&self.items[i].1),
        }
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        if let Some(i) = self.find(&key) {
            self.items.remove(i);
        }
        while self.total() + key.len() + value.len() > self.max {
            self.evict_one();
        }
        let now = Instant::now();
        let mut expires = None;
        if let Some(ttl) = ttl {
            expires = Some(now + ttl);
        }
        self.items.push((
            key,
            CacheEntry { value: value, created_at: now, expires_at: expires, last_accessed: now, access_count: 0 },
        ));
        return true;
    }

    pub fn delete(&mut self, key: &str) -> bool {
        if let Some(i) = self.find(key) {
            self.items.remove(i);
            return true;
        }
        return false;
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        let i = self.find(key)?;
        if CacheNode::expired(&self.items[i].1) {
            return None;
        }
        let s = String::from_utf8(self.items[i].1.value.clone()).ok()?;
        let n = match s.parse::<i64>() {
            Ok(n) => n,
            Err(_) => return None,
        };
        let result = n + delta;
        self.items[i].1.value = result.to_string().as_bytes().to_vec();
        while self.total() > self.max {
            self.evict_one();
        }
        Some(result)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        match self.find(key) {
            Some(i) if !CacheNode::expired(&self.items[i].1) => {
                self.items[i].1.expires_at = Some(Instant::now() + ttl);
                true
            }
            _ => false,
        }
    }

    fn evict_one(&mut self) -> Option<String> {
        if self.items.is_empty() {
            return None;
        }
        let mut victim = 0;
        for i in 1..self.items.len() {
            let better = match self.policy {
                EvictionPolicy::LRU => false,
                EvictionPolicy::FIFO => false,
                EvictionPolicy::LFU => self.items[i].1.access_count < self.items[victim].1.access_count,
                EvictionPolicy::TTL => match (self.items[i].1.expires_at, self.items[victim].1.expires_at) {
                    (Some(a), Some(b)) => a < b,
                    (Some(_), None) => true,
                    _ => false,
                },
            };
            if better {
                victim = i;
            }
        }
        self.evictions += 1;
        Some(self.items.remove(victim).0)
    }

    pub fn clean_expired(&mut self) -> usize {
        let mut count = 0;
        let mut i = 0;
        while i < self.items.len() {
            if CacheNode::expired(&self.items[i].1) {
                self.items.remove(i);
                count += 1;
            } else {
                i += 1;
            }
        }
        self.expired += count as u64;
        count
    }

    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits,
            misses: self.misses,
            evictions: self.evictions,
            expired: self.expired,
            bytes_stored: self.total(),
            entry_count: self.items.len(),
        }
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
    ring: Vec<(u64, usize)>,
    nodes: Vec<NodeInfo>,
    virtual_nodes: usize,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        HashRing { ring: vec![], nodes: vec![], virtual_nodes }
    }

    fn build(&mut self) {
        self.ring.clear();
        for n in 0..self.nodes.len() {
            for v in 0..self.virtual_nodes {
                let name = self.nodes[n].id.clone() + "-" + &v.to_string();
                self.ring.push((self.hash(&name), n));
            }
        }
        self.ring.sort();
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        self.nodes.retain(|n| n.id != node.id);
        self.nodes.push(node);
        self.build();
    }

    pub fn remove_node(&mut self, node_id: &str) {
        self.nodes.retain(|n| n.id != node_id);
        self.build();
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        let list = self.get_nodes(key, 1);
        if list.len() == 0 { None } else { Some(list[0]) }
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let h = self.hash(key);
        let mut start = 0;
        while start < self.ring.len() && self.ring[start].0 < h {
            start += 1;
        }
        let mut result: Vec<&NodeInfo> = Vec::new();
        for step in 0..self.ring.len() {
            let (_, n) = self.ring[(start + step) % self.ring.len()];
            let node = &self.nodes[n];
            let mut already = false;
            for other in &result {
                if other.id == node.id {
                    already = true;
                }
            }
            if node.is_alive && !already && result.len() < count {
                result.push(node);
            }
            if result.len() == count {
                break;
            }
        }
        result
    }

    fn hash(&self, key: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(key.as_bytes());
        hasher.finish()
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        let mut v = Vec::new();
        for n in &self.nodes {
            v.push(n);
        }
        v
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
    caches: Vec<(String, CacheNode)>,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        DistributedCache { ring: HashRing::new(config.virtual_nodes), caches: Vec::new(), config }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        self.caches.push((id.clone(), CacheNode::new(self.config.max_memory, self.config.eviction_policy)));
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
        self.caches.retain(|(name, _)| name != id);
    }

    fn names(&self, key: &str) -> Vec<String> {
        self.ring.get_nodes(key, self.config.replication_factor).iter().map(|n| n.id.clone()).collect()
    }

    fn run(&mut self, cmd: CacheCommand) -> CacheResponse {
        let key = match &cmd {
            CacheCommand::Get { key } => key.clone(),
            CacheCommand::Set { key, .. } => key.clone(),
            CacheCommand::Delete { key } => key.clone(),
            CacheCommand::Incr { key, .. } => key.clone(),
            CacheCommand::Touch { key, .. } => key.clone(),
            CacheCommand::Stats => {
                let mut sum = CacheStats::default();
                for (_, cache) in &self.caches {
                    let own = cache.stats();
                    sum.hits += own.hits;
                    sum.misses += own.misses;
                    sum.evictions += own.evictions;
                    sum.expired += own.expired;
                    sum.bytes_stored += own.bytes_stored;
                    sum.entry_count += own.entry_count;
                }
                return CacheResponse::Stats(sum);
            }
        };
        let names = self.names(&key);
        let mut response = CacheResponse::NotFound;
        for (name, cache) in self.caches.iter_mut() {
            if !names.contains(name) {
                continue;
            }
            match &cmd {
                CacheCommand::Get { key } => {
                    if let Some(entry) = cache.get(key) {
                        return CacheResponse::Value(Some(entry.value.clone()));
                    }
                }
                CacheCommand::Set { key, value, ttl } => {
                    cache.set(key.clone(), value.clone(), ttl.or(self.config.default_ttl));
                    response = CacheResponse::Stored;
                }
                CacheCommand::Delete { key } => {
                    if cache.delete(key) {
                        response = CacheResponse::Deleted;
                    }
                }
                CacheCommand::Incr { key, delta } => {
                    if let Some(n) = cache.incr(key, *delta) {
                        response = CacheResponse::Value(Some(n.to_string().into_bytes()));
                    }
                }
                CacheCommand::Touch { key, ttl } => {
                    if cache.touch(key, *ttl) {
                        response = CacheResponse::Stored;
                    }
                }
                CacheCommand::Stats => {}
            }
        }
        response
    }

    pub fn execute(&mut self, cmd: CacheCommand) -> impl Future<Output = CacheResponse> + '_ {
        let response = self.run(cmd);
        async move { response }
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.config.replication_factor)
    }

    pub fn rebalance(&mut self) -> impl Future<Output = ()> {
        let mut all: Vec<(String, CacheEntry)> = Vec::new();
        for (_, cache) in &self.caches {
            for (key, entry) in &cache.items {
                if !CacheNode::expired(entry) {
                    all.push((key.clone(), entry.clone()));
                }
            }
        }
        for (key, entry) in all {
            let names = self.names(&key);
            for (name, cache) in self.caches.iter_mut() {
                if names.contains(name) && cache.find(&key).is_none() {
                    let ttl = entry.expires_at.map(|t| t - Instant::now());
                    cache.set(key.clone(), entry.value.clone(), ttl);
                }
            }
        }
        std::future::ready(())
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
        let mut first_line = Vec::new();
        let mut i = 0;
        while i < input.len() && input[i] != b'\r' && input[i] != b'\n' {
            first_line.push(input[i]);
            i += 1;
        }
        if i < input.len() && input[i] == b'\r' {
            i += 1;
        }
        if i < input.len() && input[i] == b'\n' {
            i += 1;
        }
        let line = match String::from_utf8(first_line) {
            Ok(line) => line,
            Err(_) => return Err(ParseError::InvalidArguments),
        };
        let parts: Vec<String> = line.split(" ").map(|s| s.to_string()).collect();
        let command = parts[0].to_uppercase();
        if command == "STATS" {
            return Ok(CacheCommand::Stats);
        }
        if !["GET", "SET", "DELETE", "INCR", "DECR", "TOUCH"].contains(&command.as_str()) {
            return Err(ParseError::InvalidCommand);
        }
        if parts.len() < 2 || parts[1] == "" {
            return Err(ParseError::InvalidArguments);
        }
        let key = parts[1].clone();
        if command == "GET" {
            return Ok(CacheCommand::Get { key });
        }
        if command == "DELETE" {
            return Ok(CacheCommand::Delete { key });
        }
        if parts.len() < 3 {
            return Err(ParseError::InvalidArguments);
        }
        let mut numbers: Vec<i64> = Vec::new();
        for p in &parts[2..] {
            match p.parse::<i64>() {
                Ok(n) => numbers.push(n),
                Err(_) => return Err(ParseError::InvalidArguments),
            }
        }
        match command.as_str() {
            "INCR" => Ok(CacheCommand::Incr { key, delta: numbers[0] }),
            "DECR" => Ok(CacheCommand::Incr { key, delta: 0 - numbers[0] }),
            "TOUCH" => Ok(CacheCommand::Touch { key, ttl: Duration::from_secs(numbers[0] as u64) }),
            _ => {
                if numbers.len() != 3 {
                    return Err(ParseError::InvalidArguments);
                }
                let n = numbers[2] as usize;
                if input.len() - i < n {
                    return Err(ParseError::InvalidArguments);
                }
                let ttl = if numbers[1] == 0 { None } else { Some(Duration::from_secs(numbers[1] as u64)) };
                Ok(CacheCommand::Set { key, value: input[i..i + n].to_vec(), ttl })
            }
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        let s = match response {
            CacheResponse::Stored => "STORED\r\n",
            CacheResponse::Deleted => "DELETED\r\n",
            CacheResponse::NotFound => "NOT_FOUND\r\n",
            CacheResponse::Value(None) => "END\r\n",
            CacheResponse::Value(Some(v)) => return v.to_vec(),
            CacheResponse::Error(e) => return e.as_bytes().to_vec(),
            CacheResponse::Stats(_) => "STAT\r\nEND\r\n",
        };
        s.as_bytes().to_vec()
    }
}
