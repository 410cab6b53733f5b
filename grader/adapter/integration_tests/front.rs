//! The crate `distributed_cache` as a learner's tests see it: each call crosses to whichever cache is tried.

mod types;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use types::{Answer, CacheCall};
pub use types::{CacheCounts, CacheSettings, CacheValue, Saved, SavedEntry, ValueError};

#[link(wasm_import_module = "between")]
unsafe extern "C" {
    safe fn ask(place: *const u8, len: usize) -> usize;
    safe fn take(place: *mut u8);
    safe fn file(place: *const u8, len: usize) -> i32;
    safe fn move_clock(nanoseconds: u64);
}

fn taken(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    take(bytes.as_mut_ptr());
    bytes
}

/// A cache. It is closed when it goes.
#[derive(Debug)]
pub struct DistributedCache {
    number: u32,
}

static CACHES: AtomicU32 = AtomicU32::new(0);

const STRANGE: &str = "the cache answers another question";

impl DistributedCache {
    /// A cache with these settings; its clean-up begins.
    pub fn new(settings: CacheSettings) -> Self {
        let cache = Self { number: CACHES.fetch_add(1, Ordering::Relaxed) };
        cache.call(&CacheCall::New(settings));
        cache
    }

    fn call(&self, call: &CacheCall) -> Answer {
        let request = call.to_bytes(self.number);
        let answer = taken(ask(request.as_ptr(), request.len()));
        Answer::from_bytes(&answer).expect(STRANGE)
    }

    fn flag(&self, call: &CacheCall) -> bool {
        let Answer::Flag(flag) = self.call(call) else { panic!("{STRANGE}") };
        flag
    }

    fn count(&self, call: &CacheCall) -> usize {
        let Answer::Count(count) = self.call(call) else { panic!("{STRANGE}") };
        usize::try_from(count).expect(STRANGE)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<CacheValue> {
        let Answer::Value(value) = self.call(&CacheCall::Get(key.to_owned())) else { panic!("{STRANGE}") };
        value
    }

    /// Stores a value, for the default TTL.
    pub fn set(&self, key: &str, value: CacheValue) {
        self.call(&CacheCall::Set(key.to_owned(), value, None));
    }

    /// Stores a value for a time.
    pub fn set_for(&self, key: &str, value: CacheValue, ttl: Duration) {
        self.call(&CacheCall::Set(key.to_owned(), value, Some(ttl)));
    }

    /// Deletes a key; whether it was there.
    pub fn delete(&self, key: &str) -> bool {
        self.flag(&CacheCall::Delete(key.to_owned()))
    }

    /// Whether a key is there.
    pub fn exists(&self, key: &str) -> bool {
        self.flag(&CacheCall::Exists(key.to_owned()))
    }

    /// Adds to a number and returns the sum.
    ///
    /// # Errors
    /// The value is no number.
    pub fn increment(&self, key: &str, amount: i64) -> Result<i64, ValueError> {
        let Answer::Sum(sum) = self.call(&CacheCall::Increment(key.to_owned(), amount)) else { panic!("{STRANGE}") };
        sum
    }

    /// The keys that match a pattern.
    pub fn keys(&self, pattern: &str) -> Vec<String> {
        let Answer::Keys(keys) = self.call(&CacheCall::Keys(pattern.to_owned())) else { panic!("{STRANGE}") };
        keys
    }

    /// Deletes the keys that match a pattern; how many.
    pub fn delete_pattern(&self, pattern: &str) -> usize {
        self.count(&CacheCall::DeletePattern(pattern.to_owned()))
    }

    /// Empties the cache and resets its counters.
    pub fn clear(&self) {
        self.call(&CacheCall::Clear);
    }

    /// The statistics.
    pub fn stats(&self) -> CacheCounts {
        let Answer::Stats(stats) = self.call(&CacheCall::Stats) else { panic!("{STRANGE}") };
        stats
    }

    /// A copy of what is stored.
    pub fn storage(&self) -> BTreeMap<String, CacheValue> {
        let Answer::Storage(storage) = self.call(&CacheCall::Storage) else { panic!("{STRANGE}") };
        storage
    }

    /// Removes every expired entry; how many.
    pub fn cleanup(&self) -> usize {
        self.count(&CacheCall::Cleanup)
    }

    /// Whether the thread runs that cleans up.
    pub fn cleaner_is_running(&self) -> bool {
        self.flag(&CacheCall::CleanerIsRunning)
    }

    /// Ends that thread.
    pub fn close(&self) {
        self.call(&CacheCall::Close);
    }

    /// Writes the cache to a file; whether that went well.
    pub fn save(&self, path: &str) -> bool {
        self.flag(&CacheCall::Save(path.to_owned()))
    }

    /// Reads the cache from a file; whether that went well.
    pub fn load(&self, path: &str) -> bool {
        self.flag(&CacheCall::Load(path.to_owned()))
    }
}

impl Drop for DistributedCache {
    fn drop(&mut self) {
        self.call(&CacheCall::Drop);
    }
}

impl Saved {
    /// What a file holds; `None` where there is none, or a damaged one.
    pub fn read(path: &str) -> Option<Self> {
        Self::from_bytes(&disk::read(path)?)
    }

    /// Writes a file; whether that went well.
    pub fn write(&self, path: &str) -> bool {
        disk::write(path, &self.to_bytes())
    }
}

/// The clock that entries expire by. It stands still but for `advance`.
pub mod clock {
    use std::time::Duration;

    /// Moves the clock.
    pub fn advance(time: Duration) {
        super::move_clock(u64::try_from(time.as_nanos()).expect("not more than 500 years"));
    }

    /// The time since 1970.
    pub fn now() -> Duration {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is later than 1970")
    }
}

/// A small disk: one folder, of which a test finds nothing that it has not written.
pub mod disk {
    use super::types::file_request;

    fn asked(what: u8, path: &str, data: &[u8]) -> Option<Vec<u8>> {
        let request = file_request(what, path, data);
        usize::try_from(super::file(request.as_ptr(), request.len())).ok().map(super::taken)
    }

    /// A file's bytes.
    pub fn read(path: &str) -> Option<Vec<u8>> {
        asked(b'r', path, &[])
    }

    /// Writes a file; whether that went well.
    pub fn write(path: &str, bytes: &[u8]) -> bool {
        asked(b'w', path, bytes).is_some()
    }

    /// The names of all files.
    pub fn files() -> Vec<String> {
        let names = asked(b'l', "", &[]).unwrap_or_default();
        String::from_utf8_lossy(&names).lines().map(str::to_owned).collect()
    }
}
