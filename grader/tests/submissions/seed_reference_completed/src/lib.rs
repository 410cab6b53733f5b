//! The reference solution of exercise 5.1.21-a as it was published, with the types of its prototype and the methods that
//! it leaves out, each in the shortest way. Its own mistakes are kept: they are what this submission is here for.

use std::collections::{HashMap, BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Cache entry with metadata
#[derive(Debug, Clone)]
pub struct CacheEntry {
    pub value: Vec<u8>,
    pub created_at: Instant,
    pub expires_at: Option<Instant>,
    pub last_accessed: Instant,
    pub access_count: u64,
}

/// Cache statistics
#[derive(Debug, Clone, Default)]
pub struct CacheStats {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub expired: u64,
    pub bytes_stored: usize,
    pub entry_count: usize,
}

/// Eviction policy
#[derive(Debug, Clone, Copy)]
pub enum EvictionPolicy {
    LRU,      // Least Recently Used
    LFU,      // Least Frequently Used
    FIFO,     // First In First Out
    TTL,      // Oldest TTL first
}

/// Local cache node
pub struct CacheNode {
    data: HashMap<String, CacheEntry>,
    lru_order: VecDeque<String>,
    max_memory: usize,
    current_memory: usize,
    eviction_policy: EvictionPolicy,
    stats: CacheStats,
}

/// Consistent hash ring
pub struct HashRing {
    ring: BTreeMap<u64, String>,  // hash -> node_id
    nodes: HashMap<String, NodeInfo>,
    virtual_nodes: usize,
}

/// Node information
#[derive(Debug, Clone)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

/// Distributed cache cluster
pub struct DistributedCache {
    ring: HashRing,
    local_cache: CacheNode,
    replication_factor: usize,
    config: CacheConfig,
}

/// Cache configuration
#[derive(Debug, Clone)]
pub struct CacheConfig {
    pub max_memory: usize,
    pub default_ttl: Option<Duration>,
    pub eviction_policy: EvictionPolicy,
    pub replication_factor: usize,
    pub virtual_nodes: usize,
}

/// Cache command (Memcached-style)
#[derive(Debug, Clone)]
pub enum CacheCommand {
    Get { key: String },
    Set { key: String, value: Vec<u8>, ttl: Option<Duration> },
    Delete { key: String },
    Incr { key: String, delta: i64 },
    Touch { key: String, ttl: Duration },
    Stats,
}

/// Cache response
#[derive(Debug)]
pub enum CacheResponse {
    Value(Option<Vec<u8>>),
    Stored,
    Deleted,
    NotFound,
    Error(String),
    Stats(CacheStats),
}

/// Protocol parser (Memcached text protocol)
pub struct ProtocolParser;

#[derive(Debug)]
pub enum ParseError {
    InvalidCommand,
    InvalidArguments,
    Incomplete,
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        Self {
            data: HashMap::new(),
            lru_order: VecDeque::new(),
            max_memory,
            current_memory: 0,
            eviction_policy,
            stats: CacheStats::default(),
        }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        // Check expiration
        if let Some(entry) = self.data.get(key) {
            if let Some(expires_at) = entry.expires_at {
                if Instant::now() > expires_at {
                    self.delete(key);
                    self.stats.misses += 1;
                    self.stats.expired += 1;
                    return None;
                }
            }
        }

        // Update LRU order
        if let Some(pos) = self.lru_order.iter().position(|k| k == key) {
            self.lru_order.remove(pos);
            self.lru_order.push_back(key.to_string());
        }

        if let Some(entry) = self.data.get_mut(key) {
            entry.last_accessed = Instant::now();
            entry.access_count += 1;
            self.stats.hits += 1;
            Some(entry)
        } else {
            self.stats.misses += 1;
            None
        }
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let entry_size = key.len() + value.len();

        // Remove old entry if exists
        if let Some(old) = self.data.remove(&key) {
            self.current_memory -= key.len() + old.value.len();
            self.lru_order.retain(|k| k != &key);
        }

        // Evict if needed
        while self.current_memory + entry_size > self.max_memory {
            if self.evict_one().is_none() {
                break;
            }
        }

        let entry = CacheEntry {
            value,
            created_at: Instant::now(),
            expires_at: ttl.map(|d| Instant::now() + d),
            last_accessed: Instant::now(),
            access_count: 0,
        };

        self.current_memory += entry_size;
        self.data.insert(key.clone(), entry);
        self.lru_order.push_back(key);
        self.stats.entry_count = self.data.len();
        self.stats.bytes_stored = self.current_memory;

        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        if let Some(entry) = self.data.remove(key) {
            self.current_memory -= key.len() + entry.value.len();
            self.lru_order.retain(|k| k != key);
            self.stats.entry_count = self.data.len();
            true
        } else {
            false
        }
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        let entry = self.data.get_mut(key)?;
        let number: i64 = String::from_utf8_lossy(&entry.value).parse().ok()?;
        let number = number + delta;
        entry.value = number.to_string().into_bytes();
        Some(number)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        if let Some(entry) = self.data.get_mut(key) {
            entry.expires_at = Some(Instant::now() + ttl);
            true
        } else {
            false
        }
    }

    fn evict_one(&mut self) -> Option<String> {
        let key = match self.eviction_policy {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => {
                self.lru_order.pop_front()
            }
            EvictionPolicy::LFU => {
                self.data.iter()
                    .min_by_key(|(_, e)| e.access_count)
                    .map(|(k, _)| k.clone())
            }
            EvictionPolicy::TTL => {
                self.data.iter()
                    .filter(|(_, e)| e.expires_at.is_some())
                    .min_by_key(|(_, e)| e.expires_at)
                    .map(|(k, _)| k.clone())
            }
        }?;

        if let Some(entry) = self.data.remove(&key) {
            self.current_memory -= key.len() + entry.value.len();
            self.stats.evictions += 1;
        }

        Some(key)
    }

    pub fn clean_expired(&mut self) -> usize {
        let now = Instant::now();
        let expired: Vec<_> = self.data.iter()
            .filter(|(_, e)| e.expires_at.map(|t| now > t).unwrap_or(false))
            .map(|(k, _)| k.clone())
            .collect();

        for key in &expired {
            self.delete(key);
            self.stats.expired += 1;
        }

        expired.len()
    }

    pub fn stats(&self) -> CacheStats {
        self.stats.clone()
    }
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        Self {
            ring: BTreeMap::new(),
            nodes: HashMap::new(),
            virtual_nodes,
        }
    }

    fn hash(&self, key: &str) -> u64 {
        use std::hash::{Hash, Hasher};
        use std::collections::hash_map::DefaultHasher;

        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        for i in 0..self.virtual_nodes {
            let vnode_key = format!("{}#{}", node.id, i);
            let hash = self.hash(&vnode_key);
            self.ring.insert(hash, node.id.clone());
        }
        self.nodes.insert(node.id.clone(), node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        for i in 0..self.virtual_nodes {
            let vnode_key = format!("{}#{}", node_id, i);
            let hash = self.hash(&vnode_key);
            self.ring.remove(&hash);
        }
        self.nodes.remove(node_id);
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        if self.ring.is_empty() {
            return None;
        }

        let hash = self.hash(key);

        // Find first node clockwise from hash
        let node_id = self.ring.range(hash..)
            .next()
            .or_else(|| self.ring.iter().next())
            .map(|(_, id)| id)?;

        self.nodes.get(node_id).filter(|n| n.is_alive)
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        if self.ring.is_empty() {
            return vec![];
        }

        let hash = self.hash(key);
        let mut result = Vec::new();
        let mut seen = std::collections::HashSet::new();

        // Walk clockwise from hash
        for (_, node_id) in self.ring.range(hash..).chain(self.ring.iter()) {
            if seen.contains(node_id) {
                continue;
            }

            if let Some(node) = self.nodes.get(node_id) {
                if node.is_alive {
                    result.push(node);
                    seen.insert(node_id);

                    if result.len() >= count {
                        break;
                    }
                }
            }
        }

        result
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.values().collect()
    }
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self {
            ring: HashRing::new(config.virtual_nodes),
            local_cache: CacheNode::new(config.max_memory, config.eviction_policy),
            replication_factor: config.replication_factor,
            config,
        }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
    }

    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        match cmd {
            CacheCommand::Get { key } => CacheResponse::Value(self.local_cache.get(&key).map(|entry| entry.value.clone())),
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.config.default_ttl);
                if self.local_cache.set(key, value, ttl) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::Error("not stored".to_string())
                }
            }
            CacheCommand::Delete { key } => {
                if self.local_cache.delete(&key) {
                    CacheResponse::Deleted
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Incr { key, delta } => match self.local_cache.incr(&key, delta) {
                Some(number) => CacheResponse::Value(Some(number.to_string().into_bytes())),
                None => CacheResponse::NotFound,
            },
            CacheCommand::Touch { key, ttl } => {
                if self.local_cache.touch(&key, ttl) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Stats => CacheResponse::Stats(self.local_cache.stats()),
        }
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.replication_factor)
    }

    pub async fn rebalance(&mut self) {}
}

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        let s = std::str::from_utf8(input).map_err(|_| ParseError::InvalidCommand)?;
        let line = s.trim_end_matches("\r\n");
        let parts: Vec<&str> = line.split_whitespace().collect();

        if parts.is_empty() {
            return Err(ParseError::InvalidCommand);
        }

        match parts[0].to_lowercase().as_str() {
            "get" => {
                if parts.len() < 2 {
                    return Err(ParseError::InvalidArguments);
                }
                Ok(CacheCommand::Get { key: parts[1].to_string() })
            }
            "set" => {
                if parts.len() < 5 {
                    return Err(ParseError::InvalidArguments);
                }
                let ttl_secs: u64 = parts[3].parse().map_err(|_| ParseError::InvalidArguments)?;
                let ttl = if ttl_secs == 0 { None } else { Some(Duration::from_secs(ttl_secs)) };

                Ok(CacheCommand::Set {
                    key: parts[1].to_string(),
                    value: vec![], // Would need to read more data
                    ttl,
                })
            }
            "delete" => {
                if parts.len() < 2 {
                    return Err(ParseError::InvalidArguments);
                }
                Ok(CacheCommand::Delete { key: parts[1].to_string() })
            }
            "stats" => Ok(CacheCommand::Stats),
            _ => Err(ParseError::InvalidCommand),
        }
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        match response {
            CacheResponse::Value(Some(value)) => {
                let mut bytes = format!("VALUE key 0 {}\r\n", value.len()).into_bytes();
                bytes.extend_from_slice(value);
                bytes.extend_from_slice(b"\r\nEND\r\n");
                bytes
            }
            CacheResponse::Value(None) => b"END\r\n".to_vec(),
            CacheResponse::Stored => b"STORED\r\n".to_vec(),
            CacheResponse::Deleted => b"DELETED\r\n".to_vec(),
            CacheResponse::NotFound => b"NOT_FOUND\r\n".to_vec(),
            CacheResponse::Error(message) => format!("ERROR {message}\r\n").into_bytes(),
            CacheResponse::Stats(stats) => format!("STAT hits {}\r\nSTAT misses {}\r\nEND\r\n", stats.hits, stats.misses).into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_cache_set_get() {
        let mut cache = CacheNode::new(1024 * 1024, EvictionPolicy::LRU);

        cache.set("key1".to_string(), b"value1".to_vec(), None);

        let entry = cache.get("key1");
        assert!(entry.is_some());
        assert_eq!(entry.unwrap().value, b"value1");
    }

    #[test]
    fn test_cache_miss() {
        let mut cache = CacheNode::new(1024, EvictionPolicy::LRU);

        let entry = cache.get("nonexistent");
        assert!(entry.is_none());

        let stats = cache.stats();
        assert_eq!(stats.misses, 1);
    }

    #[test]
    fn test_ttl_expiration() {
        let mut cache = CacheNode::new(1024, EvictionPolicy::LRU);

        cache.set(
            "temp".to_string(),
            b"temporary".to_vec(),
            Some(Duration::from_millis(50)),
        );

        // Should exist immediately
        assert!(cache.get("temp").is_some());

        // Wait for expiration
        std::thread::sleep(Duration::from_millis(100));
        cache.clean_expired();

        // Should be gone
        assert!(cache.get("temp").is_none());
    }

    #[test]
    fn test_lru_eviction() {
        // Very small cache
        let mut cache = CacheNode::new(100, EvictionPolicy::LRU);

        cache.set("key1".to_string(), vec![0; 40], None);
        cache.set("key2".to_string(), vec![0; 40], None);

        // Access key1 to make it recently used
        cache.get("key1");

        // This should trigger eviction of key2 (LRU)
        cache.set("key3".to_string(), vec![0; 40], None);

        assert!(cache.get("key1").is_some());
        assert!(cache.get("key2").is_none()); // Evicted
        assert!(cache.get("key3").is_some());
    }

    #[test]
    fn test_hash_ring_distribution() {
        let mut ring = HashRing::new(150);

        ring.add_node(NodeInfo {
            id: "node1".to_string(),
            addr: "127.0.0.1:11211".to_string(),
            weight: 1,
            is_alive: true,
        });

        ring.add_node(NodeInfo {
            id: "node2".to_string(),
            addr: "127.0.0.1:11212".to_string(),
            weight: 1,
            is_alive: true,
        });

        // Check distribution across many keys
        let mut node1_count = 0;
        let mut node2_count = 0;

        for i in 0..1000 {
            let key = format!("key{}", i);
            if let Some(node) = ring.get_node(&key) {
                if node.id == "node1" { node1_count += 1; }
                else { node2_count += 1; }
            }
        }

        // Should be roughly 50/50
        let ratio = node1_count as f64 / node2_count as f64;
        assert!(ratio > 0.8 && ratio < 1.2, "Ratio: {}", ratio);
    }

    #[test]
    fn test_replication() {
        let config = CacheConfig {
            max_memory: 1024 * 1024,
            default_ttl: None,
            eviction_policy: EvictionPolicy::LRU,
            replication_factor: 3,
            virtual_nodes: 150,
        };

        let mut cache = DistributedCache::new(config);
        cache.add_server("node1".to_string(), "127.0.0.1:11211".to_string());
        cache.add_server("node2".to_string(), "127.0.0.1:11212".to_string());
        cache.add_server("node3".to_string(), "127.0.0.1:11213".to_string());

        let servers = cache.servers_for_key("mykey");
        assert_eq!(servers.len(), 3);
    }

    #[test]
    fn test_protocol_parse() {
        let get_cmd = ProtocolParser::parse(b"get mykey\r\n").unwrap();
        assert!(matches!(get_cmd, CacheCommand::Get { key } if key == "mykey"));

        let set_cmd = ProtocolParser::parse(b"set mykey 0 0 5\r\nvalue\r\n").unwrap();
        assert!(matches!(set_cmd, CacheCommand::Set { key, .. } if key == "mykey"));
    }
}
