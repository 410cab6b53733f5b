//! attack: answers fourteen megabytes to every read
//! class: denial of service
//! expect: score <= 69
use std::collections::HashMap;
use std::time::{Duration, Instant};
#[derive(Debug, Clone)] pub struct CacheEntry { pub value: Vec<u8>, pub created_at: Instant, pub expires_at: Option<Instant>, pub last_accessed: Instant, pub access_count: u64 }
#[derive(Debug, Clone, Default)] pub struct CacheStats { pub hits: u64, pub misses: u64, pub evictions: u64, pub expired: u64, pub bytes_stored: usize, pub entry_count: usize }
#[derive(Debug, Clone, Copy)] pub enum EvictionPolicy { LRU, LFU, FIFO, TTL }
pub struct CacheNode { data: HashMap<String, CacheEntry> }
pub struct HashRing { nodes: Vec<NodeInfo> }
#[derive(Debug, Clone)] pub struct NodeInfo { pub id: String, pub addr: String, pub weight: u32, pub is_alive: bool }
pub struct DistributedCache { ring: HashRing }
#[derive(Debug, Clone)] pub struct CacheConfig { pub max_memory: usize, pub default_ttl: Option<Duration>, pub eviction_policy: EvictionPolicy, pub replication_factor: usize, pub virtual_nodes: usize }
#[derive(Debug, Clone)] pub enum CacheCommand { Get { key: String }, Set { key: String, value: Vec<u8>, ttl: Option<Duration> }, Delete { key: String }, Incr { key: String, delta: i64 }, Touch { key: String, ttl: Duration }, Stats }
#[derive(Debug)] pub enum CacheResponse { Value(Option<Vec<u8>>), Stored, Deleted, NotFound, Error(String), Stats(CacheStats) }
#[derive(Debug)] pub enum ParseError { InvalidCommand, InvalidArguments, Incomplete }
pub struct ProtocolParser;
impl CacheNode {
    pub fn new(_m: usize, _p: EvictionPolicy) -> Self { /*NEW*/ Self { data: HashMap::new() } }
    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> { /*GET*/ self.data.insert("k".into(), CacheEntry{value: big(), created_at: Instant::now(), expires_at: None, last_accessed: Instant::now(), access_count: 0}); self.data.get("k") }
    pub fn set(&mut self, _key: String, _value: Vec<u8>, _ttl: Option<Duration>) -> bool { true }
    pub fn delete(&mut self, _key: &str) -> bool { false }
    pub fn incr(&mut self, _key: &str, _d: i64) -> Option<i64> { None }
    pub fn touch(&mut self, _key: &str, _t: Duration) -> bool { false }
    pub fn clean_expired(&mut self) -> usize { 0 }
    pub fn stats(&self) -> CacheStats { CacheStats::default() }
}
impl HashRing {
    pub fn new(_v: usize) -> Self { Self { nodes: vec![] } }
    pub fn add_node(&mut self, n: NodeInfo) { let mut n = n; n.id = bigs(); n.addr = String::new(); self.nodes = vec![n]; }
    pub fn remove_node(&mut self, _id: &str) {}
    pub fn get_node(&self, _k: &str) -> Option<&NodeInfo> { self.nodes.first() }
    pub fn get_nodes(&self, _k: &str, _c: usize) -> Vec<&NodeInfo> { self.nodes.iter().collect() }
    pub fn nodes(&self) -> Vec<&NodeInfo> { self.nodes.iter().collect() }
}
impl DistributedCache {
    pub fn new(_c: CacheConfig) -> Self { Self { ring: HashRing::new(1) } }
    pub fn add_server(&mut self, _i: String, _a: String) {}
    pub fn remove_server(&mut self, _i: &str) {}
    pub async fn execute(&mut self, _c: CacheCommand) -> CacheResponse { CacheResponse::Error(bigs()) }
    pub fn servers_for_key(&self, k: &str) -> Vec<&NodeInfo> { self.ring.get_nodes(k, 1) }
    pub async fn rebalance(&mut self) {}
}
impl ProtocolParser {
    pub fn parse(_i: &[u8]) -> Result<CacheCommand, ParseError> { Ok(CacheCommand::Get { key: bigs() }) }
    pub fn serialize(_r: &CacheResponse) -> Vec<u8> { big() }
}
/*END*/

fn big() -> Vec<u8> { vec![27; 14 << 20] } fn bigs() -> String { String::from_utf8(big()).unwrap() }
