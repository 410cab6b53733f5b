use crate::list::List;
use std::collections::HashMap;
use std::time::{Duration, Instant};

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

const OVERHEAD: usize = 4;

struct Stored {
    entry: CacheEntry,
    link: usize,
}

pub struct CacheNode {
    stored: HashMap<String, Stored>,
    order: List,
    capacity: usize,
    policy: EvictionPolicy,
    stats: CacheStats,
}

fn cost(key: &str, value: &[u8]) -> usize {
    key.len() + value.len() + OVERHEAD
}

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        CacheNode {
            stored: HashMap::with_capacity(64),
            order: List::new(),
            capacity: max_memory,
            policy: eviction_policy,
            stats: CacheStats::default(),
        }
    }

    fn forget(&mut self, key: &str) -> Option<CacheEntry> {
        let stored = self.stored.remove(key)?;
        self.order.unlink(stored.link);
        self.stats.bytes_stored -= cost(key, &stored.entry.value);
        self.stats.entry_count -= 1;
        Some(stored.entry)
    }

    fn live(&mut self, key: &str) -> bool {
        let now = Instant::now();
        match self.stored.get(key).map(|s| s.entry.expires_at) {
            None => false,
            Some(Some(deadline)) if deadline <= now => {
                self.forget(key);
                self.stats.expired += 1;
                false
            }
            Some(_) => true,
        }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.stats.hits += 1;
        if !self.live(key) {
            return None;
        }
        let stored = self.stored.get_mut(key).unwrap();
        if !matches!(self.policy, EvictionPolicy::FIFO) {
            let key = self.order.unlink(stored.link);
            stored.link = self.order.push_back(&key);
        }
        stored.entry.access_count += 1;
        stored.entry.last_accessed = Instant::now();
        Some(&stored.entry)
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let now = Instant::now();
        self.forget(&key);
        let entry =
            CacheEntry { value, created_at: now, expires_at: ttl.map(|t| now + t), last_accessed: now, access_count: 1 };
        self.stats.bytes_stored += cost(&key, &entry.value);
        self.stats.entry_count += 1;
        let link = self.order.push_back(&key);
        self.stored.insert(key.clone(), Stored { entry, link });
        self.maybe_evict();
        self.stored.contains_key(&key)
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.live(key) && self.forget(key).is_some()
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        if !self.live(key) {
            return None;
        }
        let stored = self.stored.get_mut(key)?;
        let sum = std::str::from_utf8(&stored.entry.value).ok()?.parse::<i64>().ok()? + delta;
        let digits = sum.to_string().into_bytes();
        self.stats.bytes_stored = self.stats.bytes_stored + digits.len() - stored.entry.value.len();
        stored.entry.value = digits;
        self.maybe_evict();
        Some(sum)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        if !self.live(key) {
            return false;
        }
        self.stored.get_mut(key).unwrap().entry.expires_at = Instant::now().checked_add(ttl);
        true
    }

    fn maybe_evict(&mut self) {
        while self.stats.bytes_stored > self.capacity && self.evict_one().is_some() {}
    }

    fn evict_one(&mut self) -> Option<String> {
        let entry = |key: &str| &self.stored[key].entry;
        let victim = match self.policy {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => self.order.iter().next(),
            EvictionPolicy::LFU => self.order.iter().min_by_key(|key| entry(key).access_count),
            EvictionPolicy::TTL => {
                let horizon = Instant::now() + Duration::from_secs(1 << 32);
                self.order.iter().min_by_key(|key| entry(key).expires_at.unwrap_or(horizon))
            }
        }?
        .to_string();
        self.forget(&victim);
        self.stats.evictions += 1;
        Some(victim)
    }

    pub fn clean_expired(&mut self) -> usize {
        let keys: Vec<String> = self.stored.keys().cloned().collect();
        keys.iter().filter(|key| !self.live(key)).count()
    }

    pub fn stats(&self) -> CacheStats {
        self.stats.clone()
    }
}
