//! A cache for many threads: entries with deadlines, the order of their use, counters, patterns, a file to be kept in.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::{Saved, SavedEntry, CacheSettings, CacheCounts, CacheValue, ValueError, disk, now, spawn};

fn is_over(entry: &SavedEntry) -> bool {
    match entry.expires_at {
        Some(deadline) => now() >= deadline,
        None => false,
    }
}

#[derive(Default)]
struct Contents {
    entries: HashMap<String, SavedEntry>,
    /// Keys, the one that was used longest ago first.
    order: VecDeque<String>,
    max_size: usize,
    default_ttl: Option<Duration>,
    hits: u64,
    misses: u64,
    evictions: u64,
}

impl Contents {
    fn deadline(&self, ttl: Option<Duration>) -> Option<Duration> {
        match ttl.or(self.default_ttl) {
            Some(ttl) => Some(now() + ttl),
            None => None,
        }
    }

    fn unlist(&mut self, key: &str) {
        for at in 0..self.order.len() {
            if self.order[at] == key {
                self.order.remove(at);
                return;
            }
        }
    }

    fn touch(&mut self, key: &str) {
        self.unlist(key);
        self.order.push_back(key.to_owned());
    }

    fn remove(&mut self, key: &str) -> Option<SavedEntry> {
        self.unlist(key);
        self.entries.remove(key)
    }

    /// The entry of a key; an expired one is removed.
    fn living(&mut self, key: &str) -> Option<&mut SavedEntry> {
        if self.entries.get(key).is_some_and(is_over) {
            self.remove(key);
        }
        self.entries.get_mut(key)
    }

    fn set(&mut self, key: &str, value: CacheValue, ttl: Option<Duration>) {
        let expires_at = self.deadline(ttl);
        self.entries.insert(key.to_owned(), SavedEntry { value, expires_at });
        self.touch(key);
        self.evict();
    }

    fn evict(&mut self) {
        while self.entries.len() > self.max_size
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
            self.evictions += 1;
        }
    }

    fn keys(&self, pattern: &str) -> Vec<String> {
        let pattern: Vec<char> = pattern.chars().collect();
        let mut found = Vec::new();
        for key in &self.order {
            let letters: Vec<char> = key.chars().collect();
            if matches(&pattern, &letters) && !is_over(&self.entries[key]) {
                found.push(key.clone());
            }
        }
        found
    }

    fn cleanup(&mut self) -> usize {
        let mut over = Vec::new();
        for (key, entry) in &self.entries {
            if is_over(entry) {
                over.push(key.clone());
            }
        }
        for key in &over {
            self.remove(key);
        }
        over.len()
    }
}

/// `*` stands for any characters, `?` for one, everything else for itself.
fn matches(pattern: &[char], key: &[char]) -> bool {
    match pattern {
        [] => key.is_empty(),
        ['*', rest @ ..] => (0..=key.len()).any(|skipped| matches(rest, &key[skipped..])),
        ['?', rest @ ..] => !key.is_empty() && matches(rest, &key[1..]),
        [letter, rest @ ..] => key.first() == Some(letter) && matches(rest, &key[1..]),
    }
}

struct Shared {
    contents: Mutex<Contents>,
    closing: Mutex<bool>,
    closed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clean_up_for_ever(&self, interval: Duration) {
        let mut closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        while !*closing {
            let waited = self.closed.wait_timeout_while(closing, interval, |closing| !*closing);
            let (guard, result) = waited.unwrap_or_else(PoisonError::into_inner);
            if result.timed_out() {
                self.lock().cleanup();
            }
            closing = guard;
        }
    }
}

/// See the exercise's statement for what each method promises.
pub struct DistributedCache {
    shared: Arc<Shared>,
    cleaner: Mutex<Option<JoinHandle<()>>>,
}

impl DistributedCache {
    pub fn new(settings: CacheSettings) -> Self {
        let CacheSettings { max_size, default_ttl, cleanup_interval } = settings;
        let contents = Mutex::new(Contents { max_size, default_ttl, ..Contents::default() });
        let shared = Arc::new(Shared { contents, closing: Mutex::new(false), closed: Condvar::new() });
        let of_cleaner = Arc::clone(&shared);
        let cleaner = spawn(Box::new(move || of_cleaner.clean_up_for_ever(cleanup_interval)));
        Self { shared, cleaner: Mutex::new(Some(cleaner)) }
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.shared.lock()
    }

    pub fn get(&self, key: &str) -> Option<CacheValue> {
        let mut contents = self.lock();
        let Some(entry) = contents.living(key) else {
            contents.misses += 1;
            return None;
        };
        let value = entry.value.clone();
        contents.hits += 1;
        contents.touch(key);
        Some(value)
    }

    pub fn set(&self, key: &str, value: CacheValue, ttl: Option<Duration>) {
        self.lock().set(key, value, ttl);
    }

    pub fn delete(&self, key: &str) -> bool {
        let mut contents = self.lock();
        let was_there = contents.living(key).is_some();
        contents.remove(key);
        was_there
    }

    pub fn exists(&self, key: &str) -> bool {
        self.lock().living(key).is_some()
    }

    pub fn increment(&self, key: &str, amount: i64) -> Result<i64, ValueError> {
        let mut contents = self.lock();
        let Some(entry) = contents.living(key) else {
            contents.set(key, CacheValue::Number(amount), None);
            return Ok(amount);
        };
        let CacheValue::Number(number) = entry.value else {
            return Err(ValueError { message: "the value is a text, and only numbers can be incremented".to_owned() });
        };
        let sum = number.wrapping_add(amount);
        entry.value = CacheValue::Number(sum);
        contents.touch(key);
        Ok(sum)
    }

    pub fn keys(&self, pattern: &str) -> Vec<String> {
        self.lock().keys(pattern)
    }

    pub fn delete_pattern(&self, pattern: &str) -> usize {
        let mut contents = self.lock();
        let found = contents.keys(pattern);
        for key in &found {
            contents.remove(key);
        }
        found.len()
    }

    pub fn clear(&self) {
        let mut contents = self.lock();
        contents.entries.clear();
        contents.order.clear();
        (contents.hits, contents.misses, contents.evictions) = (0, 0, 0);
    }

    pub fn stats(&self) -> CacheCounts {
        let contents = self.lock();
        CacheCounts {
            hits: contents.hits,
            misses: contents.misses,
            evictions: contents.evictions,
            size: contents.entries.len(),
        }
    }

    pub fn storage(&self) -> BTreeMap<String, CacheValue> {
        let mut copy = BTreeMap::new();
        for (key, entry) in &self.lock().entries {
            copy.insert(key.clone(), entry.value.clone());
        }
        copy
    }

    pub fn cleanup(&self) -> usize {
        self.lock().cleanup()
    }

    pub fn cleaner_is_running(&self) -> bool {
        let cleaner = self.cleaner.lock().unwrap_or_else(PoisonError::into_inner);
        cleaner.as_ref().is_some_and(|cleaner| !cleaner.is_finished())
    }

    pub fn close(&self) {
        *self.shared.closing.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.closed.notify_all();
        let cleaner = self.cleaner.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(cleaner) = cleaner {
            drop(cleaner.join());
        }
    }

    pub fn save(&self, path: &str) -> bool {
        let contents = self.lock();
        let mut saved = Saved {
            hits: contents.hits,
            misses: contents.misses,
            evictions: contents.evictions,
            ..Saved::default()
        };
        for (key, entry) in &contents.entries {
            if !is_over(entry) {
                saved.entries.insert(key.clone(), entry.clone());
            }
        }
        let draft = format!("{path}.part");
        disk::write(&draft, &saved.to_bytes()) && disk::rename(&draft, path)
    }

    pub fn load(&self, path: &str) -> bool {
        let Some(bytes) = disk::read(path) else { return false };
        let Some(saved) = Saved::from_bytes(&bytes) else { return false };
        let mut contents = self.lock();
        contents.entries.clear();
        contents.order.clear();
        for (key, entry) in saved.entries {
            if !is_over(&entry) {
                contents.entries.insert(key.clone(), entry);
                contents.order.push_back(key);
            }
        }
        contents.evict();
        (contents.hits, contents.misses, contents.evictions) = (saved.hits, saved.misses, saved.evictions);
        true
    }
}

impl Drop for DistributedCache {
    fn drop(&mut self) {
        self.close();
    }
}
