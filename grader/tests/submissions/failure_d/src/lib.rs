//! Failure D: the keys of a dead node are answered by nobody, and its copies still count.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::{self, Duration, Instant};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    pub value: Vec<u8>,
    pub created_at: Instant,
    pub expires_at: Option<Instant>,
    pub last_accessed: Instant,
    pub access_count: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub expired: u64,
    pub bytes_stored: usize,
    pub entry_count: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EvictionPolicy {
    #[default]
    LRU,
    LFU,
    FIFO,
    TTL,
}

impl CacheStats {
    /// A convenience that the prototype does not have.
    pub fn hit_rate(&self) -> Option<f64> {
        let reads = self.hits + self.misses;
        (reads > 0).then(|| self.hits as f64 / reads as f64)
    }
}

trait Strategy {
    fn stored(&mut self, key: &str);
    fn read(&mut self, key: &str);
    fn removed(&mut self, key: &str);
    fn victim(&self, entries: &HashMap<String, CacheEntry>) -> Option<String>;
}

struct Queue {
    keys: VecDeque<String>,
    reads_count: bool,
}

impl Strategy for Queue {
    fn stored(&mut self, key: &str) {
        self.keys.push_back(key.to_string());
    }

    fn read(&mut self, key: &str) {
        if self.reads_count {
            self.removed(key);
            self.stored(key);
        }
    }

    fn removed(&mut self, key: &str) {
        if let Some(at) = self.keys.iter().position(|k| k == key) {
            self.keys.remove(at);
        }
    }

    fn victim(&self, _: &HashMap<String, CacheEntry>) -> Option<String> {
        self.keys.front().cloned()
    }
}

/// Picks the entry for which a function gives the least; the name settles ties.
struct Least<K, F: Fn(&CacheEntry) -> K>(F);

impl<K: Ord, F: Fn(&CacheEntry) -> K> Strategy for Least<K, F> {
    fn stored(&mut self, _: &str) {}
    fn read(&mut self, _: &str) {}
    fn removed(&mut self, _: &str) {}
    fn victim(&self, entries: &HashMap<String, CacheEntry>) -> Option<String> {
        entries.iter().min_by_key(|(key, entry)| ((self.0)(entry), key.as_str())).map(|(key, _)| key.clone())
    }
}

pub struct CacheNode {
    entries: HashMap<String, CacheEntry>,
    strategy: Box<dyn Strategy>,
    max_memory: usize,
    stats: CacheStats,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        let far = Instant::now() + Duration::from_secs(1 << 30);
        let strategy: Box<dyn Strategy> = match eviction_policy {
            EvictionPolicy::LRU => Box::new(Queue { keys: VecDeque::new(), reads_count: true }),
            EvictionPolicy::FIFO => Box::new(Queue { keys: VecDeque::new(), reads_count: false }),
            EvictionPolicy::LFU => Box::new(Least(|entry: &CacheEntry| entry.access_count)),
            EvictionPolicy::TTL => Box::new(Least(move |entry: &CacheEntry| entry.expires_at.unwrap_or(far))),
        };
        Self { entries: HashMap::new(), strategy, max_memory, stats: CacheStats::default() }
    }

    pub fn get<'a>(&'a mut self, key: &str) -> Option<&'a CacheEntry> {
        self.bury(key);
        if !self.entries.contains_key(key) {
            self.stats.misses += 1;
            return None;
        }
        self.stats.hits += 1;
        self.strategy.read(key);
        let entry = self.entries.get_mut(key).expect("just seen");
        entry.access_count += 1;
        entry.last_accessed = Instant::now();
        Some(entry)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<time::Duration>) -> bool {
        if Self::size(&key, &value) > self.max_memory {
            self.remove(&key);
            return false;
        }
        self.remove(&key);
        self.make_room(Self::size(&key, &value));
        let now = Instant::now();
        let expires_at = ttl.map(|ttl| now + ttl);
        self.stats.bytes_stored += Self::size(&key, &value);
        self.strategy.stored(&key);
        self.entries
            .insert(key, CacheEntry { value, created_at: now, expires_at, last_accessed: now, access_count: 0 });
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.bury(key);
        self.remove(key).is_some()
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.bury(key);
        let mut entry = self.entries.get(key)?.clone();
        let sum = String::from_utf8(std::mem::take(&mut entry.value)).ok()?.parse::<i64>().ok()?.saturating_add(delta);
        entry.value = sum.to_string().into_bytes();
        self.remove(key);
        self.make_room(Self::size(key, &entry.value));
        self.stats.bytes_stored += Self::size(key, &entry.value);
        self.strategy.stored(key);
        self.entries.insert(key.to_string(), entry);
        Some(sum)
    }

    pub fn touch(&mut self, key: &str, ttl: time::Duration) -> bool {
        self.bury(key);
        let Some(entry) = self.entries.get_mut(key) else { return false };
        entry.expires_at = Some(Instant::now() + ttl);
        true
    }

    pub fn clean_expired(&mut self) -> usize {
        let keys: Vec<_> = self.entries.keys().cloned().collect();
        keys.into_iter().map(|key| usize::from(self.bury(&key))).sum()
    }

    pub fn stats(&self) -> CacheStats {
        CacheStats { entry_count: self.entries.len(), ..self.stats }
    }

    fn size(key: &str, value: &[u8]) -> usize {
        key.len() + value.len()
    }

    fn make_room(&mut self, bytes: usize) {
        while self.stats.bytes_stored + bytes > self.max_memory {
            let Some(victim) = self.strategy.victim(&self.entries) else { return };
            self.remove(&victim);
            self.stats.evictions += 1;
        }
    }

    fn remove(&mut self, key: &str) -> Option<CacheEntry> {
        let entry = self.entries.remove(key)?;
        self.strategy.removed(key);
        self.stats.bytes_stored -= Self::size(key, &entry.value);
        Some(entry)
    }

    fn bury(&mut self, key: &str) -> bool {
        let dead = matches!(self.entries.get(key), Some(CacheEntry { expires_at: Some(at), .. }) if Instant::now() >= *at);
        if dead {
            self.remove(key);
            self.stats.expired += 1;
        }
        dead
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

struct Circle<T, S> {
    points: BTreeMap<u64, T>,
    hasher: S,
}

impl<T, S: BuildHasher> Circle<T, S> {
    fn hash(&self, name: impl AsRef<str>) -> u64 {
        self.hasher.hash_one(name.as_ref())
    }

    fn place(&mut self, name: impl AsRef<str>, value: T) {
        self.points.insert(self.hash(name), value);
    }

    fn walk<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a T> + use<'a, T, S> {
        let at = self.hash(name);
        self.points.range(at..).chain(self.points.range(..at)).map(|(_, value)| value)
    }
}

pub struct HashRing {
    circle: Circle<String, BuildHasherDefault<DefaultHasher>>,
    nodes: BTreeMap<String, NodeInfo>,
    virtual_nodes: usize,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        let circle = Circle { points: BTreeMap::new(), hasher: BuildHasherDefault::default() };
        Self { circle, nodes: BTreeMap::new(), virtual_nodes }
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        (0..self.virtual_nodes).for_each(|i| self.circle.place(format!("vnode {i} of {}", node.id), node.id.clone()));
        self.nodes.insert(node.id.clone(), node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        if self.nodes.remove(node_id).is_some() {
            self.circle.points.retain(|_, id| *id != node_id);
        }
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.circle.walk(key).map(|id| &self.nodes[id]).next().filter(|node| node.is_alive)
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&'_ NodeInfo> {
        let mut nodes: Vec<&NodeInfo> = Vec::new();
        for node in self.circle.walk(key).map(|id| &self.nodes[id]) {
            if nodes.len() < count && !nodes.contains(&node) {
                nodes.push(node);
            }
        }
        nodes
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        Vec::from_iter(self.nodes.values())
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
    shards: HashMap<String, CacheNode>,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self { ring: HashRing::new(config.virtual_nodes), shards: HashMap::new(), config }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        self.shards.insert(id.clone(), CacheNode::new(self.config.max_memory, self.config.eviction_policy));
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    /// A server that is taken away hands its entries over before it goes.
    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
        if let Some(shard) = self.shards.remove(id) {
            for (key, entry) in shard.entries {
                self.hand_over(key, entry);
            }
        }
    }

    fn hand_over(&mut self, key: String, entry: CacheEntry) {
        let ttl = entry.expires_at.map(|at| at.saturating_duration_since(Instant::now()));
        for id in self.ids(&key) {
            if let Some(shard) = self.shards.get_mut(&id).filter(|shard| !shard.entries.contains_key(&key)) {
                shard.set(key.clone(), entry.value.clone(), ttl);
            }
        }
    }

    fn ids(&self, key: &str) -> Vec<String> {
        self.servers_for_key(key).iter().map(|node| node.id.clone()).collect()
    }

    fn all<T>(&mut self, key: &str, f: impl Fn(&mut CacheNode) -> T) -> Vec<T> {
        self.ids(key).iter().filter_map(|id| Some(f(self.shards.get_mut(id)?))).collect()
    }

    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        let yes = |answers: Vec<bool>| answers.into_iter().any(|answer| answer);
        match cmd {
            CacheCommand::Get { key } => {
                let found = self.all(&key, |shard| shard.get(&key).map(|entry| entry.value.clone()));
                CacheResponse::Value(found.into_iter().flatten().next())
            }
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.config.default_ttl);
                match yes(self.all(&key, |shard| shard.set(key.clone(), value.clone(), ttl))) {
                    true => CacheResponse::Stored,
                    false => CacheResponse::Error(String::from("no server took it")),
                }
            }
            CacheCommand::Delete { key } => match yes(self.all(&key, |shard| shard.delete(&key))) {
                true => CacheResponse::Deleted,
                false => CacheResponse::NotFound,
            },
            CacheCommand::Incr { key, delta } => {
                match self.all(&key, |shard| shard.incr(&key, delta)).into_iter().flatten().next() {
                    Some(sum) => CacheResponse::Value(Some(sum.to_string().into_bytes())),
                    None => CacheResponse::Error(String::from("cannot increment")),
                }
            }
            CacheCommand::Touch { key, ttl } => match yes(self.all(&key, |shard| shard.touch(&key, ttl))) {
                true => CacheResponse::Stored,
                false => CacheResponse::NotFound,
            },
            CacheCommand::Stats => CacheResponse::Stats(self.shards.values().map(CacheNode::stats).fold(
                CacheStats::default(),
                |a, b| CacheStats {
                    hits: a.hits + b.hits,
                    misses: a.misses + b.misses,
                    evictions: a.evictions + b.evictions,
                    expired: a.expired + b.expired,
                    bytes_stored: a.bytes_stored + b.bytes_stored,
                    entry_count: a.entry_count + b.entry_count,
                },
            )),
        }
    }

    pub fn servers_for_key<'a>(&'a self, key: &str) -> Vec<&'a NodeInfo> {
        self.ring.get_nodes(key, self.config.replication_factor)
    }

    pub async fn rebalance(&mut self) {
        let everything: Vec<(String, CacheEntry)> =
            self.shards.values().flat_map(|shard| shard.entries.clone()).collect();
        for (key, entry) in everything {
            let homes = self.ids(&key);
            for (id, shard) in &mut self.shards {
                if !homes.contains(id) {
                    shard.delete(&key);
                }
            }
            self.hand_over(key, entry);
        }
    }
}

pub struct ProtocolParser;

#[derive(Debug)]
pub enum ParseError {
    InvalidCommand,
    InvalidArguments,
    Incomplete,
}

fn parse_or<T: std::str::FromStr>(word: Option<&str>) -> Result<T, ParseError> {
    word.ok_or(ParseError::InvalidArguments)?.parse().or(Err(ParseError::InvalidArguments))
}

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let (line, data) = match input.split_first_chunk::<2>() {
            _ if input.is_empty() => return Err(ParseError::Incomplete),
            _ => {
                let at = input.windows(2).position(|pair| pair == [13, 10]).ok_or(ParseError::Incomplete)?;
                (&input[..at], &input[at + 2..])
            }
        };
        let line = std::str::from_utf8(line).or(Err(ParseError::InvalidCommand))?;
        let mut words = line.split_ascii_whitespace();
        let verb = words.next().unwrap_or_default().to_ascii_lowercase();
        let known = ["get", "set", "delete", "incr", "decr", "touch", "stats"];
        if !known.contains(&verb.as_str()) {
            return Err(ParseError::InvalidCommand);
        }
        if verb == "stats" {
            return Ok(CacheCommand::Stats);
        }
        let key: String = parse_or(words.next())?;
        Ok(match verb.as_str() {
            "get" => CacheCommand::Get { key },
            "delete" => CacheCommand::Delete { key },
            "incr" => CacheCommand::Incr { key, delta: parse_or(words.next())? },
            "decr" => CacheCommand::Incr { key, delta: -parse_or::<i64>(words.next())? },
            "touch" => CacheCommand::Touch { key, ttl: Duration::from_secs(parse_or(words.next())?) },
            _ => {
                let _flags: u32 = parse_or(words.next())?;
                let seconds: i64 = parse_or(words.next())?;
                let length: usize = parse_or(words.next())?;
                let value = data.get(..length).ok_or(ParseError::Incomplete)?.to_vec();
                let ttl = u64::try_from(seconds).ok().filter(|&s| s > 0).map(Duration::from_secs);
                CacheCommand::Set { key, value, ttl }
            }
        })
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        let line = |text: &str| [text.as_bytes(), b"\r\n"].concat();
        match response {
            CacheResponse::Value(Some(value)) => [line(&format!("VALUE 0 {}", value.len())), line(""), value.clone()].concat(),
            CacheResponse::Value(None) => line("END"),
            CacheResponse::Stored => line("STORED"),
            CacheResponse::Deleted => line("DELETED"),
            CacheResponse::NotFound => line("NOT_FOUND"),
            CacheResponse::Error(text) => line(text),
            CacheResponse::Stats(stats) => line(&format!("{stats:?}")),
        }
    }
}
