use std::time::{Duration, Instant};

/// A cached value and what is known about it.
#[derive(Debug, Clone)]
pub struct CacheEntry {
    pub value: Vec<u8>,
    pub created_at: Instant,
    /// From when on the entry is gone; `None` lives until it is evicted.
    pub expires_at: Option<Instant>,
    pub last_accessed: Instant,
    pub access_count: u64,
}

/// What a node has counted so far, and what it holds now.
#[derive(Debug, Clone, Default)]
pub struct CacheStats {
    /// Reads that found their key.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Entries that left to make room.
    pub evictions: u64,
    /// Entries that left because their time was over.
    pub expired: u64,
    pub bytes_stored: usize,
    pub entry_count: usize,
}

/// Who leaves when memory runs out.
#[derive(Debug, Clone, Copy)]
pub enum EvictionPolicy {
    /// Least recently used.
    LRU,
    /// Least frequently used.
    LFU,
    /// First in, first out.
    FIFO,
    /// Soonest expiry first.
    TTL,
}

/// A member of the ring.
#[derive(Debug, Clone)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

/// How a cluster is set up.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    pub max_memory: usize,
    /// For entries that are stored without a time to live.
    pub default_ttl: Option<Duration>,
    pub eviction_policy: EvictionPolicy,
    /// On how many servers a key lives.
    pub replication_factor: usize,
    /// Points of each server on the ring.
    pub virtual_nodes: usize,
}

/// A command, as memcached has them.
#[derive(Debug, Clone)]
pub enum CacheCommand {
    Get { key: String },
    Set { key: String, value: Vec<u8>, ttl: Option<Duration> },
    Delete { key: String },
    Incr { key: String, delta: i64 },
    Touch { key: String, ttl: Duration },
    Stats,
}

/// The answer to a command.
#[derive(Debug)]
pub enum CacheResponse {
    Value(Option<Vec<u8>>),
    Stored,
    Deleted,
    NotFound,
    Error(String),
    Stats(CacheStats),
}

/// Why there is no command in the input.
#[derive(Debug)]
pub enum ParseError {
    /// No such command.
    InvalidCommand,
    /// A known command with wrong arguments.
    InvalidArguments,
    /// More bytes are needed.
    Incomplete,
}

use std::collections::{BTreeMap, HashMap};

type Rank = (u64, u64);

struct Kept {
    entry: CacheEntry,
    rank: Rank,
}

/// Ranks in a tree, deadlines in another: whatever is due leaves before anything else happens.
pub struct CacheNode {
    limit: usize,
    policy: EvictionPolicy,
    clock: u64,
    epoch: Instant,
    kept: HashMap<String, Kept>,
    by_rank: BTreeMap<Rank, String>,
    by_deadline: BTreeMap<(Instant, String), ()>,
    stats: CacheStats,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        Self {
            limit: max_memory,
            policy: eviction_policy,
            clock: 0,
            epoch: Instant::now(),
            kept: HashMap::new(),
            by_rank: BTreeMap::new(),
            by_deadline: BTreeMap::new(),
            stats: CacheStats::default(),
        }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn purge(&mut self) -> usize {
        let now = Instant::now();
        let mut gone = 0;
        while let Some((at, key)) = self.by_deadline.keys().next().cloned() {
            if at > now {
                break;
            }
            self.forget(&key);
            gone += 1;
        }
        self.stats.expired += gone as u64;
        gone
    }

    fn forget(&mut self, key: &str) -> Option<CacheEntry> {
        let kept = self.kept.remove(key)?;
        self.by_rank.remove(&kept.rank);
        if let Some(at) = kept.entry.expires_at {
            self.by_deadline.remove(&(at, key.to_owned()));
        }
        self.stats.bytes_stored -= key.len() + kept.entry.value.len();
        Some(kept.entry)
    }

    fn rank_of(&mut self, entry: &CacheEntry, stored: u64) -> Rank {
        let now = self.tick();
        match self.policy {
            EvictionPolicy::LRU => (0, now),
            EvictionPolicy::LFU => (entry.access_count, now),
            EvictionPolicy::FIFO => (0, stored),
            EvictionPolicy::TTL => match entry.expires_at {
                Some(at) => (at.saturating_duration_since(self.epoch).as_nanos() as u64, stored),
                None => (u64::MAX, stored),
            },
        }
    }

    fn keep(&mut self, key: String, entry: CacheEntry) {
        let stored = self.tick();
        let rank = self.rank_of(&entry, stored);
        self.stats.bytes_stored += key.len() + entry.value.len();
        if let Some(at) = entry.expires_at {
            self.by_deadline.insert((at, key.clone()), ());
        }
        self.by_rank.insert(rank, key.clone());
        self.kept.insert(key, Kept { entry, rank });
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.purge();
        let Some(kept) = self.kept.get_mut(key) else {
            self.stats.misses += 1;
            return None;
        };
        self.stats.hits += 1;
        kept.entry.access_count += 1;
        kept.entry.last_accessed = Instant::now();
        self.clock += 1;
        let rank = match self.policy {
            EvictionPolicy::LRU => (0, self.clock),
            EvictionPolicy::LFU => (kept.entry.access_count, self.clock),
            _ => kept.rank,
        };
        if rank != kept.rank {
            let name = self.by_rank.remove(&kept.rank).expect("ranked");
            self.by_rank.insert(rank, name);
            kept.rank = rank;
        }
        Some(&self.kept[key].entry)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        self.purge();
        let size = key.len() + value.len();
        if size > self.limit {
            return false;
        }
        self.forget(&key);
        while self.stats.bytes_stored + size > self.limit {
            let Some(victim) = self.by_rank.values().next().cloned() else { return false };
            self.forget(&victim);
            self.stats.evictions += 1;
        }
        let now = Instant::now();
        let entry = CacheEntry {
            value,
            created_at: now,
            expires_at: ttl.map(|ttl| now + ttl),
            last_accessed: now,
            access_count: 0,
        };
        self.keep(key, entry);
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.purge();
        self.forget(key).is_some()
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.purge();
        let old: i64 = std::str::from_utf8(&self.kept.get(key)?.entry.value).ok()?.parse().ok()?;
        let sum = old.checked_add(delta)?;
        let text = sum.to_string().into_bytes();
        let kept = self.kept.get_mut(key)?;
        self.stats.bytes_stored -= kept.entry.value.len();
        self.stats.bytes_stored += text.len();
        kept.entry.value = text;
        while self.stats.bytes_stored > self.limit {
            let victim = self
                .by_rank
                .values()
                .find(|other| other.as_str() != key)
                .or_else(|| self.by_rank.values().next())
                .cloned()?;
            self.forget(&victim);
            self.stats.evictions += 1;
        }
        Some(sum)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.purge();
        let Some(mut entry) = self.forget(key) else { return false };
        entry.expires_at = Some(Instant::now() + ttl);
        self.keep(key.to_owned(), entry);
        true
    }

    pub fn clean_expired(&mut self) -> usize {
        self.purge()
    }

    pub fn stats(&self) -> CacheStats {
        CacheStats { entry_count: self.kept.len(), ..self.stats.clone() }
    }

    pub(crate) fn export(&self) -> Vec<(String, Vec<u8>, Option<Instant>)> {
        self.kept.iter().map(|(key, kept)| (key.clone(), kept.entry.value.clone(), kept.entry.expires_at)).collect()
    }
}

fn score(id: &str, key: &str) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for byte in id.bytes().chain([0]).chain(key.bytes()) {
        state = (state ^ u64::from(byte)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 29;
    }
    state = state.wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// Rendezvous hashing: every node bids for every key, and the highest bids win. No points are needed for an even share.
pub struct HashRing {
    nodes: Vec<NodeInfo>,
}

impl HashRing {
    pub fn new(_virtual_nodes: usize) -> Self {
        Self { nodes: Vec::new() }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        self.remove_node(&node.id);
        self.nodes.push(node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        self.nodes.retain(|node| node.id != node_id);
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.nodes.iter().filter(|node| node.is_alive).max_by_key(|node| score(&node.id, key))
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let mut bidders: Vec<&NodeInfo> = self.nodes.iter().filter(|node| node.is_alive).collect();
        bidders.sort_by_key(|node| std::cmp::Reverse(score(&node.id, key)));
        bidders.truncate(count);
        bidders
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.iter().collect()
    }
}

/// One cache for each server; copies are read in the order of the ring.
pub struct DistributedCache {
    config: CacheConfig,
    ring: HashRing,
    servers: std::collections::BTreeMap<String, CacheNode>,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        let ring = HashRing::new(config.virtual_nodes);
        Self { config, ring, servers: Default::default() }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        let cache = CacheNode::new(self.config.max_memory, self.config.eviction_policy);
        self.servers.entry(id.clone()).or_insert(cache);
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
        self.servers.remove(id);
    }

    fn holders(&self, key: &str) -> Vec<String> {
        self.servers_for_key(key).into_iter().map(|node| node.id.clone()).collect()
    }

    fn on_all<T>(&mut self, key: &str, mut act: impl FnMut(&mut CacheNode) -> T) -> Vec<T> {
        let holders = self.holders(key);
        self.servers.iter_mut().filter(|(id, _)| holders.contains(id)).map(|(_, cache)| act(cache)).collect()
    }

    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        if self.servers.is_empty() {
            return CacheResponse::Error("no servers".into());
        }
        match cmd {
            CacheCommand::Get { key } => {
                for id in self.holders(&key) {
                    let found =
                        self.servers.get_mut(&id).and_then(|cache| cache.get(&key).map(|entry| entry.value.clone()));
                    if found.is_some() {
                        return CacheResponse::Value(found);
                    }
                }
                CacheResponse::Value(None)
            }
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.config.default_ttl);
                let done = self.on_all(&key, |cache| cache.set(key.clone(), value.clone(), ttl));
                if done.contains(&true) { CacheResponse::Stored } else { CacheResponse::Error("too large".into()) }
            }
            CacheCommand::Delete { key } => {
                let done = self.on_all(&key, |cache| cache.delete(&key));
                if done.contains(&true) { CacheResponse::Deleted } else { CacheResponse::NotFound }
            }
            CacheCommand::Incr { key, delta } => {
                let sums = self.on_all(&key, |cache| cache.incr(&key, delta));
                match sums.into_iter().flatten().next() {
                    Some(sum) => CacheResponse::Value(Some(sum.to_string().into_bytes())),
                    None => CacheResponse::NotFound,
                }
            }
            CacheCommand::Touch { key, ttl } => {
                let done = self.on_all(&key, |cache| cache.touch(&key, ttl));
                if done.contains(&true) { CacheResponse::Stored } else { CacheResponse::NotFound }
            }
            CacheCommand::Stats => {
                let mut sum = CacheStats::default();
                for stats in self.servers.values().map(|cache| cache.stats()) {
                    sum.hits += stats.hits;
                    sum.misses += stats.misses;
                    sum.evictions += stats.evictions;
                    sum.expired += stats.expired;
                    sum.bytes_stored += stats.bytes_stored;
                    sum.entry_count += stats.entry_count;
                }
                CacheResponse::Stats(sum)
            }
        }
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.config.replication_factor)
    }

    pub async fn rebalance(&mut self) {
        let now = Instant::now();
        let mut all = std::collections::BTreeMap::new();
        for (id, cache) in &self.servers {
            for (key, value, deadline) in cache.export() {
                all.entry(key).or_insert_with(Vec::new).push((id.clone(), value, deadline));
            }
        }
        for (key, copies) in all {
            let holders = self.holders(&key);
            let (_, value, deadline) = copies[0].clone();
            for (id, ..) in &copies {
                if !holders.contains(id) {
                    self.servers.get_mut(id).map(|cache| cache.delete(&key));
                }
            }
            if deadline.is_some_and(|at| at <= now) {
                continue;
            }
            for id in holders.iter().filter(|id| copies.iter().all(|(other, ..)| other != *id)) {
                let ttl = deadline.map(|at| at - now);
                self.servers.get_mut(id).map(|cache| cache.set(key.clone(), value.clone(), ttl));
            }
        }
    }
}

/// Reads from the left, a word at a time.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn word(&mut self) -> Option<&'a str> {
        while let [b' ', tail @ ..] = self.rest {
            self.rest = tail;
        }
        let end = self.rest.iter().position(|b| matches!(b, b' ' | b'\r' | b'\n')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if word.is_empty() { None } else { std::str::from_utf8(word).ok() }
    }

    fn key(&mut self) -> Result<String, ParseError> {
        let word = self.word().ok_or(ParseError::InvalidArguments)?;
        if word.len() > 250 { Err(ParseError::InvalidArguments) } else { Ok(word.to_string()) }
    }

    fn integer(&mut self) -> Result<i64, ParseError> {
        self.word().and_then(|word| word.parse().ok()).ok_or(ParseError::InvalidArguments)
    }

    fn natural(&mut self) -> Result<u64, ParseError> {
        u64::try_from(self.integer()?).map_err(|_| ParseError::InvalidArguments)
    }

    fn line_end(&mut self) -> Result<(), ParseError> {
        loop {
            match self.rest {
                [b'\r', b'\n', tail @ ..] => {
                    self.rest = tail;
                    return Ok(());
                }
                [] | [b'\r'] => return Err(ParseError::Incomplete),
                _ => {}
            }
            // `noreply` and whatever else may follow is passed over.
            if self.word() != Some("noreply") {
                return Err(ParseError::InvalidArguments);
            }
        }
    }
}

pub struct ProtocolParser;

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let mut cursor = Cursor { rest: input };
        let Some(verb) = cursor.word() else {
            return Err(if input.is_empty() { ParseError::Incomplete } else { ParseError::InvalidCommand });
        };
        let command = if verb.eq_ignore_ascii_case("get") {
            CacheCommand::Get { key: cursor.key()? }
        } else if verb.eq_ignore_ascii_case("delete") {
            CacheCommand::Delete { key: cursor.key()? }
        } else if verb.eq_ignore_ascii_case("incr") {
            CacheCommand::Incr { key: cursor.key()?, delta: cursor.natural()? as i64 }
        } else if verb.eq_ignore_ascii_case("decr") {
            CacheCommand::Incr { key: cursor.key()?, delta: -(cursor.natural()? as i64) }
        } else if verb.eq_ignore_ascii_case("touch") {
            CacheCommand::Touch { key: cursor.key()?, ttl: Duration::from_millis(cursor.natural()?) }
        } else if verb.eq_ignore_ascii_case("stats") {
            CacheCommand::Stats
        } else if verb.eq_ignore_ascii_case("set") {
            return Self::set(cursor);
        } else {
            return Err(ParseError::InvalidCommand);
        };
        cursor.line_end()?;
        Ok(command)
    }

    fn set(mut cursor: Cursor<'_>) -> Result<CacheCommand, ParseError> {
        let key = cursor.key()?;
        cursor.natural()?;
        let ttl = match cursor.integer()? {
            0 => None,
            millis => Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0))),
        };
        let length = usize::try_from(cursor.natural()?).map_err(|_| ParseError::InvalidArguments)?;
        cursor.line_end()?;
        if cursor.rest.len() < length.checked_add(2).ok_or(ParseError::InvalidArguments)? {
            return Err(ParseError::Incomplete);
        }
        let (value, end) = cursor.rest.split_at(length);
        if end.starts_with(b"\r\n") {
            Ok(CacheCommand::Set { key, value: value.to_vec(), ttl })
        } else {
            Err(ParseError::InvalidArguments)
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        use std::io::Write;
        let mut out = Vec::new();
        let written = match response {
            CacheResponse::Value(Some(value)) => {
                out.extend_from_slice(b"VALUE ");
                out.extend_from_slice(value);
                write!(out, "\r\n")
            }
            CacheResponse::Value(None) => write!(out, "NOT_FOUND\r\n"),
            CacheResponse::Stored => write!(out, "STORED\r\n"),
            CacheResponse::Deleted => write!(out, "DELETED\r\n"),
            CacheResponse::NotFound => write!(out, "NOT_FOUND\r\n"),
            CacheResponse::Error(text) => write!(out, "ERROR {text}\r\n"),
            CacheResponse::Stats(stats) => write!(out, "{stats:?}\r\n"),
        };
        written.expect("a vector takes everything");
        out
    }
}
