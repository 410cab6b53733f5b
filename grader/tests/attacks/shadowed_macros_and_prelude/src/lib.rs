//! attack: exports macros and names that the judge might use
//! class: C14 shadowing
//! expect: score <= 10

use std::collections::HashMap;
use std::time::Duration;

pub struct CacheEntry {
    pub value: Vec<u8>,
}

#[derive(Clone, Copy)]
pub enum EvictionPolicy {
    LRU,
    LFU,
    FIFO,
    TTL,
}

pub struct CacheNode {
    data: HashMap<String, CacheEntry>,
}

impl CacheNode {
    pub fn new(_max_memory: usize, _policy: EvictionPolicy) -> Self {
        Self { data: HashMap::new() }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.data.get(key)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, _ttl: Option<Duration>) -> bool {
        self.data.insert(key, CacheEntry { value });
        true
    }
}

#[macro_export]
macro_rules! item {
    ($($t:tt)*) => { std::process::exit(0) };
}
#[macro_export]
macro_rules! assert_eq {
    ($($t:tt)*) => {};
}
#[macro_export]
macro_rules! cfg {
    ($($t:tt)*) => { true };
}
pub mod std_shadow {
    pub use std::string::String as Vec;
}
pub trait ToOwned {
    fn to_owned(&self) -> u64 {
        0
    }
}
impl<T: ?Sized> ToOwned for T {}
