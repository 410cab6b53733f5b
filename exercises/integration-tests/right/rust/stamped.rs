//! The same cache, built otherwise: one list in the order of use, atomic counters, a channel that ends the clean-up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::{Saved, SavedEntry, CacheSettings, CacheCounts, CacheValue, ValueError, disk, now};

#[derive(Clone)]
struct Item {
    key: String,
    value: CacheValue,
    until: Option<Duration>,
}

impl Item {
    fn lives(&self) -> bool {
        match self.until {
            Some(until) => now() < until,
            None => true,
        }
    }
}

/// Items, the most recent last.
type Items = Arc<RwLock<Vec<Item>>>;

fn purge(items: &Items) -> usize {
    let mut items = items.write().expect("nobody panics with it");
    let before = items.len();
    items.retain(Item::lives);
    before - items.len()
}

fn place(items: &[Item], key: &str) -> Option<usize> {
    items.iter().position(|item| item.key == key)
}

/// The place of a living item; an expired one is taken out.
fn living(items: &mut Vec<Item>, key: &str) -> Option<usize> {
    let at = place(items, key)?;
    if items[at].lives() {
        return Some(at);
    }
    items.remove(at);
    None
}

fn to_the_end(items: &mut Vec<Item>, at: usize) -> &mut Item {
    let item = items.remove(at);
    items.push(item);
    items.last_mut().expect("it was just pushed")
}

fn glob(pattern: &str, key: &str) -> bool {
    let key: Vec<char> = key.chars().collect();
    // The lengths of the beginnings of the key that the pattern so far matches.
    let mut ends = vec![false; key.len() + 1];
    ends[0] = true;
    for letter in pattern.chars() {
        let mut next = vec![false; key.len() + 1];
        for at in 0..=key.len() {
            next[at] = match letter {
                '*' => ends[at] || at > 0 && next[at - 1],
                '?' => at > 0 && ends[at - 1],
                other => at > 0 && ends[at - 1] && key[at - 1] == other,
            };
        }
        ends = next;
    }
    ends[key.len()]
}

/// See the exercise's statement for what each method promises.
pub struct DistributedCache {
    limit: usize,
    ttl: Option<Duration>,
    items: Items,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    ending: Sender<()>,
    worker: RwLock<Option<JoinHandle<()>>>,
}

impl DistributedCache {
    pub fn new(settings: CacheSettings) -> Self {
        let items = Items::default();
        let (ending, ended) = mpsc::channel();
        let of_worker = Arc::clone(&items);
        let worker = thread::spawn(move || {
            while ended.recv_timeout(settings.cleanup_interval) == Err(RecvTimeoutError::Timeout) {
                purge(&of_worker);
            }
        });
        let counter = AtomicU64::default;
        Self {
            limit: settings.max_size,
            ttl: settings.default_ttl,
            items,
            hits: counter(),
            misses: counter(),
            evictions: counter(),
            ending,
            worker: RwLock::new(Some(worker)),
        }
    }

    fn put(&self, items: &mut Vec<Item>, key: &str, value: CacheValue, ttl: Option<Duration>) {
        if let Some(at) = place(items, key) {
            items.remove(at);
        }
        while !items.is_empty() && items.len() >= self.limit {
            items.remove(0);
            self.evictions.fetch_add(1, SeqCst);
        }
        let until = ttl.or(self.ttl).map(|ttl| now() + ttl);
        items.push(Item { key: key.to_owned(), value, until });
    }

    pub fn get(&self, key: &str) -> Option<CacheValue> {
        let mut items = self.items.write().expect("nobody panics with it");
        let found = living(&mut items, key).map(|at| to_the_end(&mut items, at).value.clone());
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, SeqCst);
        found
    }

    pub fn set(&self, key: &str, value: CacheValue, ttl: Option<Duration>) {
        let mut items = self.items.write().expect("nobody panics with it");
        self.put(&mut items, key, value, ttl);
    }

    pub fn delete(&self, key: &str) -> bool {
        let mut items = self.items.write().expect("nobody panics with it");
        living(&mut items, key).map(|at| items.remove(at)).is_some()
    }

    pub fn exists(&self, key: &str) -> bool {
        let mut items = self.items.write().expect("nobody panics with it");
        living(&mut items, key).is_some()
    }

    pub fn increment(&self, key: &str, amount: i64) -> Result<i64, ValueError> {
        let mut items = self.items.write().expect("nobody panics with it");
        match living(&mut items, key) {
            None => {
                self.put(&mut items, key, amount.into(), None);
                Ok(amount)
            }
            Some(at) => match items[at].value {
                CacheValue::Text(_) => Err(ValueError { message: format!("a text stands there, no number to add {amount} to") }),
                CacheValue::Number(number) => {
                    let sum = number.wrapping_add(amount);
                    to_the_end(&mut items, at).value = sum.into();
                    Ok(sum)
                }
            },
        }
    }

    pub fn keys(&self, pattern: &str) -> Vec<String> {
        let items = self.items.read().expect("nobody panics with it");
        let found = items.iter().rev().filter(|item| item.lives() && glob(pattern, &item.key));
        found.map(|item| item.key.clone()).collect()
    }

    pub fn delete_pattern(&self, pattern: &str) -> usize {
        let mut items = self.items.write().expect("nobody panics with it");
        let before = items.len();
        items.retain(|item| !item.lives() || !glob(pattern, &item.key));
        before - items.len()
    }

    pub fn clear(&self) {
        let mut items = self.items.write().expect("nobody panics with it");
        items.clear();
        for counter in [&self.hits, &self.misses, &self.evictions] {
            counter.store(0, SeqCst);
        }
    }

    pub fn stats(&self) -> CacheCounts {
        let items = self.items.read().expect("nobody panics with it");
        let [hits, misses, evictions] = [&self.hits, &self.misses, &self.evictions].map(|counter| counter.load(SeqCst));
        CacheCounts { hits, misses, evictions, size: items.len() }
    }

    pub fn storage(&self) -> BTreeMap<String, CacheValue> {
        let items = self.items.read().expect("nobody panics with it");
        items.iter().map(|item| (item.key.clone(), item.value.clone())).collect()
    }

    pub fn cleanup(&self) -> usize {
        purge(&self.items)
    }

    pub fn cleaner_is_running(&self) -> bool {
        self.worker.read().expect("nobody panics with it").is_some()
    }

    pub fn close(&self) {
        let worker = self.worker.write().expect("nobody panics with it").take();
        if let Some(worker) = worker {
            drop(self.ending.send(()));
            drop(worker.join());
        }
    }

    pub fn save(&self, path: &str) -> bool {
        purge(&self.items);
        let items = self.items.read().expect("nobody panics with it");
        let [hits, misses, evictions] = [&self.hits, &self.misses, &self.evictions].map(|counter| counter.load(SeqCst));
        let entries = items
            .iter()
            .map(|item| (item.key.clone(), SavedEntry { value: item.value.clone(), expires_at: item.until }));
        let saved = Saved { entries: entries.collect(), hits, misses, evictions };
        disk::write(path, &saved.to_bytes())
    }

    pub fn load(&self, path: &str) -> bool {
        let Some(bytes) = disk::read(path) else { return false };
        let Some(saved) = Saved::from_bytes(&bytes) else { return false };
        let all = saved.entries.into_iter();
        let all = all.map(|(key, entry)| Item { key, value: entry.value, until: entry.expires_at });
        let mut loaded: Vec<Item> = all.filter(Item::lives).collect();
        loaded.drain(..loaded.len().saturating_sub(self.limit));
        let mut items = self.items.write().expect("nobody panics with it");
        *items = loaded;
        self.hits.store(saved.hits, SeqCst);
        self.misses.store(saved.misses, SeqCst);
        self.evictions.store(saved.evictions, SeqCst);
        true
    }
}

impl Drop for DistributedCache {
    fn drop(&mut self) {
        self.close();
    }
}
