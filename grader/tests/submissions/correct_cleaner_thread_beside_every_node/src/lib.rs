//! Beside every node a thread sweeps once a second, under the node's lock, for as long as the node lives.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::{Duration, Instant};

// ---- one node ----

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
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
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

/// A cache bounded in memory. Each operation costs O(log n) for n entries.
struct Store {
    slots: HashMap<String, Slot>,
    /// Every key under its rank: the first one leaves next. The four policies differ in the rank alone.
    queue: BTreeSet<(Rank, String)>,
    /// Every deadline, the soonest first.
    deadlines: BTreeSet<(Instant, String)>,
    max_memory: usize,
    eviction_policy: EvictionPolicy,
    /// Counts stores and reads: an order that is finer than any clock's.
    turn: u64,
    stats: CacheStats,
}

struct Slot {
    entry: CacheEntry,
    stored_turn: u64,
    used_turn: u64,
}

/// The smallest leaves first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Deadline(Instant),
    Number(u64, u64),
}

impl CacheEntry {
    fn is_expired(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= Instant::now())
    }
}

impl Slot {
    fn rank(&self, policy: EvictionPolicy) -> Rank {
        match policy {
            EvictionPolicy::LRU => Rank::Number(self.used_turn, 0),
            EvictionPolicy::LFU => Rank::Number(self.entry.access_count, self.used_turn),
            EvictionPolicy::FIFO => Rank::Number(self.stored_turn, 0),
            // Entries without a deadline leave after all others, the oldest first.
            EvictionPolicy::TTL => self.entry.expires_at.map_or(Rank::Number(self.stored_turn, 0), Rank::Deadline),
        }
    }
}

impl Store {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        Self {
            slots: HashMap::new(),
            queue: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            max_memory,
            eviction_policy,
            turn: 0,
            stats: CacheStats::default(),
        }
    }

    /// Reads a key: a hit or a miss.
    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.expire(key);
        let Some(mut slot) = self.take(key) else {
            self.stats.misses += 1;
            return None;
        };
        self.stats.hits += 1;
        slot.used_turn = self.next_turn();
        slot.entry.access_count += 1;
        slot.entry.last_accessed = Instant::now();
        self.put(key, slot);
        self.slots.get(key).map(|slot| &slot.entry)
    }

    /// Stores a value, for ever or for a while. `false`, and nothing changes, when it alone is over the limit.
    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let now = Instant::now();
        // A time to live that no clock can hold is no limit.
        let expires_at = ttl.and_then(|ttl| now.checked_add(ttl));
        self.admit(&key, CacheEntry { value, created_at: now, expires_at, last_accessed: now, access_count: 0 })
    }

    /// Removes a key. `false` when it was not there.
    pub fn delete(&mut self, key: &str) -> bool {
        self.expire(key);
        self.take(key).is_some()
    }

    /// Adds to a number and returns the sum. `None`, and nothing changes, when there is no number to add to.
    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.expire(key);
        let entry = &self.slots.get(key)?.entry;
        let number: i64 = std::str::from_utf8(&entry.value).ok()?.parse().ok()?;
        let sum = number.checked_add(delta)?;
        let changed = CacheEntry { value: sum.to_string().into_bytes(), ..entry.clone() };
        self.admit(key, changed).then_some(sum)
    }

    /// Gives a key a new time to live, counted from now. `false` when it is not there.
    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.expire(key);
        let Some(mut slot) = self.take(key) else { return false };
        slot.entry.expires_at = Instant::now().checked_add(ttl);
        self.put(key, slot);
        true
    }

    /// Removes every expired entry and returns how many there were.
    pub fn clean_expired(&mut self) -> usize {
        let now = Instant::now();
        let mut count = 0;
        while let Some((deadline, key)) = self.deadlines.first().cloned() {
            if deadline > now {
                break;
            }
            self.take(&key);
            self.stats.expired += 1;
            count += 1;
        }
        count
    }

    pub fn stats(&self) -> CacheStats {
        CacheStats { entry_count: self.slots.len(), ..self.stats.clone() }
    }

    /// Stores an entry as the newest one, in place of what was there; `false` when it alone is over the limit.
    fn admit(&mut self, key: &str, entry: CacheEntry) -> bool {
        let bytes = weight(key, &entry);
        if bytes > self.max_memory {
            return false;
        }
        self.take(key);
        self.make_room(bytes);
        let turn = self.next_turn();
        self.put(key, Slot { entry, stored_turn: turn, used_turn: turn });
        true
    }

    /// Evicts until `bytes` more fit. What has expired leaves first: nobody misses it.
    fn make_room(&mut self, bytes: usize) {
        if self.stats.bytes_stored + bytes > self.max_memory {
            self.clean_expired();
        }
        while self.stats.bytes_stored + bytes > self.max_memory && self.evict_one().is_some() {}
    }

    fn evict_one(&mut self) -> Option<String> {
        let (_, key) = self.queue.first().cloned()?;
        self.take(&key);
        self.stats.evictions += 1;
        Some(key)
    }

    /// Removes a key whose time is over, so that nothing else has to think of that.
    fn expire(&mut self, key: &str) {
        if self.slots.get(key).is_some_and(|slot| slot.entry.is_expired()) {
            self.take(key);
            self.stats.expired += 1;
        }
    }

    /// Takes an entry out of every index. The only place where bytes leave.
    fn take(&mut self, key: &str) -> Option<Slot> {
        let slot = self.slots.remove(key)?;
        self.queue.remove(&(slot.rank(self.eviction_policy), key.to_string()));
        if let Some(deadline) = slot.entry.expires_at {
            self.deadlines.remove(&(deadline, key.to_string()));
        }
        self.stats.bytes_stored -= weight(key, &slot.entry);
        Some(slot)
    }

    /// Puts an entry into every index. The only place where bytes arrive.
    fn put(&mut self, key: &str, slot: Slot) {
        self.queue.insert((slot.rank(self.eviction_policy), key.to_string()));
        if let Some(deadline) = slot.entry.expires_at {
            self.deadlines.insert((deadline, key.to_string()));
        }
        self.stats.bytes_stored += weight(key, &slot.entry);
        self.slots.insert(key.to_string(), slot);
    }

    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    /// Whether a living entry is there; not a read.
    fn holds(&self, key: &str) -> bool {
        self.slots.get(key).is_some_and(|slot| !slot.entry.is_expired())
    }
}

/// The bytes that an entry is accounted for.
fn weight(key: &str, entry: &CacheEntry) -> usize {
    key.len() + entry.value.len()
}

/// A node: what it holds is shared with its cleaner.
pub struct CacheNode {
    store: Arc<Mutex<Store>>,
    read: Option<CacheEntry>,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        let store = Arc::new(Mutex::new(Store::new(max_memory, eviction_policy)));
        let cleaned = Arc::downgrade(&store);
        thread::spawn(move || sweep(&cleaned));
        Self { store, read: None }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        let read = self.store().get(key).cloned();
        self.read = read;
        self.read.as_ref()
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        self.store().set(key, value, ttl)
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.store().delete(key)
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.store().incr(key, delta)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.store().touch(key, ttl)
    }

    pub fn clean_expired(&mut self) -> usize {
        self.store().clean_expired()
    }

    pub fn stats(&self) -> CacheStats {
        self.store().stats()
    }
}

/// Ends when the node is gone.
fn sweep(store: &Weak<Mutex<Store>>) {
    loop {
        thread::sleep(Duration::from_secs(1));
        let Some(store) = store.upgrade() else { break };
        store.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clean_expired();
    }
}

// ---- the ring ----

/// A member of the ring.
#[derive(Debug, Clone)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

/// A consistent-hash ring: a key belongs to the first living node clockwise from its hash.
pub struct HashRing {
    /// The point's position, and whose it is; the id settles collisions alike, whoever came first.
    points: BTreeSet<(u64, String)>,
    nodes: BTreeMap<String, NodeInfo>,
    virtual_nodes: usize,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        Self { points: BTreeSet::new(), nodes: BTreeMap::new(), virtual_nodes }
    }

    /// Adds a node; one of the same id is replaced.
    pub fn add_node(&mut self, node: NodeInfo) {
        self.remove_node(&node.id);
        for i in 0..self.virtual_nodes * node.weight as usize {
            self.points.insert((hash(&format!("{}#{i}", node.id)), node.id.clone()));
        }
        self.nodes.insert(node.id.clone(), node);
    }

    /// Removes a node and all its points.
    pub fn remove_node(&mut self, node_id: &str) {
        self.points.retain(|(_, id)| id != node_id);
        self.nodes.remove(node_id);
    }

    /// The living node that answers for a key.
    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.clockwise(key).find(|node| node.is_alive)
    }

    /// The living nodes that hold a key's copies: distinct, at most `count`, the one of [`Self::get_node`] first.
    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let count = count.min(self.nodes.values().filter(|node| node.is_alive).count());
        let mut found: Vec<&NodeInfo> = Vec::new();
        for node in self.clockwise(key) {
            if found.len() == count {
                break;
            }
            if node.is_alive && found.iter().all(|known| known.id != node.id) {
                found.push(node);
            }
        }
        found
    }

    /// Every node, by id.
    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.values().collect()
    }

    /// The owners of the points from a key's hash on, once around the circle.
    fn clockwise(&self, key: &str) -> impl Iterator<Item = &NodeInfo> {
        let start = (hash(key), String::new());
        let after = self.points.range(start.clone()..);
        let before = self.points.range(..start);
        after.chain(before).filter_map(|(_, id)| self.nodes.get(id))
    }
}

/// FNV-1a, then `SplitMix64`'s finalizer. The standard library's hashers may change from one version to the next, and
/// two servers must agree for ever; FNV alone would put `n1#1` and `n1#2` side by side.
fn hash(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

// ---- the cluster ----

/// How a cluster is set up.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// Of each server.
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
    /// To `Get`; and to `Incr`, as the sum's digits.
    Value(Option<Vec<u8>>),
    /// To `Set` and `Touch`.
    Stored,
    Deleted,
    NotFound,
    Error(String),
    Stats(CacheStats),
}

/// A cluster: one ring, and one node for each server. The servers live in this process; a network would stand between.
pub struct DistributedCache {
    ring: HashRing,
    servers: BTreeMap<String, Store>,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self { ring: HashRing::new(config.virtual_nodes), servers: BTreeMap::new(), config }
    }

    /// Adds an empty server; [`Self::rebalance`] brings it its keys.
    pub fn add_server(&mut self, id: String, addr: String) {
        let node = Store::new(self.config.max_memory, self.config.eviction_policy);
        self.servers.insert(id.clone(), node);
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    /// Removes a server and what it held. The copies elsewhere stay; [`Self::rebalance`] makes new ones.
    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
        self.servers.remove(id);
    }

    /// Obeys a command: writes go to every server of the key, a read to the first that has it.
    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        if self.servers.is_empty() {
            return CacheResponse::Error("the cluster has no server: add one first".to_string());
        }
        match cmd {
            CacheCommand::Get { key } => CacheResponse::Value(self.read(&key)),
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.config.default_ttl);
                let stored = self.on_every_copy(&key, |node| node.set(key.clone(), value.clone(), ttl));
                if stored.contains(&false) {
                    return CacheResponse::Error("the value is larger than a server's memory".to_string());
                }
                CacheResponse::Stored
            }
            CacheCommand::Delete { key } => {
                let deleted = self.on_every_copy(&key, |node| node.delete(&key));
                if deleted.contains(&true) { CacheResponse::Deleted } else { CacheResponse::NotFound }
            }
            CacheCommand::Incr { key, delta } => {
                let held = self.on_every_copy(&key, |node| node.holds(&key)).contains(&true);
                let sums = self.on_every_copy(&key, |node| node.incr(&key, delta));
                match sums.into_iter().flatten().next() {
                    Some(sum) => CacheResponse::Value(Some(sum.to_string().into_bytes())),
                    None if held => CacheResponse::Error("the value is no number that can be added to".to_string()),
                    None => CacheResponse::NotFound,
                }
            }
            CacheCommand::Touch { key, ttl } => {
                let touched = self.on_every_copy(&key, |node| node.touch(&key, ttl));
                if touched.contains(&true) { CacheResponse::Stored } else { CacheResponse::NotFound }
            }
            CacheCommand::Stats => CacheResponse::Stats(self.total()),
        }
    }

    /// The servers that hold a key.
    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.config.replication_factor)
    }

    /// Puts the copies where they belong after the servers have changed.
    pub async fn rebalance(&mut self) {
        let mut living: BTreeMap<String, CacheEntry> = BTreeMap::new();
        for node in self.servers.values() {
            for (key, slot) in node.slots.iter().filter(|(_, slot)| !slot.entry.is_expired()) {
                living.entry(key.clone()).or_insert_with(|| slot.entry.clone());
            }
        }
        for (key, entry) in living {
            let homes = self.homes(&key);
            for (id, node) in &mut self.servers {
                if !homes.contains(id) {
                    node.take(&key);
                } else if !node.holds(&key) {
                    node.admit(&key, entry.clone());
                }
            }
        }
    }

    fn homes(&self, key: &str) -> Vec<String> {
        self.servers_for_key(key).into_iter().map(|server| server.id.clone()).collect()
    }

    /// Reads where a copy is, so that one read counts once; a miss counts at the key's first server.
    fn read(&mut self, key: &str) -> Option<Vec<u8>> {
        let homes = self.homes(key);
        let home = homes.iter().find(|id| self.servers[*id].holds(key)).or(homes.first())?;
        let entry = self.servers.get_mut(home)?.get(key)?;
        Some(entry.value.clone())
    }

    fn on_every_copy<T>(&mut self, key: &str, mut act: impl FnMut(&mut Store) -> T) -> Vec<T> {
        let homes = self.homes(key);
        homes.iter().filter_map(|id| self.servers.get_mut(id).map(&mut act)).collect()
    }

    /// The sums over all servers: entries and bytes count every copy.
    fn total(&self) -> CacheStats {
        self.servers.values().map(Store::stats).fold(CacheStats::default(), |sum, stats| CacheStats {
            hits: sum.hits + stats.hits,
            misses: sum.misses + stats.misses,
            evictions: sum.evictions + stats.evictions,
            expired: sum.expired + stats.expired,
            bytes_stored: sum.bytes_stored + stats.bytes_stored,
            entry_count: sum.entry_count + stats.entry_count,
        })
    }
}

// ---- the protocol ----

/// Reads and writes memcached's text protocol.
pub struct ProtocolParser;

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

impl ProtocolParser {
    /// Reads one command: a line, and for `set` the data block behind it. The command may be in any letter case.
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let line_end = input.iter().position(|&byte| byte == b'\n').ok_or(ParseError::Incomplete)?;
        let line = std::str::from_utf8(&input[..line_end]).map_err(|_| ParseError::InvalidArguments)?;
        let rest = &input[line_end + 1..];
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (name, arguments) = words.split_first().ok_or(ParseError::InvalidCommand)?;
        let name = name.to_ascii_lowercase();
        // The client that says "noreply" wants no answer; that is the server's business, not the parser's.
        let arguments = arguments.strip_suffix(&["noreply"]).unwrap_or(arguments);
        match (name.as_str(), arguments) {
            ("get", &[key]) => Ok(CacheCommand::Get { key: key.to_string() }),
            ("set", &[key, flags, exptime, length]) => {
                let _flags: u32 = number(flags)?;
                let seconds: u64 = number(exptime)?;
                let ttl = (seconds > 0).then(|| Duration::from_secs(seconds));
                let value = data_block(rest, number(length)?)?;
                Ok(CacheCommand::Set { key: key.to_string(), value, ttl })
            }
            ("delete", &[key]) => Ok(CacheCommand::Delete { key: key.to_string() }),
            ("incr", &[key, delta]) => Ok(CacheCommand::Incr { key: key.to_string(), delta: number(delta)? }),
            ("decr", &[key, delta]) => {
                let delta: i64 = number(delta)?;
                let delta = delta.checked_neg().ok_or(ParseError::InvalidArguments)?;
                Ok(CacheCommand::Incr { key: key.to_string(), delta })
            }
            ("touch", &[key, exptime]) => {
                Ok(CacheCommand::Touch { key: key.to_string(), ttl: Duration::from_secs(number(exptime)?) })
            }
            ("stats", &[]) => Ok(CacheCommand::Stats),
            ("get" | "set" | "delete" | "incr" | "decr" | "touch" | "stats", _) => Err(ParseError::InvalidArguments),
            _ => Err(ParseError::InvalidCommand),
        }
    }

    /// Writes one response. A response knows no key, so the `VALUE` line carries `-` for it.
    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        match response {
            CacheResponse::Value(None) => b"END\r\n".to_vec(),
            CacheResponse::Value(Some(value)) => {
                let head = format!("VALUE - 0 {}\r\n", value.len());
                [head.as_bytes(), value, b"\r\nEND\r\n"].concat()
            }
            CacheResponse::Stored => b"STORED\r\n".to_vec(),
            CacheResponse::Deleted => b"DELETED\r\n".to_vec(),
            CacheResponse::NotFound => b"NOT_FOUND\r\n".to_vec(),
            CacheResponse::Error(text) => format!("SERVER_ERROR {}\r\n", text.replace(['\r', '\n'], " ")).into_bytes(),
            CacheResponse::Stats(stats) => format!(
                "STAT get_hits {}\r\nSTAT get_misses {}\r\nSTAT evictions {}\r\nSTAT expired {}\r\n\
                 STAT bytes {}\r\nSTAT curr_items {}\r\nEND\r\n",
                stats.hits, stats.misses, stats.evictions, stats.expired, stats.bytes_stored, stats.entry_count
            )
            .into_bytes(),
        }
    }
}

fn number<N: std::str::FromStr>(word: &str) -> Result<N, ParseError> {
    word.parse().map_err(|_| ParseError::InvalidArguments)
}

/// The first `length` bytes, whatever they are; a line end must follow them.
fn data_block(rest: &[u8], length: usize) -> Result<Vec<u8>, ParseError> {
    let (data, end) = rest.split_at_checked(length).ok_or(ParseError::Incomplete)?;
    match end {
        [b'\r', b'\n', ..] | [b'\n', ..] => Ok(data.to_vec()),
        [] | [b'\r'] => Err(ParseError::Incomplete),
        _ => Err(ParseError::InvalidArguments),
    }
}
