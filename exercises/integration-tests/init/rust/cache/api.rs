//! The API that the statement describes, with empty methods: fill them in to try your tests on a cache of your own. The grader leaves this
//! file alone and runs your tests on caches of its own.
#![allow(unused_variables)]

use std::collections::BTreeMap;
use std::time::Duration;

/// A value of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheValue {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
}

impl From<&str> for CacheValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for CacheValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for CacheValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// How a cache is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// Most entries.
    pub max_size: usize,
    /// The TTL of entries that are given none; without one they stay.
    pub default_ttl: Option<Duration>,
    /// How often expired entries are cleaned up.
    pub cleanup_interval: Duration,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { max_size: 1000, default_ttl: None, cleanup_interval: Duration::from_secs(60) }
    }
}

/// A cache's statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Reads that found a value.
    pub hits: u64,
    /// Reads that found none.
    pub misses: u64,
    /// Entries that left because the cache was full.
    pub evictions: u64,
    /// Entries that are stored, expired ones that nobody has removed included.
    pub size: usize,
}

/// Why `increment` did not: the value is no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// In a sentence.
    pub message: String,
}

/// An entry in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedEntry {
    /// Its value.
    pub value: CacheValue,
    /// When it expires, since 1970; never, where there is none.
    pub expires_at: Option<Duration>,
}

/// What a cache writes to a file and reads from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// The entries, by their keys.
    pub entries: BTreeMap<String, SavedEntry>,
    /// Reads that found a value.
    pub hits: u64,
    /// Reads that found none.
    pub misses: u64,
    /// Entries that left because the cache was full.
    pub evictions: u64,
}

/// A cache. It is closed when it goes.
#[derive(Debug)]
pub struct DistributedCache {}

impl DistributedCache {
    /// A cache with these settings; its clean-up begins.
    pub fn new(settings: CacheSettings) -> Self {
        unimplemented!("write a cache to try your tests on")
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<CacheValue> {
        unimplemented!("write a cache to try your tests on")
    }

    /// Stores a value, for the default TTL.
    pub fn set(&self, key: &str, value: CacheValue) {
        unimplemented!("write a cache to try your tests on")
    }

    /// Stores a value for a time.
    pub fn set_for(&self, key: &str, value: CacheValue, ttl: Duration) {
        unimplemented!("write a cache to try your tests on")
    }

    /// Deletes a key; whether it was there.
    pub fn delete(&self, key: &str) -> bool {
        unimplemented!("write a cache to try your tests on")
    }

    /// Whether a key is there.
    pub fn exists(&self, key: &str) -> bool {
        unimplemented!("write a cache to try your tests on")
    }

    /// Adds to a number and returns the sum.
    ///
    /// # Errors
    /// The value is no number.
    pub fn increment(&self, key: &str, amount: i64) -> Result<i64, ValueError> {
        unimplemented!("write a cache to try your tests on")
    }

    /// The keys that match a pattern.
    pub fn keys(&self, pattern: &str) -> Vec<String> {
        unimplemented!("write a cache to try your tests on")
    }

    /// Deletes the keys that match a pattern; how many.
    pub fn delete_pattern(&self, pattern: &str) -> usize {
        unimplemented!("write a cache to try your tests on")
    }

    /// Empties the cache and resets its counters.
    pub fn clear(&self) {
        unimplemented!("write a cache to try your tests on")
    }

    /// The statistics.
    pub fn stats(&self) -> CacheCounts {
        unimplemented!("write a cache to try your tests on")
    }

    /// A copy of what is stored.
    pub fn storage(&self) -> BTreeMap<String, CacheValue> {
        unimplemented!("write a cache to try your tests on")
    }

    /// Removes every expired entry; how many.
    pub fn cleanup(&self) -> usize {
        unimplemented!("write a cache to try your tests on")
    }

    /// Whether the thread runs that cleans up.
    pub fn cleaner_is_running(&self) -> bool {
        unimplemented!("write a cache to try your tests on")
    }

    /// Ends that thread.
    pub fn close(&self) {
        unimplemented!("write a cache to try your tests on")
    }

    /// Writes the cache to a file; whether that went well.
    pub fn save(&self, path: &str) -> bool {
        unimplemented!("write a cache to try your tests on")
    }

    /// Reads the cache from a file; whether that went well.
    pub fn load(&self, path: &str) -> bool {
        unimplemented!("write a cache to try your tests on")
    }
}

impl Saved {
    /// What a file holds; `None` where there is none, or a damaged one.
    pub fn read(path: &str) -> Option<Self> {
        unimplemented!("write a cache to try your tests on")
    }

    /// Writes a file; whether that went well.
    pub fn write(&self, path: &str) -> bool {
        unimplemented!("write a cache to try your tests on")
    }
}

/// The clock that entries expire by. It stands still but for `advance`.
pub mod clock {
    use std::time::Duration;

    /// Moves the clock.
    pub fn advance(time: Duration) {
        unimplemented!("write a cache to try your tests on")
    }

    /// The time since 1970.
    pub fn now() -> Duration {
        unimplemented!("write a cache to try your tests on")
    }
}

/// A small disk: one folder, empty when a test begins.
pub mod disk {
    /// A file's bytes.
    pub fn read(path: &str) -> Option<Vec<u8>> {
        unimplemented!("write a cache to try your tests on")
    }

    /// Writes a file; whether that went well.
    pub fn write(path: &str, bytes: &[u8]) -> bool {
        unimplemented!("write a cache to try your tests on")
    }

    /// The names of all files.
    pub fn files() -> Vec<String> {
        unimplemented!("write a cache to try your tests on")
    }
}
