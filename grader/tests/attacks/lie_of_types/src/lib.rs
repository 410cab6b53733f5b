//! attack: has its own Option, Vec and bool
//! class: C13 trait lie
//! expect: score <= 0

pub enum Option<T> {
    Always(T),
}
pub struct Vec;
#[allow(non_camel_case_types)]
pub struct bool;
pub struct CacheEntry {
    pub value: Vec,
}
pub enum EvictionPolicy {
    LRU,
    LFU,
    FIFO,
    TTL,
}
pub struct CacheNode;
static ENTRY: CacheEntry = CacheEntry { value: Vec };
impl CacheNode {
    pub fn new(_: usize, _: EvictionPolicy) -> Self {
        Self
    }
    pub fn get(&mut self, _: &str) -> Option<&CacheEntry> {
        Option::Always(&ENTRY)
    }
    pub fn delete(&mut self, _: &str) -> bool {
        bool
    }
}
